//! Who answers in a conversation besides the bot.

use jiff::Timestamp;

use crate::clock::later;
use crate::conversation::person::{Act, Person};

/// Who answers in a conversation besides the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    Nobody,
    /// The built-in person, since `began`. This number of acts is done.
    BuiltIn {
        began: Timestamp,
        acts: usize,
    },
    /// An inbox is open, and nobody has taken over yet.
    Awaited,
    /// Somebody at the inbox has taken over.
    Inbox,
}

impl Responder {
    /// Returns who gets a conversation at a handoff: the inbox if one is open, otherwise the
    /// built-in person.
    pub(crate) fn called(is_inbox_open: bool, began: Timestamp) -> Self {
        match is_inbox_open {
            true => Self::Awaited,
            false => Self::BuiltIn { began, acts: 0 },
        }
    }

    /// Returns the built-in person's next act and its time, if it is due.
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
