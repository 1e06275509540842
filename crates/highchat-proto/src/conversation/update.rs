//! What happened in a conversation, for the application to show.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use core::fmt;
use core::time::Duration;

#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

use super::backoff::DelayReason;
use super::exchanges::RequestId;
use crate::api::{ChatMessage, ConversationId, MessageId, Rating, State, Timestamp};
use crate::failure::Failure;
use crate::json::{Content, Object};

/// The id of a turn. [`Conversation::send`](crate::Conversation::send) returns it, and
/// [`Update::TurnEnded`] repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(u64);

impl TurnId {
    /// The id as a number, for interfaces that cannot carry this type.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The id with this number, which [`as_u64`](Self::as_u64) returned.
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

/// How a turn ended. Each turn ends exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnEnd {
    /// The event `done` came. The reply is whole.
    Done,
    /// The event `human` came. A person has the message, and answers from now on.
    Human,
    /// The stream was cut, and a search found the whole reply.
    Recovered,
    /// There is no reply, or only a part of it.
    Failed(Failure),
    /// The application cancelled the turn. The message may have been taken.
    Cancelled,
}

impl TurnEnd {
    /// The end in one word: `done`, `human`, `recovered`, `failed` or `cancelled`.
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

    /// The failure, if the turn failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Done | Self::Human | Self::Recovered | Self::Cancelled => None,
        }
    }
}

/// What is delayed until the next attempt.
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

