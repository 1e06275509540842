//! What happened in a conversation, for the application to see.

use alloc::borrow::{Cow, ToOwned};
use core::fmt;
use core::time::Duration;

use serde::ser::{Serialize, Serializer};

use super::backoff::DelayReason;
use super::exchanges::RequestId;
use crate::api::{ChatMessage, ConversationId, MessageId, Rating, State, Timestamp};
use crate::failure::Failure;

/// Names a turn of a conversation: what
/// [`Conversation::send`](crate::Conversation::send) returns, and the turn's end tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(u64);

impl TurnId {
    /// The name as a number, for interfaces that carry no other type.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The name that [`as_u64`](Self::as_u64) gave.
    #[must_use]
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a turn ended; told exactly once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnEnd {
    /// `done` came: the reply is whole.
    Done,
    /// `human` came: a person answers from here, and the message is with them.
    Human,
    /// The stream was cut, and the reply was read back whole.
    Recovered,
    /// There is no reply, or no whole one.
    Failed(Failure),
    /// The application cancelled it. The message may have been taken.
    Cancelled,
}

impl TurnEnd {
    /// In one word: `done`, `human`, `recovered`, `failed` or `cancelled`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Human => "human",
            Self::Recovered => "recovered",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Why there is no whole reply, if the turn failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Done | Self::Human | Self::Recovered | Self::Cancelled => None,
        }
    }
}

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
///
/// It borrows from its conversation; [`into_owned`](Self::into_owned) gives one that can be
/// kept or sent to another thread. A delta that is only shown is neither cloned nor
/// allocated.
///
/// It is serialised as one object with a `type` and the API's own names, which is what the
/// program's `--json` prints: `meta`, `delta`, `done`, `human`, `message`, `state`,
/// `delayed`, `recovered`. What `--json` has no line for has names of our own: `unknown`,
/// `recovering`, `turn_ended`, `unreadable`, `handoff_failed`, `rated`, `rating_failed`.
///
/// ```
/// use highchat_proto::Update;
///
/// let update = Update::Delta { text: "Բարև 👋".into() };
/// let json = serde_json::to_string(&update)?;
/// assert_eq!(json, r#"{"type":"delta","text":"Բարև 👋"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update<'a> {
    /// `meta` came: the conversation that the reply belongs to.
    Meta {
        /// Its id, if one is known.
        conversation_id: Option<Cow<'a, ConversationId>>,
        /// It is another one than before.
        is_replaced: bool,
    },
    /// A piece of the reply.
    Delta {
        /// To be appended to what came before.
        text: Cow<'a, str>,
    },
    /// The reply is whole.
    Done {
        /// The id of the reply, if the service gave one.
        message_id: Option<Cow<'a, MessageId>>,
        /// The state that the event told, if it told one.
        state: Option<Cow<'a, State>>,
        /// The service's time.
        ts: Option<Cow<'a, Timestamp>>,
    },
    /// A person took over.
    Human {
        /// To be shown, if the service gave a message.
        message: Option<Cow<'a, str>>,
        /// The service's time.
        ts: Option<Cow<'a, Timestamp>>,
    },
    /// An event that the API's text does not name.
    Unknown {
        /// The event type.
        event: Cow<'a, str>,
        /// The data, unparsed.
        data: Cow<'a, str>,
    },
    /// The reply was cut, or never came, and is looked for.
    Recovering {
        /// What happened to it.
        error: Cow<'a, Failure>,
    },
    /// A reply that was cut was read back whole.
    Recovered {
        /// The whole message.
        message: Cow<'a, ChatMessage>,
        /// What of its content had not come before: to be appended.
        missing: Cow<'a, str>,
    },
    /// The turn ended: exactly once for each message that was sent.
    TurnEnded {
        /// What [`send`](crate::Conversation::send) returned.
        turn: TurnId,
        /// How it ended.
        end: Cow<'a, TurnEnd>,
    },
    /// The state changed.
    State(Cow<'a, State>),
    /// A message that polling found; each is told once. Its role tells whose it is.
    Message(Cow<'a, ChatMessage>),
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
    /// Polling ended with an error: no person's message is shown after it.
    HandoffFailed {
        /// What the service said.
        error: Cow<'a, Failure>,
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
        error: Cow<'a, Failure>,
    },
}

impl Update<'_> {
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
    /// assert_eq!(Update::Delta { text: "Բարև".into() }.text(), Some("Բարև"));
    /// assert_eq!(Update::Unreadable { messages: 1 }.text(), None);
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Delta { text } => Some(text),
            Self::Recovered { missing, .. } => Some(missing),
            Self::Human { message, .. } => message.as_deref(),
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

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Update<'static> {
        match self {
            Self::Meta {
                conversation_id,
                is_replaced,
            } => Update::Meta {
                conversation_id: conversation_id.map(owned),
                is_replaced,
            },
            Self::Delta { text } => Update::Delta { text: owned(text) },
            Self::Done {
                message_id,
                state,
                ts,
            } => Update::Done {
                message_id: message_id.map(owned),
                state: state.map(owned),
                ts: ts.map(owned),
            },
            Self::Human { message, ts } => Update::Human {
                message: message.map(owned),
                ts: ts.map(owned),
            },
            Self::Unknown { event, data } => Update::Unknown {
                event: owned(event),
                data: owned(data),
            },
            Self::Recovering { error } => Update::Recovering {
                error: owned(error),
            },
            Self::Recovered { message, missing } => Update::Recovered {
                message: owned(message),
                missing: owned(missing),
            },
            Self::TurnEnded { turn, end } => Update::TurnEnded {
                turn,
                end: owned(end),
            },
            Self::State(state) => Update::State(owned(state)),
            Self::Message(message) => Update::Message(owned(message)),
            Self::Unreadable { messages } => Update::Unreadable { messages },
            Self::Delayed {
                what,
                delay,
                reason,
            } => Update::Delayed {
                what,
                delay,
                reason,
            },
            Self::HandoffFailed { error } => Update::HandoffFailed {
                error: owned(error),
            },
            Self::Rated { request, rating } => Update::Rated { request, rating },
            Self::RatingFailed { request, error } => Update::RatingFailed {
                request,
                error: owned(error),
            },
        }
    }

    /// The same, borrowed from this one.
    // Apart from the way of a delta, which is to stay short.
    #[inline(never)]
    pub(crate) fn reborrow(&self) -> Update<'_> {
        match self {
            Self::Meta {
                conversation_id,
                is_replaced,
            } => Update::Meta {
                conversation_id: conversation_id.as_ref().map(borrowed),
                is_replaced: *is_replaced,
            },
            Self::Delta { text } => Update::Delta {
                text: borrowed(text),
            },
            Self::Done {
                message_id,
                state,
                ts,
            } => Update::Done {
                message_id: message_id.as_ref().map(borrowed),
                state: state.as_ref().map(borrowed),
                ts: ts.as_ref().map(borrowed),
            },
            Self::Human { message, ts } => Update::Human {
                message: message.as_ref().map(borrowed),
                ts: ts.as_ref().map(borrowed),
            },
            Self::Unknown { event, data } => Update::Unknown {
                event: borrowed(event),
                data: borrowed(data),
            },
            Self::Recovering { error } => Update::Recovering {
                error: borrowed(error),
            },
            Self::Recovered { message, missing } => Update::Recovered {
                message: borrowed(message),
                missing: borrowed(missing),
            },
            Self::TurnEnded { turn, end } => Update::TurnEnded {
                turn: *turn,
                end: borrowed(end),
            },
            Self::State(state) => Update::State(borrowed(state)),
            Self::Message(message) => Update::Message(borrowed(message)),
            Self::Unreadable { messages } => Update::Unreadable {
                messages: *messages,
            },
            Self::Delayed {
                what,
                delay,
                reason,
            } => Update::Delayed {
                what: *what,
                delay: *delay,
                reason: *reason,
            },
            Self::HandoffFailed { error } => Update::HandoffFailed {
                error: borrowed(error),
            },
            Self::Rated { request, rating } => Update::Rated {
                request: *request,
                rating: *rating,
            },
            Self::RatingFailed { request, error } => Update::RatingFailed {
                request: *request,
                error: borrowed(error),
            },
        }
    }
}

