//! A session of the crate highchat-ureq, for scenarios and trials.

use crate::trials::Talk;
use highchat_proto::{
    Answered, AskError, Config, Conversation, Endpoint, Message, Rating, Saved, Update,
};
use highchat_ureq::{Client, Session};

/// A session that implements [`Talk`].
pub struct UreqSession(
    /// The session.
    pub Session,
);

impl Talk for UreqSession {
    type Conversation = Conversation;

    fn begin(endpoint: Endpoint, config: Config) -> Self {
        Self(Session::new(Client::with_config(endpoint, config)))
    }

    fn resume(endpoint: Endpoint, config: Config, saved: Saved) -> Self {
        let client = Client::with_config(endpoint, config);
        Self(Session::resume(client, saved))
    }

    fn send(&mut self, message: Message) {
        self.0.send(message).unwrap();
    }

    fn cancel(&mut self) {
        self.0.cancel();
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        self.0
            .commands()
            .rate(rating, Some(comment.into()))
            .unwrap();
    }

    fn next(&mut self, show: impl FnOnce(&Update<'_>)) -> bool {
        self.0.next().update().as_ref().map(show).is_some()
    }

    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        self.0.ask(message)
    }

    fn conversation(&self) -> &Conversation {
        self.0.conversation()
    }
}
