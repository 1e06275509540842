//! Limits how many connections or streams are open at once: for one visitor, and in total.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::visitor::Identity;

/// A limited number of slots, and a limit for one visitor. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    total: usize,
    per_visitor: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    /// Visitors that hold at least one slot, so it has at most `total` entries.
    per_visitor: HashMap<Identity, usize>,
}

/// A slot, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Inner>,
    visitor: Option<Identity>,
}

impl Slots {
    pub(crate) fn new(total: usize, per_visitor: usize) -> Self {
        Self(Arc::new(Inner {
            total,
            per_visitor,
            taken: Mutex::default(),
        }))
    }

    /// Takes a slot. With a visitor, the limit for one visitor applies too. Returns `None` if
    /// a limit is reached.
    pub(crate) fn take(&self, visitor: Option<Identity>) -> Option<Slot> {
        let mut taken = self.0.lock();
        if taken.total >= self.0.total {
            return None;
        }
        if let Some(visitor) = visitor {
            let of_visitor = taken.per_visitor.get(&visitor).copied().unwrap_or(0);
            if of_visitor >= self.0.per_visitor {
                return None;
            }
            taken.per_visitor.insert(visitor, of_visitor + 1);
        }
        taken.total += 1;
        drop(taken);
        Some(Slot {
            slots: Arc::clone(&self.0),
            visitor,
        })
    }

    pub(crate) fn taken(&self) -> usize {
        self.0.lock().total
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.total -= 1;
        if let Some(visitor) = self.visitor {
            match taken.per_visitor.get_mut(&visitor) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(taken.per_visitor.remove(&visitor)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

    #[test]
    fn slots_are_limited_in_total_and_per_visitor_and_are_free_again_after_a_drop() {
        let slots = Slots::new(3, 2);
        let visitor = |number| Some(IpAddr::from(Ipv4Addr::from_bits(number)).into());
        let first = slots.take(visitor(1)).unwrap();
        let _second = slots.take(visitor(1)).unwrap();
        assert!(slots.take(visitor(1)).is_none());
        let third = slots.take(visitor(2)).unwrap();
        assert!(slots.take(visitor(3)).is_none());
        assert!(slots.take(None).is_none());
        drop(first);
        assert_eq!(slots.taken(), 2);
        let _fourth = slots.take(visitor(1)).unwrap();
        drop(third);
        assert_eq!(slots.0.lock().per_visitor.len(), 1);
        assert!(slots.take(None).is_some());
    }
}
