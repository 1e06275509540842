//! What can go wrong with an exchange, by what it means for the message.

use core::error::Error;
use core::fmt;
use std::boxed::Box;

use crate::reply::Cut;
use crate::response::ResponseError;

/// Why an exchange with the service gave no whole answer.
///
/// The variants are by what is known of the message, because `POST /v1/chat` cannot be
/// repeated safely: only [`NotSent`](Self::NotSent) means that it was surely not taken,
/// and a [`Refused`](Self::Refused) with 429 that the service turned it away. Whatever
/// else happened, it may have been taken, and must not be sent again by a program.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The service could not be reached; nothing of the request left.
    NotSent(Box<dyn Error + Send + Sync>),
    /// The request was sent, in part or whole, and no answer came: a lost connection,
    /// or [`Config::response_timeout`](crate::config::Config::response_timeout).
    Interrupted(Box<dyn Error + Send + Sync>),
    /// The service answered something else than what was asked for.
    Refused(ResponseError),
    /// The reply began and is not whole.
    Cut(Cut),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => write!(f, "the service could not be reached: {cause}"),
            Self::Interrupted(cause) => write!(f, "no answer came: {cause}"),
            Self::Refused(error) => error.fmt(f),
            Self::Cut(cut) => cut.fmt(f),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotSent(cause) | Self::Interrupted(cause) => Some(&**cause),
            Self::Refused(error) => Some(error),
            Self::Cut(cut) => Some(cut),
        }
    }
}

impl From<ResponseError> for Failure {
    fn from(error: ResponseError) -> Self {
        Self::Refused(error)
    }
}

impl From<Cut> for Failure {
    fn from(cut: Cut) -> Self {
        Self::Cut(cut)
    }
}
