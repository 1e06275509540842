//! Chooses the conversation and the visitor of a message from flags and the environment.

use highchat_proto::{ConversationId, Saved, VisitorRef};
use highchat_ureq::{Client, Session};

use crate::connection::variable;
use crate::options::{ServiceOptions, ThreadOptions};

/// The conversation to continue and the visitor, from flags and the environment.
pub(crate) struct Thread {
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) visitor: Option<VisitorRef>,
}

impl Thread {
    /// Reads the options, and the environment for those that are not set.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong with the environment.
    pub(crate) fn resolve(
        options: &ThreadOptions,
        service: &ServiceOptions,
    ) -> Result<Self, String> {
        let conversation = match &options.conversation {
            Some(id) => Some(id.clone()),
            // A conversation of another service does not exist in a private sandbox.
            None if service.sandbox => None,
            None => variable("HIGHCHAT_CONVERSATION")?
                .map(ConversationId::new)
                .transpose()
                .map_err(|error| format!("HIGHCHAT_CONVERSATION: {error}"))?,
        };
        let visitor = match &options.visitor {
            Some(visitor) => Some(visitor.clone()),
            None => variable("HIGHCHAT_VISITOR")?
                .map(VisitorRef::new)
                .transpose()
                .map_err(|error| format!("HIGHCHAT_VISITOR: {error}"))?,
        };
        Ok(Self {
            conversation,
            visitor,
        })
    }

    /// Starts a session that continues the conversation, or a new session.
    pub(crate) fn session(&self, client: Client) -> Session {
        let mut session = match &self.conversation {
            Some(id) => Session::resume(client, Saved::new(id.clone())),
            None => Session::new(client),
        };
        session.commands().set_visitor(self.visitor.clone());
        session
    }
}