fn owned<T: ToOwned + ?Sized>(value: Cow<'_, T>) -> Cow<'static, T> {
    Cow::Owned(value.into_owned())
}

fn borrowed<'a, T: ToOwned + ?Sized>(value: &'a Cow<'_, T>) -> Cow<'a, T> {
    Cow::Borrowed(value)
}

/// An [`Update`] as it is serialised.
#[derive(serde::Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Form<'a> {
    Meta {
        conversation_id: Option<&'a ConversationId>,
    },
    Delta {
        text: &'a str,
    },
    Done {
        message_id: Option<&'a MessageId>,
        state: Option<&'a State>,
        ts: Option<&'a str>,
    },
    Human {
        message: Option<&'a str>,
        ts: Option<&'a str>,
    },
    Unknown {
        event: &'a str,
        data: &'a str,
    },
    Recovering {
        error: &'a Failure,
    },
    Recovered {
        message_id: &'a MessageId,
        text: &'a str,
    },
    TurnEnded {
        turn: u64,
        end: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Failure>,
    },
    State {
        state: &'a State,
    },
    Message {
        id: &'a MessageId,
        role: &'a str,
        content: &'a str,
        created_at: Option<&'a str>,
    },
    Unreadable {
        messages: usize,
    },
    Delayed {
        seconds: f64,
        reason: &'static str,
    },
    HandoffFailed {
        error: &'a Failure,
    },
    Rated {
        request: u64,
        rating: Rating,
    },
    RatingFailed {
        request: u64,
        error: &'a Failure,
    },
}

