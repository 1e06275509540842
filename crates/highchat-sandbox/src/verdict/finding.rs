//! A finding of a verdict, and its kinds.

use core::fmt;
use core::time::Duration;

/// What a client did that it should not have; its kind is part of the public contract,
/// its words are for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// When, counted from the start of the sandbox.
    pub at: Duration,
    /// What.
    pub misstep: Misstep,
    /// What exactly, in words.
    pub detail: String,
}

/// What a client should not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misstep {
    /// A message was sent again though it may have been taken.
    SentTwice,
    /// A request was repeated before the time that the service asked for.
    TooSoon,
    /// A poll came too soon after the answer to the one before: after less than 3.5 s, or
    /// 7/8 of [`Builder::poll_interval`](crate::Builder::poll_interval).
    PolledTooFast,
    /// A poll came though the state was `bot` or `closed`.
    PolledAfterEnd,
    /// A redirect was followed.
    FollowedRedirect,
    /// An exchange went on more than 5 s after the reply was over, or was cancelled.
    KeptOpen,
    /// `after` is not, byte for byte, what the service gave.
    ChangedAfter,
    /// A body was not sent as `application/json`.
    WrongContentType,
    /// A key stood in a query.
    KeyInQuery,
    /// A cookie was sent.
    Cookie,
    /// A path or a method was asked for that the API does not have.
    NoSuchEndpoint,
}

impl Misstep {
    /// Everything that is looked for.
    pub const ALL: &'static [Self] = &[
        Self::SentTwice,
        Self::TooSoon,
        Self::PolledTooFast,
        Self::PolledAfterEnd,
        Self::FollowedRedirect,
        Self::KeptOpen,
        Self::ChangedAfter,
        Self::WrongContentType,
        Self::KeyInQuery,
        Self::Cookie,
        Self::NoSuchEndpoint,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SentTwice => "sent-twice",
            Self::TooSoon => "too-soon",
            Self::PolledTooFast => "polled-too-fast",
            Self::PolledAfterEnd => "polled-after-end",
            Self::FollowedRedirect => "followed-redirect",
            Self::KeptOpen => "kept-open",
            Self::ChangedAfter => "changed-after",
            Self::WrongContentType => "wrong-content-type",
            Self::KeyInQuery => "key-in-query",
            Self::Cookie => "cookie",
            Self::NoSuchEndpoint => "no-such-endpoint",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, name) = (self.at.as_secs_f64(), self.misstep.name());
        write!(f, "{name}: {} (at {seconds:.3} s)", self.detail)
    }
}
