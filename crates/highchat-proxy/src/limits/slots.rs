//! Limits how many connections or streams are open at once, in all and of one visitor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::visitor::Network;

/// A number of slots, and how many of them one visitor may have.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    in_all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    /// Only visitors that have some: never more entries than `in_all`.
    each: HashMap<Network, usize>,
}

/// A slot; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Inner>,
    visitor: Option<Network>,
}

impl Slots {
    pub(crate) fn new(in_all: usize, each: usize) -> Self {
        Self(Arc::new(Inner {
            in_all,
            each,
            taken: Mutex::default(),
        }))
    }

    /// Takes a slot for a visitor, or for nobody in particular; `None` if all are taken.
    pub(crate) fn take(&self, visitor: Option<Network>) -> Option<Slot> {
        let mut taken = self.0.lock();
        if taken.in_all >= self.0.in_all {
            return None;
        }
        if let Some(visitor) = visitor {
            let of_visitor = taken.each.get(&visitor).copied().unwrap_or(0);
            if of_visitor >= self.0.each {
                return None;
            }
            taken.each.insert(visitor, of_visitor + 1);
        }
        taken.in_all += 1;
        drop(taken);
        Some(Slot {
            slots: Arc::clone(&self.0),
            visitor,
        })
    }

    pub(crate) fn taken(&self) -> usize {
        self.0.lock().in_all
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
        taken.in_all -= 1;
        if let Some(visitor) = self.visitor {
            match taken.each.get_mut(&visitor) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(taken.each.remove(&visitor)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

    #[test]
    fn places_are_limited_in_all_and_for_each_and_free_again() {
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
        assert_eq!(slots.0.lock().each.len(), 1);
        assert!(slots.take(None).is_some());
    }
}
