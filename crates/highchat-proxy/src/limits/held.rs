//! Limits how many bytes of request bodies and unread answers are in memory, in all.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that all visitors together may make the proxy hold: request bodies that are not
/// complete yet, and answers that were not read yet.
#[derive(Debug)]
pub(crate) struct Held {
    free: Arc<Semaphore>,
    limit: usize,
}

/// A number of held bytes. They are given back when this is dropped.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    _permit: OwnedSemaphorePermit,
}

impl Held {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(limit)),
            limit,
        }
    }

    /// Takes `len` bytes. Returns `None` if the limit would be exceeded.
    pub(crate) fn take(&self, len: usize) -> Option<HeldBytes> {
        let len = u32::try_from(len).ok()?;
        let permit = Arc::clone(&self.free).try_acquire_many_owned(len).ok()?;
        Some(HeldBytes { _permit: permit })
    }

    /// How many bytes are held.
    pub(crate) fn taken(&self) -> usize {
        self.limit - self.free.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_never_exceeded_and_bytes_are_given_back() {
        let held = Held::new(100);
        let first = held.take(60).unwrap();
        assert!(held.take(41).is_none());
        let second = held.take(40).unwrap();
        assert!(held.take(1).is_none());
        assert!(held.take(0).is_some());
        assert_eq!(held.taken(), 100);
        drop(first);
        assert!(held.take(60).is_some());
        drop(second);
        assert!(held.take(100).is_some());
        assert!(held.take(usize::MAX).is_none());
    }
}
