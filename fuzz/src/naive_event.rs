//! A naive reader of events, after the API's text and the documentation of `Event::parse`.

use highchat_proto::{ConversationId, Event, MessageId, State};

use crate::fields::{Fields, text, time};
use crate::json::Json;

/// The event, or `None` if `Event::parse` must refuse it.
pub(crate) fn read(event: &[u8], data: &[u8]) -> Option<Event<'static>> {
    let data = String::from_utf8_lossy(data);
    let known: &[&str] = match event {
        b"delta" => &["text"],
        b"meta" => &["conversation_id"],
        b"done" => &["message_id", "state", "ts"],
        b"human" => &["message", "ts"],
        b"error" => &["message"],
        b"ping" => return Some(Event::Ping),
        unknown => {
            return Some(Event::Unknown {
                event: String::from_utf8_lossy(unknown).into_owned().into(),
                data: data.into_owned().into(),
            });
        }
    };
    let json = Json::read(&data)?;
    let fields = Fields::of(&json, known)?;
    Some(match event {
        b"delta" => Event::Delta {
            text: fields.text("text")?.lossy().into(),
        },
        b"meta" => Event::Meta {
            conversation_id: fields
                .optional("conversation_id", |id| ConversationId::new(text(id)?).ok()),
        },
        b"done" => Event::Done {
            message_id: fields.optional("message_id", |id| MessageId::new(text(id)?).ok()),
            state: fields.optional("state", |state| Some(State::from(&*text(state)?))),
            ts: fields.optional("ts", time),
        },
        b"human" => Event::Human {
            message: fields.optional("message", text).map(Into::into),
            ts: fields.optional("ts", time),
        },
        _ => Event::Error {
            message: fields.optional("message", text).map(Into::into),
        },
    })
}

/// The text of a `delta` in UTF-16 units, with lone surrogate halves.
pub(crate) fn delta_units(data: &[u8]) -> Option<Vec<u16>> {
    let json = Json::read(&String::from_utf8_lossy(data))?;
    let fields = Fields::of(&json, &["text"])?;
    Some(fields.text("text")?.units.clone())
}
