//! The ids of pipes.

use core::fmt;

/// Identifies a byte pipe to the service: a socket, a TLS session, or anything else that
/// carries bytes in both directions.
///
/// Ids are not reused. Late inputs do no harm, because inputs for a pipe that is gone are
/// ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipeId(u64);

impl PipeId {
    pub(crate) const FIRST: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for PipeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
