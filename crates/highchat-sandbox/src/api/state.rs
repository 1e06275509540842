//! The state of a conversation.

use serde::Serialize;

/// The state of a conversation: who answers in it. The names are the API's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The bot answers.
    Bot,
    /// A person was called. The bot answers until the person comes.
    PendingHuman,
    /// A person answers, but may not have come yet.
    Human,
    /// Nobody answers. The user's next message opens the conversation again.
    Closed,
}

impl State {
    /// The name of the state in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::PendingHuman => "pending_human",
            Self::Human => "human",
            Self::Closed => "closed",
        }
    }
}
