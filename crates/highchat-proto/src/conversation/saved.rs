//! A saved conversation, from which it can be resumed after a restart.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::history::SavedHistory;
use super::turn::SavedTurn;
use crate::api::{ConversationId, MessageId, State, Timestamp};

/// The version that is written. Version 1 can still be read; its missing fields count as
/// unknown.
const VERSION: u32 = 2;

/// A conversation saved for a restart: its id, its state, which messages were seen, and the
/// data that the search for a reply needs.
///
/// It contains no key. Of the user's messages it contains only hashes. But it contains the text
/// of cut replies, so keep it as private as the conversation itself. It is serialised with
/// serde, with a version number. Source: our decision.
///
/// ```
/// use highchat_proto::{ConversationId, Saved, State};
///
/// let saved = Saved::new(ConversationId::new("c1")?).with_state(State::Human);
/// let json = serde_json::to_string(&saved)?;
/// assert_eq!(serde_json::from_str::<Saved>(&json)?, saved);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Saved {
    pub(crate) conversation_id: Option<ConversationId>,
    pub(crate) state: State,
    pub(crate) cursor: Option<Timestamp>,
    pub(crate) newest: Option<Timestamp>,
    pub(crate) seen: Vec<(MessageId, Option<Timestamp>)>,
    pub(crate) is_polling: bool,
    pub(crate) history: SavedHistory,
    pub(crate) turn: Option<SavedTurn>,
}

impl Saved {
    /// A conversation known by its id only. Its state is `bot`.
    ///
    /// The earlier messages are unknown, and may have the same texts as new ones. So a cut
    /// reply is not searched for, but reported as incomplete.
    #[must_use]
    pub fn new(conversation_id: ConversationId) -> Self {
        Self {
            conversation_id: Some(conversation_id),
            state: State::Bot,
            cursor: None,
            newest: None,
            seen: Vec::new(),
            is_polling: false,
            history: SavedHistory::default(),
            turn: None,
        }
    }

    /// Sets the state. With `human` or `pending_human`, polling begins at once.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Sets the timestamp of the newest known message. Polls ask for the messages after it.
    #[must_use]
    pub fn with_after(mut self, after: Timestamp) -> Self {
        self.newest = Some(after.clone());
        self.cursor = Some(after);
        self
    }

    /// The id of the conversation; `None` if it had not begun.
    #[must_use]
    pub const fn conversation_id(&self) -> Option<&ConversationId> {
        self.conversation_id.as_ref()
    }
}

/// The serialised form.
#[derive(Clone, Serialize, Deserialize)]
struct Form {
    version: u32,
    conversation_id: Option<ConversationId>,
    state: State,
    cursor: Option<Timestamp>,
    newest: Option<Timestamp>,
    seen: Vec<(MessageId, Option<Timestamp>)>,
    #[serde(default)]
    is_polling: bool,
    #[serde(default)]
    history: SavedHistory,
    #[serde(default)]
    turn: Option<SavedTurn>,
}

impl From<Saved> for Form {
    fn from(saved: Saved) -> Self {
        Self {
            version: VERSION,
            conversation_id: saved.conversation_id,
            state: saved.state,
            cursor: saved.cursor,
            newest: saved.newest,
            seen: saved.seen,
            is_polling: saved.is_polling,
            history: saved.history,
            turn: saved.turn,
        }
    }
}

/// The saved conversation has a version that this program cannot read.
struct UnknownVersion(u32);

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a saved conversation has version {}, which this program cannot read",
            self.0
        )
    }
}

impl TryFrom<Form> for Saved {
    type Error = UnknownVersion;

    fn try_from(form: Form) -> Result<Self, UnknownVersion> {
        if !(1..=VERSION).contains(&form.version) {
            return Err(UnknownVersion(form.version));
        }
        Ok(Self {
            conversation_id: form.conversation_id,
            state: form.state,
            cursor: form.cursor,
            newest: form.newest,
            seen: form.seen,
            is_polling: form.is_polling,
            history: form.history,
            turn: form.turn,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_unknown_version_is_refused() {
        let saved = Saved::new(ConversationId::new("c").unwrap());
        let json = serde_json::to_string(&saved).unwrap();
        for version in [0, 3] {
            let other = json.replacen("\"version\":2", &alloc::format!("\"version\":{version}"), 1);
            let error = serde_json::from_str::<Saved>(&other).unwrap_err();
            let expected = alloc::format!("has version {version}, which");
            assert!(error.to_string().contains(&expected), "{error}");
        }
    }
}