/// Something that happened in a conversation, for the application to show.
///
/// It borrows from its conversation, so that showing a delta needs no copy and no allocation.
/// [`into_owned`](Self::into_owned) returns an update that can be kept or sent to another thread.
///
/// Its JSON ([`to_json`](Self::to_json)) is one object with a `type` and the API's field names.
/// With the feature `serde` it is serialised alike. The program's `--json` prints these: `meta`,
/// `delta`, `done`, `human`, `message`, `state`, `delayed`, `recovered`. The other types are only
/// ours: `unknown`, `recovering`, `turn_ended`, `unreadable`, `handoff_failed`, `rated`,
/// `rating_failed`.
///
/// ```
/// use highchat_proto::Update;
///
/// let update = Update::Delta { text: "Բարև 👋".into() };
/// assert_eq!(update.to_json(), r#"{"type":"delta","text":"Բարև 👋"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update<'a> {
    /// The event `meta`: the conversation to which the reply belongs.
    Meta {
        /// The conversation's id, if one is known.
        conversation_id: Option<Cow<'a, ConversationId>>,
        /// The id differs from the one before.
        is_replaced: bool,
    },
    /// A part of the reply.
    Delta {
        /// The text to append.
        text: Cow<'a, str>,
    },
    /// The reply is whole.
    Done {
        /// The message id of the reply, if the service sent one.
        message_id: Option<Cow<'a, MessageId>>,
        /// The state, if the event has one.
        state: Option<Cow<'a, State>>,
        /// The service's timestamp.
        ts: Option<Cow<'a, Timestamp>>,
    },
    /// A person took over.
    Human {
        /// A text to show, if the service sent one.
        message: Option<Cow<'a, str>>,
        /// The service's timestamp.
        ts: Option<Cow<'a, Timestamp>>,
    },
    /// An event type that the API's text does not name.
    Unknown {
        /// The event type.
        event: Cow<'a, str>,
        /// The data, unparsed.
        data: Cow<'a, str>,
    },
    /// The reply was cut or never came, and a search for it begins.
    Recovering {
        /// What went wrong.
        error: Cow<'a, Failure>,
    },
    /// The search found the whole reply.
    Recovered {
        /// The whole message.
        message: Cow<'a, ChatMessage>,
        /// The rest of its content, after the text shown so far. Append it.
        missing: Cow<'a, str>,
    },
    /// The turn ended. This comes exactly once for each sent message.
    TurnEnded {
        /// The id that [`send`](crate::Conversation::send) returned.
        turn: TurnId,
        /// How it ended.
        end: Cow<'a, TurnEnd>,
    },
    /// The state changed.
    State(Cow<'a, State>),
    /// A message that a poll found. Each message comes once. Its role says who wrote it.
    Message(Cow<'a, ChatMessage>),
    /// Some messages of a page were invalid and are left out.
    Unreadable {
        /// The number of these messages.
        messages: usize,
    },
    /// An attempt failed, and a new attempt follows.
    Delayed {
        /// What is tried again.
        what: Delayed,
        /// The time until then.
        delay: Duration,
        /// Why it failed.
        reason: DelayReason,
    },
    /// Polling ended with an error. No later messages of a person are shown.
    HandoffFailed {
        /// The error.
        error: Cow<'a, Failure>,
    },
    /// The service took the rating.
    Rated {
        /// The id that [`rate`](crate::Conversation::rate) returned.
        request: RequestId,
        /// The rating.
        rating: Rating,
    },
    /// The rating failed. The service may have taken it; rating again does no harm.
    RatingFailed {
        /// The id that [`rate`](crate::Conversation::rate) returned.
        request: RequestId,
        /// The error.
        error: Cow<'a, Failure>,
    },
}

impl Update<'_> {
    /// The text to append to the screen; `None` if the update has none. It is a delta, the rest
    /// of a recovered reply, the text of a `human` event, or a polled message that the user did
    /// not write. Untrusted text.
    ///
    /// A program that shows only these texts misses nothing that the bot or a person wrote.
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

    /// Returns an update that borrows nothing.
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

    /// The `type` in the JSON.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Meta { .. } => "meta",
            Self::Delta { .. } => "delta",
            Self::Done { .. } => "done",
            Self::Human { .. } => "human",
            Self::Unknown { .. } => "unknown",
            Self::Recovering { .. } => "recovering",
            Self::Recovered { .. } => "recovered",
            Self::TurnEnded { .. } => "turn_ended",
            Self::State(_) => "state",
            Self::Message(_) => "message",
            Self::Unreadable { .. } => "unreadable",
            Self::Delayed { .. } => "delayed",
            Self::HandoffFailed { .. } => "handoff_failed",
            Self::Rated { .. } => "rated",
            Self::RatingFailed { .. } => "rating_failed",
        }
    }

    /// The update as JSON, as the type's documentation says.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::json::to_string(self)
    }

    /// Returns an update that borrows from this one.
    // Never inlined, to keep the code path of a delta short.
    #[inline(never)]
    pub(crate) fn reborrow(&self) -> Update<'_> {
        match self {
            Self::Meta {
                conversation_id,
                is_replaced,
            } => Update::Meta {
                conversation_id: conversation_id.as_deref().map(Cow::Borrowed),
                is_replaced: *is_replaced,
            },
            Self::Delta { text } => Update::Delta {
                text: Cow::Borrowed(text),
            },
            Self::Done {
                message_id,
                state,
                ts,
            } => Update::Done {
                message_id: message_id.as_deref().map(Cow::Borrowed),
                state: state.as_deref().map(Cow::Borrowed),
                ts: ts.as_deref().map(Cow::Borrowed),
            },
            Self::Human { message, ts } => Update::Human {
                message: message.as_deref().map(Cow::Borrowed),
                ts: ts.as_deref().map(Cow::Borrowed),
            },
            Self::Unknown { event, data } => Update::Unknown {
                event: Cow::Borrowed(event),
                data: Cow::Borrowed(data),
            },
            Self::Recovering { error } => Update::Recovering {
                error: Cow::Borrowed(error),
            },
            Self::Recovered { message, missing } => Update::Recovered {
                message: Cow::Borrowed(message),
                missing: Cow::Borrowed(missing),
            },
            Self::TurnEnded { turn, end } => Update::TurnEnded {
                turn: *turn,
                end: Cow::Borrowed(end),
            },
            Self::State(state) => Update::State(Cow::Borrowed(state)),
            Self::Message(message) => Update::Message(Cow::Borrowed(message)),
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
                error: Cow::Borrowed(error),
            },
            Self::Rated { request, rating } => Update::Rated {
                request: *request,
                rating: *rating,
            },
            Self::RatingFailed { request, error } => Update::RatingFailed {
                request: *request,
                error: Cow::Borrowed(error),
            },
        }
    }
}

