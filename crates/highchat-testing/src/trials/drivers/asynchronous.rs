//! A session of an async adapter, for scenarios and trials.

use crate::trials::{Ask, Driver, Status};
use highchat_async::{Session, Transport};
use highchat_proto::{Answered, AskError, Config, Endpoint, Message, Rating, Saved, Update};
use tokio::runtime::Runtime;

/// What a session needs of its adapter.
pub trait Adapter: Transport {
    /// Creates the client.
    fn create(endpoint: Endpoint, config: Config) -> Self;

    /// Starts the runtime that the client needs.
    fn runtime() -> Runtime;
}

/// A session with its own runtime.
pub struct AsyncSession<A: Adapter> {
    session: Session<A>,
    runtime: Runtime,
}

impl<A: Adapter> AsyncSession<A> {
    /// Opens a session, new or saved.
    #[must_use]
    pub fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
        let client = A::create(endpoint, config);
        let session = match saved {
            None => Session::new(client),
            Some(saved) => Session::resume(client, saved),
        };
        let runtime = A::runtime();
        Self { session, runtime }
    }
}

impl<A: Adapter> Driver for AsyncSession<A> {
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

    fn next(&mut self) -> Option<Update<'static>> {
        let update = self.runtime.block_on(self.session.next());
        update.map(Update::into_owned)
    }

    fn status(&self) -> Status {
        self.session.conversation().into()
    }

    fn save(&self) -> Saved {
        self.session.conversation().save()
    }
}

impl<A: Adapter> Ask for AsyncSession<A> {
    fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        self.runtime.block_on(self.session.ask(message))
    }
}

/// Sends a message, rates when the person writes if `rates`, and returns the person's texts, for
/// [`hold_connections`](crate::trials::hold_connections).
///
/// # Panics
///
/// The message or the rating cannot be sent.
pub async fn hand_off<T: Transport>(mut session: Session<T>, rates: bool) -> Vec<String> {
    let message = Message::new("Մարդ կա՞ 🙋").expect("a short message");
    session.send(message).unwrap();
    let mut texts = Vec::new();
    let mut is_rated = !rates;
    loop {
        match session.next().await {
            Some(Update::Message(message)) => texts.push(message.content.to_string()),
            Some(_) => {}
            None => return texts,
        }
        if !texts.is_empty() && !is_rated {
            is_rated = true;
            session.commands().rate(Rating::Up, None).unwrap();
        }
    }
}
