//! Why a reply is not whole.

use core::fmt;

use crate::api::InvalidEvent;
use crate::sse::DecodeError;

/// Why a reply was cut: it is not whole, and what came of it is not the whole of it.
///
/// The message was taken, or may have been: it is not to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// The body ended before `done`, `human` or `error`, whatever HTTP says of it.
    Truncated,
    /// The connection was lost.
    Interrupted,
    /// No byte came for [`Config::idle_timeout`](crate::config::Config::idle_timeout).
    Idle,
    /// Nothing but pings came for [`Config::progress_timeout`](crate::config::Config::progress_timeout).
    NoProgress,
    /// An event was longer than [`Config::event_limit`](crate::config::Config::event_limit).
    TooLong,
    /// An event was not what the API's text says.
    InvalidEvent(InvalidEvent),
    /// The program ended while it came, and was started again.
    Restarted,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply is incomplete: ")?;
        match self {
            Self::Truncated => f.write_str("the stream ended before the reply did"),
            Self::Interrupted => f.write_str("the connection was lost"),
            Self::Idle => f.write_str("nothing came any more"),
            Self::NoProgress => f.write_str("nothing came any more but pings"),
            Self::TooLong => DecodeError::TooLong.fmt(f),
            Self::InvalidEvent(invalid) => invalid.fmt(f),
            Self::Restarted => f.write_str("the program ended while the reply came"),
        }
    }
}

impl core::error::Error for Cut {}

impl From<DecodeError> for Cut {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLong => Self::TooLong,
        }
    }
}

impl From<InvalidEvent> for Cut {
    fn from(invalid: InvalidEvent) -> Self {
        Self::InvalidEvent(invalid)
    }
}
