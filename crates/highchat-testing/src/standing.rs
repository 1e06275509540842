//! What a client says of its conversation.

use highchat_proto::{Conversation, ConversationId, Saved, State};

/// What is known of a conversation. A client in Rust has a [`Conversation`]; a client behind an
/// interface for another language has only what that interface returns.
pub trait Standing {
    /// The id of the conversation.
    fn id(&self) -> Option<ConversationId>;
    /// The state of the conversation.
    fn state(&self) -> State;
    /// Whether polls for a person's messages are under way.
    fn is_polling(&self) -> bool;
    /// Whether a turn is not over.
    fn turn_in_progress(&self) -> bool;
    /// What a later process needs to resume the conversation.
    fn save(&self) -> Saved;
}

impl Standing for Conversation {
    fn id(&self) -> Option<ConversationId> {
        self.id().cloned()
    }

    fn state(&self) -> State {
        self.state().clone()
    }

    fn is_polling(&self) -> bool {
        self.is_polling()
    }

    fn turn_in_progress(&self) -> bool {
        self.turn_in_progress()
    }

    fn save(&self) -> Saved {
        self.save()
    }
}
