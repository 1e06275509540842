//! What a conversation has to say, in order.

use core::ops::Range;
use std::boxed::Box;
use std::collections::VecDeque;
use std::string::String;

use bytes::Bytes;
use http::Request;

use core::time::Duration;

use super::backoff::DelayReason;
use super::exchange::RequestId;
use super::turn::TurnEnd;
use crate::api::{ChatMessage, ConversationId, MessageId, Rating, State, Timestamp};
use crate::failure::Failure;

/// What was put off, and will be tried again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delayed {
    /// Sending the message.
    Message,
    /// Sending the rating.
    Rating,
    /// Asking for a person's messages.
    Poll,
}

/// Something that happened, for the application to see.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update<'a> {
    /// `meta` came: the conversation that the reply belongs to.
    Meta {
        /// Its id, as far as one is known.
        conversation_id: Option<&'a ConversationId>,
        /// It is another one than before.
        is_replaced: bool,
    },
    /// A piece of the reply.
    Delta {
        /// To be appended to what came before.
        text: &'a str,
    },
    /// The reply is whole.
    Done {
        /// The id of the reply, if the service gave one.
        message_id: Option<&'a MessageId>,
        /// The state that the event told, if it told one.
        state: Option<&'a State>,
        /// The service's time.
        ts: Option<&'a Timestamp>,
    },
    /// A person took over.
    Human {
        /// To be shown, if the service gave a message.
        message: Option<&'a str>,
        /// The service's time.
        ts: Option<&'a Timestamp>,
    },
    /// An event that the API's text does not name.
    Unknown {
        /// The event type.
        event: &'a str,
        /// The data, unparsed.
        data: &'a str,
    },
    /// The reply was cut, or never came, and is looked for.
    Recovering {
        /// What happened to it.
        error: &'a Failure,
    },
    /// A reply that was cut was read back whole.
    Recovered {
        /// The whole message.
        message: &'a ChatMessage,
        /// What of its content had not come before: to be appended.
        missing: &'a str,
    },
    /// The turn ended: exactly once for each message that was sent.
    TurnEnded {
        /// What [`send`](crate::Conversation::send) returned.
        turn: RequestId,
        /// How it ended.
        end: &'a TurnEnd,
    },
    /// The state changed.
    State(&'a State),
    /// A message that polling found; each is told once. Its role tells whose it is.
    Message(&'a ChatMessage),
    /// Messages of a page could not be read, and were left out.
    Unreadable {
        /// How many.
        messages: usize,
    },
    /// Something failed, and will be tried again by itself.
    Delayed {
        /// What.
        what: Delayed,
        /// After how long.
        delay: Duration,
        /// Why.
        reason: DelayReason,
    },
    /// Polling ended with an error: nobody will be heard any more.
    HandoffFailed {
        /// What the service said.
        error: &'a Failure,
    },
    /// The rating was taken.
    Rated {
        /// What [`rate`](crate::Conversation::rate) returned.
        request: RequestId,
        /// What was said.
        rating: Rating,
    },
    /// The rating was not taken, or perhaps was not; rating again does no harm.
    RatingFailed {
        /// What [`rate`](crate::Conversation::rate) returned.
        request: RequestId,
        /// Why.
        error: &'a Failure,
    },
}

impl<'a> Update<'a> {
    /// What to append to the screen: a piece of the reply, the rest of one that was read back,
    /// the text of a `human` event, or a message that polling found and that is not the
    /// user's own. Untrusted text. `None`: the update shows no text.
    ///
    /// A program that shows texts by this loses none: neither the rest of a recovered reply
    /// nor what a person writes.
    ///
    /// ```
    /// use highchat_proto::Update;
    ///
    /// assert_eq!(Update::Delta { text: "Բարև" }.text(), Some("Բարև"));
    /// assert_eq!(Update::Unreadable { messages: 1 }.text(), None);
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        match *self {
            Self::Delta { text } => Some(text),
            Self::Recovered { missing, .. } => Some(missing),
            Self::Human { message, .. } => message,
            Self::Message(message) => (!message.role.is_user()).then_some(&*message.content),
            Self::Meta { .. }
            | Self::Done { .. }
            | Self::Unknown { .. }
            | Self::Recovering { .. }
            | Self::TurnEnded { .. }
            | Self::State(_)
            | Self::Unreadable { .. }
            | Self::Delayed { .. }
            | Self::HandoffFailed { .. }
            | Self::Rated { .. }
            | Self::RatingFailed { .. } => None,
        }
    }
}

