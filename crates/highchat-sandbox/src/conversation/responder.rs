use jiff::Timestamp;

use crate::clock::later;
use crate::conversation::person::{Act, Person};

/// Who answers besides the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    Nobody,
    /// The built-in person, whose part was played as far as this.
    BuiltIn {
        began: Timestamp,
        acts: usize,
    },
    /// Somebody at the inbox who has not come yet.
    Awaited,
    /// Somebody at the inbox.
    Inbox,
}

impl Responder {
    /// Whoever a conversation is handed over to: the inbox, where it is `staffed`.
    pub(crate) fn called(staffed: bool, began: Timestamp) -> Self {
        match staffed {
            true => Self::Awaited,
            false => Self::BuiltIn { began, acts: 0 },
        }
    }

    /// What the built-in person did next, and when, where that was by now.
    pub(crate) fn act<'a>(
        &mut self,
        person: &'a Person,
        now: Timestamp,
    ) -> Option<(Timestamp, &'a Act)> {
        let Self::BuiltIn { began, acts } = self else {
            return None;
        };
        let (after, act) = person.nth(*acts)?;
        let due = later(*began, *after);
        if due > now {
            return None;
        }
        *acts += 1;
        Some((due, act))
    }
}
