//! Who answers in a conversation, and how it was rated.

use highchat_proto as proto;

/// The rating 👎.
pub const RATING_DOWN: u32 = 0;
/// The rating 👍.
pub const RATING_UP: u32 = 1;

/// Who answers in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum State {
    /// No state is known.
    None = 0,
    /// The bot answers.
    Bot = 1,
    /// A person was asked to take over.
    PendingHuman = 2,
    /// A person answers.
    Human = 3,
    /// The conversation is closed. The next message opens it again.
    Closed = 4,
    /// A state that the API's text does not name.
    Other = 5,
}

impl State {
    pub(crate) fn of(state: &proto::State) -> Self {
        match state {
            proto::State::Bot => Self::Bot,
            proto::State::PendingHuman => Self::PendingHuman,
            proto::State::Human => Self::Human,
            proto::State::Closed => Self::Closed,
            _ => Self::Other,
        }
    }
}
