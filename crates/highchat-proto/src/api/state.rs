//! The state of a conversation.

use alloc::boxed::Box;
use core::fmt;

#[cfg(feature = "serde")]
use serde::de::{Deserialize, Deserializer};
#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "serde")]
use super::text::Text;
use crate::json::Value;

/// The state of a conversation, which says who answers.
///
/// The API names `bot`, `pending_human`, `human` and `closed`. Any other name is kept
/// unchanged, so that a new service does not break an old client (our decision).
///
/// ```
/// use highchat_proto::State;
///
/// assert!(State::from("pending_human").is_handoff());
/// assert_eq!(State::from("asleep").as_str(), "asleep");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The bot answers.
    Bot,
    /// A person was asked for, but no person has taken over yet.
    PendingHuman,
    /// A person answers.
    Human,
    /// The conversation is over.
    Closed,
    /// A state that the API's text does not name.
    Other(Box<str>),
}

impl State {
    /// The states that the API's text names.
    pub const KNOWN: [Self; 4] = [Self::Bot, Self::PendingHuman, Self::Human, Self::Closed];

    /// The state in a string of JSON; `None` for another type.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        Some(Self::from(&*json.text()?.text))
    }

    /// The name as the service writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bot => "bot",
            Self::PendingHuman => "pending_human",
            Self::Human => "human",
            Self::Closed => "closed",
            Self::Other(name) => name,
        }
    }

    /// Whether a person answers, so that the replies must be polled for: `pending_human` and
    /// `human`.
    #[must_use]
    pub const fn is_handoff(&self) -> bool {
        matches!(self, Self::PendingHuman | Self::Human)
    }
}

impl From<&str> for State {
    fn from(name: &str) -> Self {
        match name {
            "bot" => Self::Bot,
            "pending_human" => Self::PendingHuman,
            "human" => Self::Human,
            "closed" => Self::Closed,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*Text::deserialize(deserializer)?))
    }
}

#[cfg(feature = "serde")]
impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_kept_unchanged() {
        for name in ["bot", "pending_human", "human", "closed", "Bot", "", "new"] {
            let state = State::from(name);
            assert_eq!(state.as_str(), name);
            assert_eq!(
                matches!(state, State::Other(_)),
                !State::KNOWN.contains(&state)
            );
            assert_eq!(
                state.is_handoff(),
                name == "human" || name == "pending_human"
            );
        }
    }
}
