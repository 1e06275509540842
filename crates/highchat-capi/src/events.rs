//! Typed events, for a program that has an HTTP client of its own.

use std::borrow::Cow;

use highchat_proto::{
    self as proto, ConversationId, EventDecodeError, EventDecoder, MessageId, Timestamp,
};

use crate::guard::Handle;
use crate::state::State;
use crate::status::Status;
use crate::text::Text;

/// Reads the events of a reply. It belongs to the caller, who frees it with
/// `highchat_events_free`.
pub struct Events {
    is_broken: bool,
    decoder: EventDecoder,
    /// The event that was returned last, if it does not lie in the decoder or in the input.
    event: Option<proto::Event<'static>>,
}

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum EventKind {
    /// The conversation of the reply: `conversation_id`.
    Meta = 1,
    /// A piece of the reply: `text`.
    Delta = 2,
    /// The reply is whole: `message_id`, `state`, `state_text`, `timestamp`.
    Done = 3,
    /// A person took over: `text` is a sentence to show, `timestamp`.
    Human = 4,
    /// The reply failed: `text` is a sentence to show.
    Error = 5,
    /// The service is alive.
    Ping = 6,
    /// An event that the API's text does not name: `event`, `data`.
    Unknown = 7,
}

/// An event of a reply. `kind` says which other fields mean something; the others are absent.
/// The texts are valid until the next call with the same events, and only as long as the input
/// from which the event was read. They are untrusted.
///
/// Only `DONE`, `HUMAN` and `ERROR` end a reply. A body that ends without one of them was cut,
/// even if it is complete for HTTP.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Event {
    /// The type.
    pub kind: EventKind,
    /// The new state.
    pub state: State,
    /// The text to show or to append; absent if the service sent none.
    pub text: Text,
    /// The id to send with the next message; absent if the service sent none.
    pub conversation_id: Text,
    /// The id of the reply; absent if the service sent none.
    pub message_id: Text,
    /// The new state as the service writes it; absent if the service sent none.
    pub state_text: Text,
    /// The service's time; absent if the service sent none.
    pub timestamp: Text,
    /// The type of an unknown event.
    pub event: Text,
    /// The data of an unknown event.
    pub data: Text,
}

impl Handle for Events {
    fn broken(&mut self) -> &mut bool {
        &mut self.is_broken
    }
}

impl Events {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            is_broken: false,
            decoder: EventDecoder::with_limit(limit),
            event: None,
        }
    }

    pub(crate) fn decode(&mut self, input: &mut &[u8]) -> Result<Event, Status> {
        match self.decoder.decode(input) {
            Ok(Some(event)) => Ok(shown(event, &mut self.event)),
            Ok(None) => Err(Status::Nothing),
            Err(EventDecodeError::Event(_)) => Err(Status::InvalidEvent),
            Err(_) => Err(Status::EventTooLong),
        }
    }

    pub(crate) fn finish(&mut self) -> Result<Event, Status> {
        let event = self.decoder.finish().ok_or(Status::Nothing)?;
        Ok(shown(event, &mut self.event))
    }

    pub(crate) fn reset(&mut self) {
        self.decoder.reset();
    }
}

/// The event for C. `kept` keeps what does not lie in the decoder or in the input.
fn shown(event: proto::Event<'_>, kept: &mut Option<proto::Event<'static>>) -> Event {
    match event {
        proto::Event::Delta { text } => match text.into_cow() {
            // It lies in the input or the decoder, so it is not copied.
            Cow::Borrowed(text) => Event {
                text: Text::of(text),
                ..Event::new(EventKind::Delta)
            },
            Cow::Owned(text) => Event::of(kept.insert(proto::Event::Delta {
                text: Cow::<str>::Owned(text).into(),
            })),
        },
        event => Event::of(kept.insert(event.into_owned())),
    }
}

impl Event {
    const fn new(kind: EventKind) -> Self {
        Self {
            kind,
            state: State::None,
            text: Text::NONE,
            conversation_id: Text::NONE,
            message_id: Text::NONE,
            state_text: Text::NONE,
            timestamp: Text::NONE,
            event: Text::NONE,
            data: Text::NONE,
        }
    }

    fn of(event: &proto::Event<'_>) -> Self {
        match event {
            proto::Event::Meta { conversation_id } => Self {
                conversation_id: Text::some(conversation_id.as_ref().map(ConversationId::as_str)),
                ..Self::new(EventKind::Meta)
            },
            proto::Event::Delta { text } => Self {
                text: Text::of(text),
                ..Self::new(EventKind::Delta)
            },
            proto::Event::Done {
                message_id,
                state,
                ts,
            } => Self {
                message_id: Text::some(message_id.as_ref().map(MessageId::as_str)),
                state: state.as_ref().map_or(State::None, State::of),
                state_text: Text::some(state.as_ref().map(proto::State::as_str)),
                timestamp: Text::some(ts.as_ref().map(Timestamp::as_str)),
                ..Self::new(EventKind::Done)
            },
            proto::Event::Human { message, ts } => Self {
                text: Text::some(message.as_deref()),
                timestamp: Text::some(ts.as_ref().map(Timestamp::as_str)),
                ..Self::new(EventKind::Human)
            },
            proto::Event::Error { message } => Self {
                text: Text::some(message.as_deref()),
                ..Self::new(EventKind::Error)
            },
            proto::Event::Ping => Self::new(EventKind::Ping),
            proto::Event::Unknown { event, data } => Self {
                event: Text::of(event),
                data: Text::of(data),
                ..Self::new(EventKind::Unknown)
            },
            other => Self {
                event: Text::of(other.name()),
                ..Self::new(EventKind::Unknown)
            },
        }
    }
}
