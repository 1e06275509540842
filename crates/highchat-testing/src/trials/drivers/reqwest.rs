//! A session of the crate highchat-reqwest, for scenarios and trials.

use crate::trials::Talk;
use highchat_proto::{
    Answered, AskError, Config, Conversation, Endpoint, Message, Rating, Saved, Update,
};
use highchat_reqwest::{Client, Session};
use tokio::runtime::{Builder, Runtime};

/// A session with its own runtime.
pub struct ReqwestSession {
    session: Session,
    runtime: Runtime,
}

impl ReqwestSession {
    fn over(session: Session) -> Self {
        // reqwest spawns its connections: a thread of their own closes them between two calls.
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        Self { session, runtime }
    }
}

impl Talk for ReqwestSession {
    type Conversation = Conversation;

    fn begin(endpoint: Endpoint, config: Config) -> Self {
        Self::over(Session::new(Client::with_config(endpoint, config)))
    }

    fn resume(endpoint: Endpoint, config: Config, saved: Saved) -> Self {
        let client = Client::with_config(endpoint, config);
        Self::over(Session::resume(client, saved))
    }

    fn send(&mut self, message: Message) {
        self.session.send(message).unwrap();
    }

    fn cancel(&mut self) {
        self.session.cancel();
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        let commands = self.session.commands();
        commands.rate(rating, Some(comment.into())).unwrap();
    }

    fn next(&mut self, show: impl FnOnce(&Update<'_>)) -> bool {
        let update = self.runtime.block_on(self.session.next());
        update.as_ref().map(show).is_some()
    }

    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        self.runtime.block_on(self.session.ask(message))
    }

    fn conversation(&self) -> &Conversation {
        self.session.conversation()
    }
}
