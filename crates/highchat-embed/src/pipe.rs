//! The names of pipes.

use core::fmt;

/// Names a byte pipe to the service: a socket, a TLS session, whatever carries bytes both
/// ways.
///
/// A name is given once, and never again. Inputs for a pipe that is gone are ignored, so
/// that what comes late needs no care.
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