/// An [`Update`] that is kept until it is looked at; small, as every conversation has
/// room for some.
#[derive(Debug)]
pub(crate) enum Kept {
    Meta {
        conversation_id: Option<ConversationId>,
        is_replaced: bool,
    },
    Delta(Range<usize>),
    Done(Box<(Option<MessageId>, Option<State>, Option<Timestamp>)>),
    Human(Box<(Option<Range<usize>>, Option<Timestamp>)>),
    /// The event type and its data.
    Unknown(Box<[Range<usize>; 2]>),
    Recovering(Box<Failure>),
    Recovered(Box<ChatMessage>, usize),
    TurnEnded(RequestId, Box<TurnEnd>),
    State(Box<State>),
    Message(Box<ChatMessage>),
    Unreadable(usize),
    Delayed(Delayed, Duration, DelayReason),
    HandoffFailed(Box<Failure>),
    Rated(RequestId, Rating),
    RatingFailed(RequestId, Box<Failure>),
}

#[derive(Debug)]
pub(crate) enum Item {
    Transmit(RequestId, Box<Request<Bytes>>),
    Abort(RequestId),
    Update(Kept),
}

/// A queue of outputs; the texts of all of them stand in one buffer, which is used again
/// once they were taken.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: VecDeque<Item>,
    text: String,
    shown: Option<Kept>,
}

impl Outbox {
    pub(crate) fn transmit(&mut self, id: RequestId, request: Request<Bytes>) {
        self.items.push_back(Item::Transmit(id, Box::new(request)));
    }

    pub(crate) fn abort(&mut self, id: RequestId) {
        // A request that was not handed out yet needs no abort: it never was.
        let waiting = |item: &Item| matches!(item, Item::Transmit(found, _) if *found == id);
        if let Some(at) = self.items.iter().position(waiting) {
            self.items.remove(at);
        } else {
            self.items.push_back(Item::Abort(id));
        }
    }

    pub(crate) fn update(&mut self, update: Kept) {
        self.items.push_back(Item::Update(update));
    }

    /// Tells a piece of the reply, where it is not empty.
    pub(crate) fn delta(&mut self, text: &str) {
        if !text.is_empty() {
            let text = self.keep(text);
            self.update(Kept::Delta(text));
        }
    }

    /// Puts a text where updates can show it.
    pub(crate) fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    /// The next output; an update can be looked at until the next call.
    pub(crate) fn pop(&mut self) -> Option<Popped> {
        self.shown = None;
        match self.items.pop_front() {
            Some(Item::Transmit(id, request)) => Some(Popped::Transmit(id, request)),
            Some(Item::Abort(id)) => Some(Popped::Abort(id)),
            Some(Item::Update(update)) => {
                self.shown = Some(update);
                Some(Popped::Update)
            }
            None => {
                self.text.clear();
                None
            }
        }
    }

    /// The update that was popped last.
    pub(crate) fn shown(&self) -> Option<Update<'_>> {
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        Some(match self.shown.as_ref()? {
            Kept::Meta {
                conversation_id,
                is_replaced,
            } => Update::Meta {
                conversation_id: conversation_id.as_ref(),
                is_replaced: *is_replaced,
            },
            Kept::Delta(range) => Update::Delta { text: text(range) },
            Kept::Done(done) => Update::Done {
                message_id: done.0.as_ref(),
                state: done.1.as_ref(),
                ts: done.2.as_ref(),
            },
            Kept::Human(human) => Update::Human {
                message: human.0.as_ref().map(text),
                ts: human.1.as_ref(),
            },
            Kept::Unknown(unknown) => Update::Unknown {
                event: text(&unknown[0]),
                data: text(&unknown[1]),
            },
            Kept::Recovering(error) => Update::Recovering { error },
            Kept::Recovered(message, known) => Update::Recovered {
                message,
                missing: message.content.get(*known..).unwrap_or_default(),
            },
            Kept::TurnEnded(turn, end) => Update::TurnEnded { turn: *turn, end },
            Kept::State(state) => Update::State(state),
            Kept::Message(message) => Update::Message(message),
            Kept::Unreadable(messages) => Update::Unreadable {
                messages: *messages,
            },
            Kept::Delayed(what, delay, reason) => Update::Delayed {
                what: *what,
                delay: *delay,
                reason: *reason,
            },
            Kept::HandoffFailed(error) => Update::HandoffFailed { error },
            Kept::Rated(request, rating) => Update::Rated {
                request: *request,
                rating: *rating,
            },
            Kept::RatingFailed(request, error) => Update::RatingFailed {
                request: *request,
                error,
            },
        })
    }
}

/// An [`Item`] on its way out.
pub(crate) enum Popped {
    Transmit(RequestId, Box<Request<Bytes>>),
    Abort(RequestId),
    Update,
}
