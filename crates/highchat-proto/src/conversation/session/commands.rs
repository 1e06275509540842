//! The commands of a conversation at one moment.

use alloc::string::String;

use crate::api::{Message, Rating, VisitorRef};
use crate::conversation::{Conversation, RateError, RequestId, SendError, TurnId};
use crate::time::Instant;

/// The commands of a [`Conversation`], at one moment.
///
/// An adapter returns it from its session, with the time of its own clock: so the commands
/// are the same in all adapters, and a program cannot take an output away from the adapter.
///
/// ```
/// use highchat_proto::session::Commands;
/// use highchat_proto::time::Instant;
/// use highchat_proto::{Config, Conversation, Credentials, Endpoint, Message};
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
/// let mut conversation = Conversation::new(endpoint, Config::default());
/// Commands::new(&mut conversation, Instant::ORIGIN).send(Message::new("Բարև 👋")?)?;
/// assert!(conversation.turn_in_progress());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Commands<'a> {
    conversation: &'a mut Conversation,
    now: Instant,
}

impl<'a> Commands<'a> {
    /// The commands of a conversation at that moment.
    #[must_use]
    pub const fn new(conversation: &'a mut Conversation, now: Instant) -> Self {
        Self { conversation, now }
    }

    /// Sends a message. Returns the name of the turn, which
    /// [`Update::TurnEnded`](crate::Update::TurnEnded) repeats.
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(self, message: Message) -> Result<TurnId, SendError> {
        self.conversation.send(message, self.now)
    }

    /// Rates the conversation. Returns the name of the rating, which
    /// [`Update::Rated`](crate::Update::Rated) repeats.
    ///
    /// # Errors
    ///
    /// There is no conversation yet, or a rating is on its way; the error gives the
    /// comment back.
    pub fn rate(self, rating: Rating, comment: Option<String>) -> Result<RequestId, RateError> {
        self.conversation.rate(rating, comment, self.now)
    }

    /// Cancels the turn that is under way, in whatever state it is. The message may have
    /// been taken. Without a turn nothing happens.
    pub fn cancel(self) {
        self.conversation.cancel(self.now);
    }

    /// Polls for a person's messages now instead of at the next poll, if they are polled for.
    pub fn check_now(self) {
        self.conversation.check_now(self.now);
    }

    /// Says who the end user is, from the next message on.
    pub fn set_visitor(self, visitor: Option<VisitorRef>) {
        self.conversation.set_visitor(visitor);
    }
}
