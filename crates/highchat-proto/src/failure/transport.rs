//! What a driver knows of an exchange that it could not finish.

use super::cause::Cause;
use super::failed::Failure;

/// How a driver failed to get an answer, or the rest of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportFailure {
    /// Nothing of the request left: the service surely did not take it.
    NotSent,
    /// It left, in part or whole, and the connection was lost: the service may have
    /// taken it.
    Interrupted,
    /// The driver gave the exchange up for something that cannot wait: a poll or a rating
    /// is simply done again; for a message it is as [`Interrupted`](Self::Interrupted).
    Withdrawn,
}

/// A [`TransportFailure`] with what is known of its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub(crate) failure: TransportFailure,
    pub(crate) cause: Cause,
}

impl Loss {
    /// A failure, and why.
    #[must_use]
    pub const fn new(failure: TransportFailure, cause: Cause) -> Self {
        Self { failure, cause }
    }
}

impl From<TransportFailure> for Loss {
    fn from(failure: TransportFailure) -> Self {
        Self::new(failure, Cause::default())
    }
}

impl From<&Failure> for Loss {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::NotSent(cause) => Self::new(TransportFailure::NotSent, Cause::of(&**cause)),
            Failure::Interrupted(cause) => {
                Self::new(TransportFailure::Interrupted, Cause::of(&**cause))
            }
            answered => Self::new(TransportFailure::Interrupted, Cause::of(answered)),
        }
    }
}