fn owned<T: ToOwned + ?Sized>(value: Cow<'_, T>) -> Cow<'static, T> {
    Cow::Owned(value.into_owned())
}

/// The first field is the `type`.
impl Object for Update<'_> {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        fn time<'a>(ts: &'a Option<Cow<'_, Timestamp>>) -> Content<'a> {
            ts.as_deref().map(Timestamp::as_str).into()
        }
        put("type", Content::Text(self.kind()));
        match self {
            Self::Meta {
                conversation_id, ..
            } => {
                let id = conversation_id.as_deref().map(ConversationId::as_str);
                put("conversation_id", id.into());
            }
            Self::Delta { text } => {
                put("text", Content::Text(text));
            }
            Self::Done {
                message_id,
                state,
                ts,
            } => {
                let id = message_id.as_deref().map(MessageId::as_str);
                put("message_id", id.into());
                put("state", state.as_deref().map(State::as_str).into());
                put("ts", time(ts));
            }
            Self::Human { message, ts } => {
                put("message", message.as_deref().into());
                put("ts", time(ts));
            }
            Self::Unknown { event, data } => {
                put("event", Content::Text(event));
                put("data", Content::Text(data));
            }
            Self::Recovering { error } => {
                put("error", Content::Object(&**error));
            }
            Self::Recovered { message, .. } => {
                put("message_id", Content::Text(message.id.as_str()));
                put("text", Content::Text(&message.content));
            }
            Self::TurnEnded { turn, end } => {
                put("turn", Content::Number(turn.as_u64()));
                put("end", Content::Text(end.name()));
                if let Some(failure) = end.failure() {
                    put("error", Content::Object(failure));
                }
            }
            Self::State(state) => {
                put("state", Content::Text(state.as_str()));
            }
            Self::Message(message) => {
                message.fields(put);
            }
            Self::Unreadable { messages } => {
                put("messages", Content::Number(*messages as u64));
            }
            Self::Delayed { delay, reason, .. } => {
                put("seconds", Content::Seconds(*delay));
                put("reason", Content::Text(reason.name()));
            }
            Self::HandoffFailed { error } => {
                put("error", Content::Object(&**error));
            }
            Self::Rated { request, rating } => {
                put("request", Content::Number(request.as_u64()));
                put("rating", Content::Number(rating.as_number().into()));
            }
            Self::RatingFailed { request, error } => {
                put("request", Content::Number(request.as_u64()));
                put("error", Content::Object(&**error));
            }
        }
    }
}

#[cfg(feature = "serde")]
impl Serialize for Update<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("Update", self, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Value;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use crate::failure::{Cause, Cut};

    /// One update of each kind, with its JSON.
    fn all() -> Vec<(Update<'static>, &'static str)> {
        let id = ConversationId::new("c1").unwrap();
        let message_id = MessageId::new("m1").unwrap();
        let ts: Timestamp = "2026-06-14T10:00:00.000Z".parse().unwrap();
        let message = r#"{"id":"m2","role":"assistant","content":"Բարև, ինչո՞վ օգնեմ 👋"}"#;
        let message = ChatMessage::read(Value::read(message).unwrap()).unwrap();
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
    fn an_update_is_serialised_with_the_names_of_the_api() {
        for (update, json) in all() {
            assert_eq!(update.to_json(), json);
            #[cfg(feature = "serde")]
            assert_eq!(serde_json::to_string(&update).unwrap(), json);
        }
    }

    #[test]
    fn an_update_equals_its_borrowed_and_owned_copies() {
        for (update, _) in all() {
            assert_eq!(update.reborrow(), update);
            assert_eq!(update.reborrow().into_owned(), update);
        }
    }

    #[test]
    fn the_text_of_an_update_is_the_text_to_append() {
        let texts: Vec<_> = all()
            .iter()
            .filter_map(|(update, _)| update.text().map(ToString::to_string))
            .collect();
        assert_eq!(texts, ["Բարև 👋", " 👋", "Բարև, ինչո՞վ օգնեմ 👋"]);
    }
}
