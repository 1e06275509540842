//! The commands of a conversation, at a fixed time.

use alloc::string::String;

use crate::api::{Message, Rating, VisitorRef};
use crate::conversation::{Conversation, RateError, RequestId, SendError, TurnId};
use crate::time::Instant;

/// The commands of a [`Conversation`], without their time argument.
///
/// The session of an adapter returns it, with the time of its clock. So all adapters have the
/// same commands, and a program cannot take an output away from its adapter.
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
    /// Creates the commands of a conversation for the time `now`.
    #[must_use]
    pub const fn new(conversation: &'a mut Conversation, now: Instant) -> Self {
        Self { conversation, now }
    }

    /// Sends a message. Returns the id of the turn, which [`Update::TurnEnded`] repeats.
    ///
    /// # Errors
    ///
    /// The previous turn is not over. The error contains the message.
    ///
    /// [`Update::TurnEnded`]: crate::Update::TurnEnded
    pub fn send(self, message: Message) -> Result<TurnId, SendError> {
        self.conversation.send(message, self.now)
    }

    /// Rates the conversation. Returns the id of the rating, which [`Update::Rated`] or
    /// [`Update::RatingFailed`] repeats.
    ///
    /// # Errors
    ///
    /// There is no conversation yet, or the previous rating is not answered yet. The error
    /// contains the comment.
    ///
    /// [`Update::Rated`]: crate::Update::Rated
    /// [`Update::RatingFailed`]: crate::Update::RatingFailed
    pub fn rate(self, rating: Rating, comment: Option<String>) -> Result<RequestId, RateError> {
        self.conversation.rate(rating, comment, self.now)
    }

    /// Cancels the turn in progress, in any phase. Its message may have been taken. Without a
    /// turn in progress, this does nothing.
    pub fn cancel(self) {
        self.conversation.cancel(self.now);
    }

    /// Polls for a person's messages now instead of at the next due time, if polling is on.
    pub fn check_now(self) {
        self.conversation.check_now(self.now);
    }

    /// Sets the end user, for the next message and all later ones.
    pub fn set_visitor(self, visitor: Option<VisitorRef>) {
        self.conversation.set_visitor(visitor);
    }
}
