//! All conversations by id, and their changes for the inbox.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::api::rating::Rating;
use crate::bot::turn::Turn;
use crate::clock::{Clock, TimeScale};
use crate::conversation::page_filter::PageFilter;
use crate::conversation::person::Person;
use crate::conversation::{Conversation, IsClosed, Page, TurnOutcome};

/// How many conversations are stored. The oldest are removed.
const MAX_CONVERSATIONS: usize = 1000;

/// All conversations by id.
pub(crate) struct Conversations {
    clock: Clock,
    person: Person,
    has_numeric_ids: bool,
    table: Mutex<Table>,
    /// The revision of the latest change.
    latest: watch::Sender<u64>,
    /// How many live feeds of the inbox are open.
    watchers: AtomicUsize,
}

#[derive(Default)]
struct Table {
    by_id: HashMap<String, Stored>,
    /// The ids, in the order in which the conversations began.
    ids: VecDeque<String>,
    /// Counts the changes to all conversations.
    revision: u64,
    /// The revision at which a conversation was last removed.
    removed_at: u64,
}

struct Stored {
    conversation: Conversation,
    /// The revision of the latest change.
    revision: u64,
}

/// The changes since a revision.
pub(crate) struct Changes<T> {
    pub(crate) conversations: Vec<T>,
    /// Whether these are all conversations. Then conversations that are not here no longer
    /// exist.
    pub(crate) everything: bool,
    /// The newest revision that is included.
    pub(crate) revision: u64,
    pub(crate) ts: Timestamp,
}

impl Conversations {
    pub(crate) fn new(person: Person, scale: TimeScale) -> Self {
        Self {
            clock: Clock::start(scale),
            person,
            has_numeric_ids: false,
            table: Mutex::default(),
            latest: watch::Sender::new(0),
            watchers: AtomicUsize::new(0),
        }
    }

    /// How fast the time of the conversations runs.
    pub(crate) fn scale(&self) -> TimeScale {
        self.clock.scale()
    }

    /// Lets the ids of new conversations be strings of digits.
    pub(crate) fn with_numeric_ids(mut self) -> Self {
        self.has_numeric_ids = true;
        self
    }

    /// Begins a conversation. Returns its id.
    pub(crate) fn begin(&self) -> String {
        // The slug is public, so only a random id protects a conversation.
        let id = match Uuid::new_v4() {
            id if self.has_numeric_ids => id.as_u128().to_string(),
            id => id.to_string(),
        };
        let mut table = self.table();
        if table.ids.len() == MAX_CONVERSATIONS {
            if let Some(oldest) = table.ids.pop_front() {
                table.by_id.remove(&oldest);
                table.removed_at = table.revision + 1;
            }
        }
        table.revision += 1;
        table.ids.push_back(id.clone());
        let stored = Stored {
            conversation: Conversation::new(),
            revision: table.revision,
        };
        table.by_id.insert(id.clone(), stored);
        self.latest.send_replace(table.revision);
        id
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.table().by_id.contains_key(id)
    }

    /// The number of messages from the user in a conversation.
    pub(crate) fn turns(&self, id: &str) -> u64 {
        let table = self.table();
        let stored = table.by_id.get(id);
        stored.map_or(0, |stored| stored.conversation.turns())
    }

    pub(crate) fn is_closed(&self, id: &str) -> bool {
        self.table()
            .by_id
            .get(id)
            .is_some_and(|stored| stored.conversation.is_closed())
    }

    /// Adds a message of the user. Like the methods below, it returns `None` for an unknown
    /// conversation.
    pub(crate) fn receive(
        &self,
        id: &str,
        message: &str,
        visitor_ref: Option<String>,
    ) -> Option<Turn> {
        self.with(id, |conversation, now| {
            if let Some(visitor_ref) = visitor_ref {
                conversation.set_visitor(visitor_ref);
            }
            conversation.receive(message, &self.person, now)
        })
    }

    /// Ends a turn. If the conversation was removed meanwhile, a new one is used instead,
    /// because the client still reads the reply.
    pub(crate) fn settle(&self, id: &str, turn: &Turn) -> TurnOutcome {
        let is_inbox_open = self.watchers.load(Ordering::Relaxed) > 0;
        let settle = |conversation: &mut Conversation, now| {
            conversation.settle(turn, &self.person, is_inbox_open, now)
        };
        self.with(id, settle)
            .unwrap_or_else(|| settle(&mut Conversation::new(), self.clock.now()))
    }

    pub(crate) fn page(&self, id: &str, filter: &PageFilter) -> Option<Page> {
        self.with(id, |conversation, now| {
            conversation.page(filter, &self.person, now)
        })
    }

    /// Stores a rating. It replaces an earlier one.
    pub(crate) fn rate(&self, id: &str, rating: Rating) -> Option<()> {
        self.with(id, |conversation, _| conversation.rate(rating))
    }

    pub(crate) fn rating(&self, id: &str) -> Option<Rating> {
        self.with(id, |conversation, _| conversation.rating().cloned())?
    }

    pub(crate) fn take_over(&self, id: &str) -> Option<Result<(), IsClosed>> {
        self.with(id, |conversation, now| {
            conversation.take_over(&self.person, now)
        })
    }

