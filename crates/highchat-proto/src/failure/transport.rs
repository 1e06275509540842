//! What a driver reports of an exchange that it could not finish.

use alloc::string::ToString;
use core::fmt;

use super::cause::Cause;
use super::failed::Failure;

/// How a driver failed to get an answer, or the rest of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportFailure {
    /// Nothing of the request left: the service surely did not take it.
    NotSent(Cause),
    /// It left, in part or whole, and the connection was lost: the service may have
    /// taken it.
    Interrupted(Cause),
    /// The driver gave the exchange up for something that cannot wait: a poll or a rating
    /// is simply done again; for a message it is as [`Interrupted`](Self::Interrupted).
    Withdrawn,
}

/// For a log, with the cause.
impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => cause.write(f, "not sent"),
            Self::Interrupted(cause) => cause.write(f, "interrupted"),
            Self::Withdrawn => f.write_str("given up"),
        }
    }
}

/// What a client of an adapter found, for a conversation over the same adapter.
impl From<Failure> for TransportFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(cause) => Self::NotSent(cause),
            Failure::Unanswered(cause) => Self::Interrupted(cause),
            answered => Self::Interrupted(Cause::from(&*answered.to_string())),
        }
    }
}
