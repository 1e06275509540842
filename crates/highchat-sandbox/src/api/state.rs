//! The state of a conversation, as the API names it.

use serde::Serialize;

/// Who answers in a conversation (the API's states).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The bot.
    Bot,
    /// The bot, until the person comes who was called.
    PendingHuman,
    /// A person, who may not have come yet.
    Human,
    /// Nobody, until its user writes again.
    Closed,
}

impl State {
    /// As the API writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::PendingHuman => "pending_human",
            Self::Human => "human",
            Self::Closed => "closed",
        }
    }
}
