//! What happened in a conversation, in plain fields.

use core::time::Duration;

use highchat_proto::conversation::{self, DelayReason as Reason};
use highchat_proto::{self as proto, ChatMessage, MessageId, Timestamp};

use crate::failure::{Failure, FailureTexts};
use crate::state::{RATING_DOWN, RATING_UP, State};
use crate::text::Text;
use crate::time::milliseconds;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum UpdateKind {
    /// The conversation of the reply: `conversation_id`, `is_replaced`.
    Meta = 1,
    /// A part of the reply: `text`.
    Delta = 2,
    /// The reply is whole: `message_id`, `state`, `state_text`, `timestamp`.
    Done = 3,
    /// A person took over: `text` is a sentence to show, `timestamp`.
    Human = 4,
    /// An event that the API's text does not name: `event`, `data`.
    Unknown = 5,
    /// The reply was cut or never came, and a search for it begins: `failure`.
    Recovering = 6,
    /// The search found the whole reply: `text` is the part that was missing, and the whole
    /// message is in `message_id`, `role`, `role_text`, `content` and `timestamp`.
    Recovered = 7,
    /// The turn ended, exactly once for each message that was sent: `id`, `turn_end`, and
    /// `failure` if it failed.
    TurnEnded = 8,
    /// The state changed: `state`, `state_text`.
    State = 9,
    /// A message that a poll found, once each: `message_id`, `role`, `role_text`, `content`,
    /// `timestamp`. `text` is its content if the user did not write it.
    Message = 10,
    /// Messages of a page were invalid and are left out: `count`.
    Unreadable = 11,
    /// An attempt failed, and a new one follows: `delayed`, `delay_reason`, `delay_ms`.
    Delayed = 12,
    /// Polling ended with an error: `failure`. No later messages of a person are shown.
    HandoffFailed = 13,
    /// The service took the rating: `id`, `rating`.
    Rated = 14,
    /// The rating failed: `id`, `failure`. Rating again does no harm.
    RatingFailed = 15,
    /// An update of a newer version.
    Other = 16,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum TurnEnd {
    /// The update is not the end of a turn.
    None = 0,
    /// The reply is whole.
    Done = 1,
    /// A person has the message, and answers from now on.
    Human = 2,
    /// The stream was cut, and a search found the whole reply.
    Recovered = 3,
    /// There is no reply, or only a part of it.
    Failed = 4,
    /// The program cancelled the turn. The message may have been taken.
    Cancelled = 5,
    /// An end of a newer version. The reply may be incomplete.
    Other = 6,
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Role {
    /// The update has no message.
    None = 0,
    /// The user.
    User = 1,
    /// The bot, or a person who answers in its place.
    Assistant = 2,
    /// A role that the API's text does not name.
    Other = 3,
}

/// What is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Delayed {
    /// Nothing.
    None = 0,
    /// Sending the message.
    Message = 1,
    /// Sending the rating.
    Rating = 2,
    /// Asking for a person's messages.
    Poll = 3,
    /// Something of a newer version.
    Other = 4,
}

/// Why it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DelayReason {
    /// Nothing is tried again.
    None = 0,
    /// The service answered 429.
    RateLimited = 1,
    /// The service could not be reached. Nothing was sent.
    NotSent = 2,
    /// The failure is temporary, and the request can be repeated without harm.
    Transient = 3,
    /// A reason of a newer version.
    Other = 4,
}

/// Something that happened. `kind` says which other fields mean something; the others are
/// absent, 0 or `NONE`. The texts are valid until the next call with the same conversation.
/// Texts of the service are untrusted.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Update {
    /// What happened.
    pub kind: UpdateKind,
    /// How the turn ended.
    pub turn_end: TurnEnd,
    /// The text to append to the screen; absent if there is none. A program that shows only
    /// these texts misses nothing that the bot or a person wrote.
    pub text: Text,
    /// The id of the conversation; absent if none is known.
    pub conversation_id: Text,
    /// The id of the message; absent if the service sent none.
    pub message_id: Text,
    /// The author of the message, as the service writes it.
    pub role_text: Text,
    /// The whole content of the message.
    pub content: Text,
    /// The state, as the service writes it; absent if there is none.
    pub state_text: Text,
    /// The service's time, as it wrote it; absent if there is none.
    pub timestamp: Text,
    /// The type of an unknown event.
    pub event: Text,
    /// The data of an unknown event.
    pub data: Text,
    /// What went wrong.
    pub failure: Failure,
    /// The turn that `highchat_conversation_send` returned, or the rating that
    /// `highchat_conversation_rate` returned.
    pub id: u64,
    /// The number of messages that are left out.
    pub count: u64,
    /// The time until the next attempt.
    pub delay_ms: u64,
    /// The author of the message.
    pub role: Role,
    /// The state.
    pub state: State,
    /// What is tried again.
    pub delayed: Delayed,
    /// Why it is tried again.
    pub delay_reason: DelayReason,
    /// The rating: `HIGHCHAT_RATING_UP` or `HIGHCHAT_RATING_DOWN`.
    pub rating: u32,
    /// Whether the id of the conversation differs from the one before.
    pub is_replaced: bool,
}

