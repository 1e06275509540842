use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::clock::Clock;
use crate::conversation::{Conversation, Page, Rating, Settled};
use crate::look::Look;
use crate::person::Person;
use crate::turn::Turn;

/// How many conversations are kept; the ones begun first are forgotten.
const MAX_CONVERSATIONS: usize = 1000;

/// Every conversation there is, by its id.
pub(crate) struct Conversations {
    clock: Clock,
    person: Person,
    has_numeric_ids: bool,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    by_id: HashMap<String, Conversation>,
    /// The ids, in the order in which they were begun.
    ids: VecDeque<String>,
}

impl Conversations {
    pub(crate) fn new(person: Person) -> Self {
        Self {
            clock: Clock::start(),
            person,
            has_numeric_ids: false,
            shelf: Mutex::default(),
        }
    }

    /// Makes the ids of new conversations strings of digits.
    pub(crate) fn with_numeric_ids(mut self) -> Self {
        self.has_numeric_ids = true;
        self
    }

    /// Begins a conversation; its id.
    pub(crate) fn begin(&self) -> String {
        // Keys are public, so an id is what keeps others out of a conversation.
        let id = match Uuid::new_v4() {
            id if self.has_numeric_ids => id.as_u128().to_string(),
            id => id.to_string(),
        };
        let mut shelf = self.shelf();
        if shelf.ids.len() == MAX_CONVERSATIONS {
            if let Some(oldest) = shelf.ids.pop_front() {
                shelf.by_id.remove(&oldest);
            }
        }
        shelf.ids.push_back(id.clone());
        shelf.by_id.insert(id.clone(), Conversation::new());
        id
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.shelf().by_id.contains_key(id)
    }

    /// How many messages the user sent to it.
    pub(crate) fn turns(&self, id: &str) -> u64 {
        self.shelf().by_id.get(id).map_or(0, Conversation::turns)
    }

    pub(crate) fn is_closed(&self, id: &str) -> bool {
        self.shelf()
            .by_id
            .get(id)
            .is_some_and(Conversation::is_closed)
    }

    /// Takes a user's message; `None` where there is no such conversation, as below.
    pub(crate) fn hear(&self, id: &str, message: &str) -> Option<Turn> {
        let now = self.clock.now();
        let mut shelf = self.shelf();
        let conversation = shelf.by_id.get_mut(id)?;
        Some(conversation.hear(message, &self.person, now))
    }

    /// Ends a turn. A conversation that was forgotten meanwhile is settled like a new
    /// one: its client is still there and reads.
    pub(crate) fn settle(&self, id: &str, turn: &Turn) -> Settled {
        let now = self.clock.now();
        match self.shelf().by_id.get_mut(id) {
            Some(conversation) => conversation.settle(turn, &self.person, now),
            None => Conversation::new().settle(turn, &self.person, now),
        }
    }

    pub(crate) fn page(&self, id: &str, look: &Look) -> Option<Page> {
        let now = self.clock.now();
        let mut shelf = self.shelf();
        let conversation = shelf.by_id.get_mut(id)?;
        Some(conversation.page(look, &self.person, now))
    }

    /// Keeps a rating in place of an earlier one.
    pub(crate) fn rate(&self, id: &str, rating: Rating) -> Option<()> {
        self.shelf().by_id.get_mut(id)?.rate(rating);
        Some(())
    }

    pub(crate) fn rating(&self, id: &str) -> Option<Rating> {
        self.shelf().by_id.get(id)?.rating().cloned()
    }

    /// Every change is whole when a panic could come, so what is there is good.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversations_begun_first_are_forgotten() {
        let conversations = Conversations::new(Person::absent());
        let ids: Vec<String> = (0..=MAX_CONVERSATIONS)
            .map(|_| conversations.begin())
            .collect();

        assert!(!conversations.contains(&ids[0]));
        assert!(ids[1..].iter().all(|id| conversations.contains(id)));
    }
}
