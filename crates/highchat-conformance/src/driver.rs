use highchat_proto::{
    Conversation, ConversationId, Message, Rating, Saved, State, TurnEnd, Update,
};

use crate::capability::Capability;

/// A client under test, in one conversation.
///
/// The interface blocks, so that an async client and a blocking one can both implement it: an
/// async one has a runtime of its own and waits in [`next`](Self::next). Each method may panic.
/// The panic fails the row, and the report shows its text.
pub trait Driver {
    /// Sends a message. The turn before is over.
    fn send(&mut self, message: Message);

    /// Waits for the next update, and returns it. Returns `None` if there is nothing to wait
    /// for: no turn is in progress, no handoff is polled and no rating is under way.
    fn next(&mut self) -> Option<Update<'static>>;

    /// The present values of the conversation.
    fn status(&self) -> Status;

    /// Cancels the turn in progress. Without it, declare [`Capability::Cancel`] with
    /// [`Check::without`](crate::Check::without).
    fn cancel(&mut self) {
        panic!("{}", missing(Capability::Cancel));
    }

    /// Rates the conversation. It has an id. Without it, declare [`Capability::Rate`].
    fn rate(&mut self, rating: Rating, comment: &str) {
        panic!("{}: {rating:?}, {comment}", missing(Capability::Rate));
    }

    /// What a later process needs to continue the conversation. Without it, declare
    /// [`Capability::Resume`].
    fn save(&self) -> Saved {
        panic!("{}", missing(Capability::Resume));
    }

    /// Sends a text.
    fn say(&mut self, text: &str) {
        self.send(Message::new(text).expect("a text that can be sent"));
    }

    /// All updates until there is nothing to wait for, each [`in_short`].
    fn run(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.next().map(|update| in_short(&update))).collect()
    }

    /// Sends a text. Returns the text of the reply and how the turn ended.
    fn turn(&mut self, text: &str) -> (String, TurnEnd) {
        self.say(text);
        let mut reply = String::new();
        loop {
            match self.next().expect("the turn ends before the updates do") {
                Update::Delta { text } => reply.push_str(&text),
                Update::TurnEnded { end, .. } => return (reply, end.into_owned()),
                _ => {}
            }
        }
    }
}

fn missing(capability: Capability) -> String {
    format!("the driver lacks the capability {capability} and does not declare it")
}

impl<D: Driver + ?Sized> Driver for Box<D> {
    fn send(&mut self, message: Message) {
        (**self).send(message);
    }

    fn next(&mut self) -> Option<Update<'static>> {
        (**self).next()
    }

    fn status(&self) -> Status {
        (**self).status()
    }

    fn cancel(&mut self) {
        (**self).cancel();
    }

    fn rate(&mut self, rating: Rating, comment: &str) {
        (**self).rate(rating, comment);
    }

    fn save(&self) -> Saved {
        (**self).save()
    }
}

/// The present values of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The id of the conversation, if it has begun.
    pub id: Option<ConversationId>,
    /// The state of the conversation.
    pub state: State,
    /// Whether polls for a person's messages are under way.
    pub is_polling: bool,
    /// Whether a turn is not over.
    pub turn_in_progress: bool,
}

impl From<&Conversation> for Status {
    fn from(conversation: &Conversation) -> Self {
        Self {
            id: conversation.id().cloned(),
            state: conversation.state().clone(),
            is_polling: conversation.is_polling(),
            turn_in_progress: conversation.turn_in_progress(),
        }
    }
}

/// An update in one line, for a log that a test compares.
#[must_use]
pub fn in_short(update: &Update<'_>) -> String {
    match update {
        Update::Meta { .. } => "meta".into(),
        Update::Delta { text } => format!("delta {text}"),
        Update::Done { .. } => "done".into(),
        Update::Human { message, .. } => {
            format!("human {}", message.as_deref().unwrap_or_default())
        }
        Update::State(state) => format!("state {state}"),
        Update::Message(message) => format!("{}: {}", message.role, message.content),
        Update::Recovering { error } => format!("recovering: {error}"),
        Update::Recovered { missing, .. } => format!("recovered {missing}"),
        Update::TurnEnded { end, .. } => match &**end {
            TurnEnd::Failed(error) => format!("failed: {error}"),
            end => format!("{end:?}"),
        },
        Update::Delayed { what, reason, .. } => format!("{what:?} delayed: {reason:?}"),
        Update::HandoffFailed { error } => format!("handoff failed: {error}"),
        Update::Rated { .. } => "rated".into(),
        Update::RatingFailed { error, .. } => format!("rating failed: {error}"),
        other => format!("{other:?}"),
    }
}