impl Update {
    const fn new(kind: UpdateKind) -> Self {
        Self {
            kind,
            turn_end: TurnEnd::None,
            text: Text::NONE,
            conversation_id: Text::NONE,
            message_id: Text::NONE,
            role_text: Text::NONE,
            content: Text::NONE,
            state_text: Text::NONE,
            timestamp: Text::NONE,
            event: Text::NONE,
            data: Text::NONE,
            failure: Failure::NONE,
            id: 0,
            count: 0,
            delay_ms: 0,
            role: Role::None,
            state: State::None,
            delayed: Delayed::None,
            delay_reason: DelayReason::None,
            rating: 0,
            is_replaced: false,
        }
    }

    /// The texts live in the update's conversation and in `texts`.
    pub(crate) fn of(update: &proto::Update<'_>, texts: &mut FailureTexts) -> Self {
        let mut shown = Self::with_kind(update, texts);
        shown.text = Text::some(update.text());
        shown
    }

    fn with_kind(update: &proto::Update<'_>, texts: &mut FailureTexts) -> Self {
        use UpdateKind as Kind;
        match update {
            proto::Update::Meta {
                conversation_id,
                is_replaced,
            } => Self {
                conversation_id: Text::some(conversation_id.as_deref().map(|id| id.as_str())),
                is_replaced: *is_replaced,
                ..Self::new(Kind::Meta)
            },
            proto::Update::Delta { .. } => Self::new(Kind::Delta),
            proto::Update::Done {
                message_id,
                state,
                ts,
            } => Self {
                message_id: Text::some(message_id.as_deref().map(MessageId::as_str)),
                timestamp: Text::some(ts.as_deref().map(Timestamp::as_str)),
                ..Self::new(Kind::Done).with_state(state.as_deref())
            },
            proto::Update::Human { ts, .. } => Self {
                timestamp: Text::some(ts.as_deref().map(Timestamp::as_str)),
                ..Self::new(Kind::Human)
            },
            proto::Update::Unknown { event, data } => Self {
                event: Text::of(event),
                data: Text::of(data),
                ..Self::new(Kind::Unknown)
            },
            proto::Update::Recovering { error } => Self {
                failure: Failure::of(error, texts),
                ..Self::new(Kind::Recovering)
            },
            proto::Update::Recovered { message, .. } => {
                Self::new(Kind::Recovered).with_message(message)
            }
            proto::Update::TurnEnded { turn, end } => Self {
                id: turn.as_u64(),
                turn_end: TurnEnd::of(end),
                failure: end
                    .failure()
                    .map_or(Failure::NONE, |failure| Failure::of(failure, texts)),
                ..Self::new(Kind::TurnEnded)
            },
            proto::Update::State(state) => Self::new(Kind::State).with_state(Some(state)),
            proto::Update::Message(message) => Self::new(Kind::Message).with_message(message),
            proto::Update::Unreadable { messages } => Self {
                count: u64::try_from(*messages).unwrap_or(u64::MAX),
                ..Self::new(Kind::Unreadable)
            },
            proto::Update::Delayed {
                what,
                delay,
                reason,
            } => Self::delayed(*what, *delay, *reason),
            proto::Update::HandoffFailed { error } => Self {
                failure: Failure::of(error, texts),
                ..Self::new(Kind::HandoffFailed)
            },
            proto::Update::Rated { request, rating } => Self {
                id: request.as_u64(),
                rating: match rating {
                    proto::Rating::Up => RATING_UP,
                    proto::Rating::Down => RATING_DOWN,
                },
                ..Self::new(Kind::Rated)
            },
            proto::Update::RatingFailed { request, error } => Self {
                id: request.as_u64(),
                failure: Failure::of(error, texts),
                ..Self::new(Kind::RatingFailed)
            },
            _ => Self::new(Kind::Other),
        }
    }

    fn with_state(mut self, state: Option<&proto::State>) -> Self {
        if let Some(state) = state {
            self.state = State::of(state);
            self.state_text = Text::of(state.as_str());
        }
        self
    }

    fn with_message(mut self, message: &ChatMessage) -> Self {
        self.message_id = Text::of(message.id.as_str());
        self.role = match message.role {
            proto::Role::User => Role::User,
            proto::Role::Assistant => Role::Assistant,
            _ => Role::Other,
        };
        self.role_text = Text::of(message.role.as_str());
        self.content = Text::of(&message.content);
        self.timestamp = Text::some(message.created_at.as_ref().map(Timestamp::as_str));
        self
    }

    fn delayed(what: conversation::Delayed, delay: Duration, reason: Reason) -> Self {
        Self {
            delayed: match what {
                conversation::Delayed::Message => Delayed::Message,
                conversation::Delayed::Rating => Delayed::Rating,
                conversation::Delayed::Poll => Delayed::Poll,
                _ => Delayed::Other,
            },
            delay_reason: match reason {
                Reason::RateLimited => DelayReason::RateLimited,
                Reason::NotSent => DelayReason::NotSent,
                Reason::Transient => DelayReason::Transient,
                _ => DelayReason::Other,
            },
            delay_ms: milliseconds(delay),
            ..Self::new(UpdateKind::Delayed)
        }
    }
}

impl TurnEnd {
    const fn of(end: &proto::TurnEnd) -> Self {
        match end {
            proto::TurnEnd::Done => Self::Done,
            proto::TurnEnd::Human => Self::Human,
            proto::TurnEnd::Recovered => Self::Recovered,
            proto::TurnEnd::Failed(_) => Self::Failed,
            proto::TurnEnd::Cancelled => Self::Cancelled,
            _ => Self::Other,
        }
    }
}
