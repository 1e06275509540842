//! Remembers what earlier turns said, for the search of a later one.

use std::collections::HashMap;

use highchat_proto::{ConversationId, Saved};

/// How many conversations are remembered. If there are more, the one whose last message is the
/// oldest is forgotten: a cut reply in it is then not searched for.
const MAX_CONVERSATIONS: usize = 4096;

/// The conversations that began with a message through this proxy.
///
/// A search must know all turns of its conversation. So if two turns of one conversation
/// overlap, it is forgotten, and the proxy no longer searches in it.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    entries: HashMap<ConversationId, Entry>,
    turn_count: u64,
}

/// The number of a turn. It is valid until the entry of the conversation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TurnNumber(u64);

#[derive(Debug)]
struct Entry {
    /// The newest turn.
    turn: TurnNumber,
    /// `None` while a turn is in progress.
    saved: Option<Box<Saved>>,
}

impl Conversations {
    /// Begins a turn in a known conversation. Returns its number, and what is known.
    pub(crate) fn resume(&mut self, id: &ConversationId) -> Option<(TurnNumber, Box<Saved>)> {
        let turn = self.next_turn();
        let Some(saved) = self.entries.get_mut(id)?.saved.take() else {
            // The previous turn is not over. Neither of the two may search now.
            self.entries.remove(id);
            return None;
        };
        self.entries.insert(id.clone(), Entry { turn, saved: None });
        Some((turn, saved))
    }

    /// Begins the first turn of a new conversation. Returns `None` if its id is not new.
    pub(crate) fn begin(&mut self, id: &ConversationId) -> Option<TurnNumber> {
        if self.entries.remove(id).is_some() {
            return None;
        }
        if self.entries.len() >= MAX_CONVERSATIONS {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.turn);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.entries.remove(&oldest);
            }
        }
        let turn = self.next_turn();
        self.entries.insert(id.clone(), Entry { turn, saved: None });
        Some(turn)
    }

    /// Whether no other turn has begun since this one.
    pub(crate) fn is_newest(&self, id: &ConversationId, turn: TurnNumber) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.turn == turn)
    }

    /// Ends a turn. `saved` is what is known now; with `None` the conversation is forgotten.
    pub(crate) fn end(&mut self, id: &ConversationId, turn: TurnNumber, saved: Option<Box<Saved>>) {
        if !self.is_newest(id, turn) {
            return;
        }
        match saved {
            Some(saved) => drop(self.entries.insert(
                id.clone(),
                Entry {
                    turn,
                    saved: Some(saved),
                },
            )),
            None => drop(self.entries.remove(id)),
        }
    }

    const fn next_turn(&mut self) -> TurnNumber {
        self.turn_count += 1;
        TurnNumber(self.turn_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> ConversationId {
        ConversationId::new(format!("զրույց-{number}")).unwrap()
    }

    fn saved(id: &ConversationId) -> Option<Box<Saved>> {
        Some(Box::new(Saved::new(id.clone())))
    }

    #[test]
    fn a_conversation_is_known_after_its_first_turn() {
        let mut conversations = Conversations::default();
        let id = id(1);
        assert!(conversations.resume(&id).is_none());
        let first = conversations.begin(&id).unwrap();
        conversations.end(&id, first, saved(&id));
        let (second, _) = conversations.resume(&id).unwrap();
        assert!(conversations.is_newest(&id, second));
        assert!(!conversations.is_newest(&id, first));
    }

    #[test]
    fn a_conversation_with_two_turns_at_once_is_forgotten() {
        let mut conversations = Conversations::default();
        let id = id(1);
        let first = conversations.begin(&id).unwrap();
        assert!(conversations.resume(&id).is_none());
        assert!(!conversations.is_newest(&id, first));
        conversations.end(&id, first, saved(&id));
        assert!(conversations.resume(&id).is_none());
    }

    #[test]
    fn a_new_conversation_whose_id_is_known_is_forgotten() {
        let mut conversations = Conversations::default();
        let id = id(1);
        let first = conversations.begin(&id).unwrap();
        conversations.end(&id, first, saved(&id));
        assert!(conversations.begin(&id).is_none());
        assert!(conversations.resume(&id).is_none());
    }

    #[test]
    fn if_there_are_too_many_conversations_the_oldest_is_forgotten() {
        let mut conversations = Conversations::default();
        for number in 0..=MAX_CONVERSATIONS {
            let turn = conversations.begin(&id(number)).unwrap();
            conversations.end(&id(number), turn, saved(&id(number)));
        }
        assert_eq!(conversations.entries.len(), MAX_CONVERSATIONS);
        assert!(conversations.resume(&id(0)).is_none());
        assert!(conversations.resume(&id(1)).is_some());
    }
}
