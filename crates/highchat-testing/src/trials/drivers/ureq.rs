//! A session of the crate highchat-ureq, for scenarios and trials.

use crate::trials::{Ask, Driver, Status};
use highchat_proto::{Answered, AskError, Config, Endpoint, Message, Rating, Saved, Update};
use highchat_ureq::{Client, Session};

/// A session that implements [`Driver`].
pub struct UreqSession(
    /// The session.
    pub Session,
);

impl UreqSession {
    /// Opens a session, new or saved.
    #[must_use]
    pub fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
        let client = Client::with_config(endpoint, config);
        Self(match saved {
            None => Session::new(client),
            Some(saved) => Session::resume(client, saved),
        })
    }
}

impl Driver for UreqSession {
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

    fn next(&mut self) -> Option<Update<'static>> {
        self.0.next().update().map(Update::into_owned)
    }

    fn status(&self) -> Status {
        self.0.conversation().into()
    }

    fn save(&self) -> Saved {
        self.0.conversation().save()
    }
}

impl Ask for UreqSession {
    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        self.0.ask(message)
    }
}