impl<'a> From<&'a Update<'_>> for Form<'a> {
    fn from(update: &'a Update<'_>) -> Self {
        let text = |ts: &'a Option<Cow<'_, Timestamp>>| ts.as_deref().map(Timestamp::as_str);
        match update {
            Update::Meta {
                conversation_id, ..
            } => Self::Meta {
                conversation_id: conversation_id.as_deref(),
            },
            Update::Delta { text } => Self::Delta { text },
            Update::Done {
                message_id,
                state,
                ts,
            } => Self::Done {
                message_id: message_id.as_deref(),
                state: state.as_deref(),
                ts: text(ts),
            },
            Update::Human { message, ts } => Self::Human {
                message: message.as_deref(),
                ts: text(ts),
            },
            Update::Unknown { event, data } => Self::Unknown { event, data },
            Update::Recovering { error } => Self::Recovering { error },
            Update::Recovered { message, .. } => Self::Recovered {
                message_id: &message.id,
                text: &message.content,
            },
            Update::TurnEnded { turn, end } => Self::TurnEnded {
                turn: turn.as_u64(),
                end: end.name(),
                error: end.failure(),
            },
            Update::State(state) => Self::State { state },
            Update::Message(message) => Self::Message {
                id: &message.id,
                role: message.role.as_str(),
                content: &message.content,
                created_at: message.created_at.as_ref().map(Timestamp::as_str),
            },
            Update::Unreadable { messages } => Self::Unreadable {
                messages: *messages,
            },
            Update::Delayed { delay, reason, .. } => Self::Delayed {
                seconds: delay.as_secs_f64(),
                reason: reason.name(),
            },
            Update::HandoffFailed { error } => Self::HandoffFailed { error },
            Update::Rated { request, rating } => Self::Rated {
                request: request.as_u64(),
                rating: *rating,
            },
            Update::RatingFailed { request, error } => Self::RatingFailed {
                request: request.as_u64(),
                error,
            },
        }
    }
}

