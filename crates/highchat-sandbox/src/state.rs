use serde::Serialize;

/// Who answers in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Bot,
    PendingHuman,
    Human,
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
