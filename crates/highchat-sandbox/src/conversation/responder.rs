//! Who responds in a conversation besides the bot.

use jiff::Timestamp;

use crate::clock::later;
use crate::conversation::person::{Act, Person};

/// Who responds besides the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    Nobody,
    /// The built-in person, since `began`, after this number of acts.
    BuiltIn {
        began: Timestamp,
        acts: usize,
    },
    /// Somebody at an open inbox, before they take over.
    Awaited,
    /// Somebody at the inbox.
    Inbox,
}

impl Responder {
    /// Who a conversation is handed over to: the inbox if one is open (`staffed`), else the
    /// built-in person.
    pub(crate) fn called(staffed: bool, began: Timestamp) -> Self {
        match staffed {
            true => Self::Awaited,
            false => Self::BuiltIn { began, acts: 0 },
        }
    }

    /// The built-in person's next act and its time, if it is due.
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
