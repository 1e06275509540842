//! A set of message ids.

use alloc::vec::Vec;

use crate::api::MessageId;

/// How many ids are kept apart from the sorted ones, so that an insertion moves few ids.
const MAX_RECENT: usize = 1024;

/// A set of message ids: two sorted lists. A lookup is a search in each. It weighs a tenth of a
/// tree's code, which counts on a page and on a device, and no choice of ids makes it slow.
#[derive(Debug, Default)]
pub(crate) struct MessageIds {
    sorted: Vec<MessageId>,
    /// At most [`MAX_RECENT`] ids that are not in `sorted` yet.
    recent: Vec<MessageId>,
}

impl MessageIds {
    pub(crate) fn contains(&self, id: &MessageId) -> bool {
        self.sorted.binary_search(id).is_ok() || self.recent.binary_search(id).is_ok()
    }

    /// Adds an id. Returns whether it is new.
    pub(crate) fn insert(&mut self, id: &MessageId) -> bool {
        if self.sorted.binary_search(id).is_ok() {
            return false;
        }
        let Err(place) = self.recent.binary_search(id) else {
            return false;
        };
        self.recent.insert(place, id.clone());
        if self.recent.len() > MAX_RECENT {
            self.merge();
        }
        true
    }

    fn merge(&mut self) {
        let mut merged = Vec::with_capacity(self.sorted.len() + self.recent.len());
        let mut recent = core::mem::take(&mut self.recent).into_iter().peekable();
        for id in core::mem::take(&mut self.sorted) {
            while let Some(before) = recent.next_if(|recent| *recent < id) {
                merged.push(before);
            }
            merged.push(id);
        }
        merged.extend(recent);
        self.sorted = merged;
    }

    /// Removes all these ids at once.
    pub(crate) fn remove(&mut self, ids: impl Iterator<Item = MessageId>) {
        let mut removed = Self::default();
        ids.for_each(|id| {
            removed.insert(&id);
        });
        let is_kept = |id: &MessageId| !removed.contains(id);
        self.sorted.retain(is_kept);
        self.recent.retain(is_kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use proptest::prelude::*;

    fn id(number: u16) -> MessageId {
        MessageId::new(format!("հ{number} 👋")).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 24,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn it_has_the_same_ids_as_a_tree(
            steps in prop::collection::vec((0..3000u16, 0..3000u16, any::<bool>()), 1..6),
        ) {
            let (mut ids, mut tree) = (MessageIds::default(), BTreeSet::new());
            for (from, count, inserts) in steps {
                // Not in their order: 7 has no common factor with the number of ids.
                let numbers = (0..count).map(|n| id((from + n * 7) % 5000));
                if inserts {
                    for id in numbers {
                        prop_assert_eq!(ids.insert(&id), tree.insert(id));
                    }
                } else {
                    let removed: Vec<_> = numbers.take(usize::from(count / 3)).collect();
                    removed.iter().for_each(|id| {
                        tree.remove(id);
                    });
                    ids.remove(removed.into_iter());
                }
                for number in 0..5000 {
                    let id = id(number);
                    prop_assert_eq!(ids.contains(&id), tree.contains(&id));
                }
                prop_assert!(ids.recent.len() <= MAX_RECENT);
                prop_assert_eq!(ids.sorted.len() + ids.recent.len(), tree.len());
            }
        }
    }
}
