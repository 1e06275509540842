//! The findings of a verdict, and their kinds.

use core::fmt;
use core::time::Duration;

/// Something that a client did wrong. Its kind is part of the public contract. The text in
/// `detail` is for people and may change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The time of the request, since the start of the sandbox.
    pub at: Duration,
    /// The kind of the finding.
    pub misstep: Misstep,
    /// A description of what happened.
    pub detail: String,
}

/// A kind of finding: something that a client should not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misstep {
    /// A message was sent again although the service may have accepted it.
    SentTwice,
    /// A request was repeated before the time in `Retry-After`.
    TooSoon,
    /// A poll came too soon after the answer to the previous poll: after less than 7/8 of
    /// [`Builder::poll_interval`](crate::Builder::poll_interval), which is 3.5 s by default.
    PolledTooFast,
    /// A poll came although the state was `bot` or `closed`.
    PolledAfterEnd,
    /// A redirect was followed.
    FollowedRedirect,
    /// A connection was kept open for more than 5 s after the end of the reply or after the client
    /// had cancelled it.
    KeptOpen,
    /// `after` is not exactly the text that the service sent.
    ChangedAfter,
    /// The `content-type` of a body is not `application/json`.
    WrongContentType,
    /// A query contains a key.
    KeyInQuery,
    /// A cookie was sent.
    Cookie,
    /// The API does not have the path or the method.
    NoSuchEndpoint,
}

impl Misstep {
    /// All kinds of findings.
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

    /// The name of the kind.
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