impl Serialize for Update<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form::from(self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use crate::failure::{Cause, Cut};

    /// One of each kind, with its JSON.
    fn all() -> Vec<(Update<'static>, &'static str)> {
        let id = ConversationId::new("c1").unwrap();
        let message_id = MessageId::new("m1").unwrap();
        let ts: Timestamp = "2026-06-14T10:00:00.000Z".parse().unwrap();
        let message = serde_json::from_str::<ChatMessage>(
            r#"{"id":"m2","role":"assistant","content":"Բարև, ինչո՞վ օգնեմ 👋"}"#,
        )
        .unwrap();
        [
            (
                Update::Meta {
                    conversation_id: Some(Cow::Owned(id)),
                    is_replaced: true,
                },
                r#"{"type":"meta","conversation_id":"c1"}"#,
            ),
            (
                Update::Delta {
                    text: "Բարև 👋".into(),
                },
                r#"{"type":"delta","text":"Բարև 👋"}"#,
            ),
            (
                Update::Done {
                    message_id: Some(Cow::Owned(message_id)),
                    state: Some(Cow::Owned(State::PendingHuman)),
                    ts: Some(Cow::Owned(ts.clone())),
                },
                r#"{"type":"done","message_id":"m1","state":"pending_human","ts":"2026-06-14T10:00:00.000Z"}"#,
            ),
            (
                Update::Human {
                    message: None,
                    ts: Some(Cow::Owned(ts)),
                },
                r#"{"type":"human","message":null,"ts":"2026-06-14T10:00:00.000Z"}"#,
            ),
            (
                Update::Unknown {
                    event: "mood".into(),
                    data: "😀".into(),
                },
                r#"{"type":"unknown","event":"mood","data":"😀"}"#,
            ),
            (
                Update::Recovering {
                    error: Cow::Owned(Failure::TimedOut),
                },
                r#"{"type":"recovering","error":{"kind":"no_answer","message":"no answer came in time"}}"#,
            ),
            (
                Update::Recovered {
                    message: Cow::Owned(message.clone()),
                    missing: " 👋".into(),
                },
                r#"{"type":"recovered","message_id":"m2","text":"Բարև, ինչո՞վ օգնեմ 👋"}"#,
            ),
            (
                Update::TurnEnded {
                    turn: TurnId::from_u64(7),
                    end: Cow::Owned(TurnEnd::Done),
                },
                r#"{"type":"turn_ended","turn":7,"end":"done"}"#,
            ),
            (
                Update::TurnEnded {
                    turn: TurnId::from_u64(8),
                    end: Cow::Owned(TurnEnd::Failed(Failure::Cut(Cut::Truncated))),
                },
                r#"{"type":"turn_ended","turn":8,"end":"failed","error":{"kind":"incomplete","message":"the reply is incomplete: the stream ended before the reply did"}}"#,
            ),
            (
                Update::State(Cow::Owned(State::Closed)),
                r#"{"type":"state","state":"closed"}"#,
            ),
            (
                Update::Message(Cow::Owned(message)),
                r#"{"type":"message","id":"m2","role":"assistant","content":"Բարև, ինչո՞վ օգնեմ 👋","created_at":null}"#,
            ),
            (
                Update::Unreadable { messages: 2 },
                r#"{"type":"unreadable","messages":2}"#,
            ),
            (
                Update::Delayed {
                    what: Delayed::Message,
                    delay: Duration::from_millis(1500),
                    reason: DelayReason::RateLimited,
                },
                r#"{"type":"delayed","seconds":1.5,"reason":"rate_limited"}"#,
            ),
            (
                Update::HandoffFailed {
                    error: Cow::Owned(Failure::Service("Սխալ".into())),
                },
                r#"{"type":"handoff_failed","error":{"kind":"failed","message":"Սխալ"}}"#,
            ),
            (
                Update::Rated {
                    request: RequestId::from_u64(3),
                    rating: Rating::Up,
                },
                r#"{"type":"rated","request":3,"rating":1}"#,
            ),
            (
                Update::RatingFailed {
                    request: RequestId::from_u64(4),
                    error: Cow::Owned(Failure::NotSent(Cause::UNKNOWN)),
                },
                r#"{"type":"rating_failed","request":4,"error":{"kind":"unreachable","message":"the service could not be reached"}}"#,
            ),
        ]
        .into()
    }

    #[test]
    fn an_update_is_serialised_in_the_words_of_the_api() {
        for (update, json) in all() {
            assert_eq!(serde_json::to_string(&update).unwrap(), json);
        }
    }

    #[test]
    fn an_update_is_the_same_borrowed_and_owned_again() {
        for (update, _) in all() {
            assert_eq!(update.reborrow(), update);
            assert_eq!(update.reborrow().into_owned(), update);
        }
    }

    #[test]
    fn the_text_of_an_update_is_what_to_append() {
        let texts: Vec<_> = all()
            .iter()
            .filter_map(|(update, _)| update.text().map(ToString::to_string))
            .collect();
        assert_eq!(texts, ["Բարև 👋", " 👋", "Բարև, ինչո՞վ օգնեմ 👋"]);
    }
}
