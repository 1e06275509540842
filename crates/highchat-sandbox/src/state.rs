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