    pub(crate) fn reply(&self, id: &str, text: String) -> Option<Result<(), IsClosed>> {
        self.with(id, |conversation, now| {
            conversation.reply(text, &self.person, now)
        })
    }

    pub(crate) fn hand_back(&self, id: &str) -> Option<Result<(), IsClosed>> {
        self.with(id, |conversation, now| {
            conversation.hand_back(&self.person, now)
        })
    }

    pub(crate) fn close(&self, id: &str) -> Option<()> {
        self.with(id, |conversation, now| {
            conversation.close(&self.person, now);
        })
    }

    /// Applies `view` to a conversation.
    pub(crate) fn view<T>(&self, id: &str, view: impl FnOnce(&Conversation) -> T) -> Option<T> {
        self.with(id, |conversation, now| {
            conversation.catch_up(&self.person, now);
            view(conversation)
        })
    }

    /// Applies `view` to the conversations that have changed after a revision. `None`: to all.
    ///
    /// It checks every conversation, at most 1000.
    pub(crate) fn changes<T>(
        &self,
        since: Option<u64>,
        view: impl Fn(&str, &Conversation) -> T,
    ) -> Changes<T> {
        let ts = self.clock.now();
        let mut table = self.table();
        let Table {
            by_id, revision, ..
        } = &mut *table;
        for stored in by_id.values_mut() {
            stored.conversation.catch_up(&self.person, ts);
            stored.note(revision);
        }
        let since = since.filter(|&since| table.removed_at <= since);
        self.latest.send_if_modified(|latest| {
            let newer = *latest != table.revision;
            *latest = table.revision;
            newer
        });
        Changes {
            conversations: table
                .by_id
                .iter()
                .filter(|(_, stored)| since.is_none_or(|since| stored.revision > since))
                .map(|(id, stored)| view(id, &stored.conversation))
                .collect(),
            everything: since.is_none(),
            revision: table.revision,
            ts,
        }
    }

    /// Returns a receiver of new revisions. If it is slow, it gets only the latest.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// Records that a feed of the inbox has opened. From now on handoffs go to the inbox.
    pub(crate) fn open_inbox(&self) {
        self.watchers.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a feed of the inbox has closed.
    pub(crate) fn close_inbox(&self) {
        self.watchers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Applies `act` to a conversation, and wakes the feeds of the inbox if it has changed.
    fn with<T>(&self, id: &str, act: impl FnOnce(&mut Conversation, Timestamp) -> T) -> Option<T> {
        let now = self.clock.now();
        let mut table = self.table();
        let Table {
            by_id, revision, ..
        } = &mut *table;
        let stored = by_id.get_mut(id)?;
        let result = act(&mut stored.conversation, now);
        if stored.note(revision) {
            self.latest.send_replace(*revision);
        }
        Some(result)
    }

    /// Locks the table. A panic cannot leave a partial change, so a poisoned lock is usable.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    /// Assigns the next revision if the conversation has changed. Returns whether it has.
    fn note(&mut self, revision: &mut u64) -> bool {
        let changed = self.conversation.take_changed();
        if changed {
            *revision += 1;
            self.revision = *revision;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_conversations_are_removed() {
        let conversations = Conversations::new(Person::absent(), TimeScale::default());
        let ids: Vec<String> = (0..=MAX_CONVERSATIONS)
            .map(|_| conversations.begin())
            .collect();

        assert!(!conversations.contains(&ids[0]));
        assert!(ids[1..].iter().all(|id| conversations.contains(id)));
    }

    fn changed(conversations: &Conversations, since: Option<u64>) -> (Vec<String>, bool, u64) {
        let changes = conversations.changes(since, |id, _| id.to_owned());
        (changes.conversations, changes.everything, changes.revision)
    }

    #[test]
    fn changes_since_a_revision_have_only_changed_conversations() {
        let conversations = Conversations::new(Person::absent(), TimeScale::default());
        let one = conversations.begin();
        let two = conversations.begin();
        let (all, everything, revision) = changed(&conversations, None);
        assert!(everything && all.contains(&one) && all.contains(&two));
        let mut revisions = conversations.revisions();

        assert_eq!(changed(&conversations, Some(revision)).0, [""; 0]);
        assert!(!revisions.has_changed().unwrap());
        conversations.receive(&two, "ա", None).unwrap();
        conversations.receive(&two, "բ", None).unwrap();

        assert!(revisions.has_changed().unwrap());
        assert_eq!(*revisions.borrow_and_update(), revision + 2);
        let news = changed(&conversations, Some(revision));
        assert_eq!(news, (vec![two], false, revision + 2));
    }

    #[test]
    fn changes_have_all_conversations_if_one_was_removed() {
        let conversations = Conversations::new(Person::absent(), TimeScale::default());
        let (_, _, revision) = changed(&conversations, None);
        for _ in 0..=MAX_CONVERSATIONS {
            conversations.begin();
        }

        let (all, everything, revision) = changed(&conversations, Some(revision));

        assert_eq!((all.len(), everything), (MAX_CONVERSATIONS, true));
        assert!(!changed(&conversations, Some(revision)).1);
    }
}
