//! Events as the API's text and `Event::parse` describe them, read from a tree.

use highchat_proto::event::Event;
use highchat_proto::id::{ConversationId, MessageId, Timestamp};
use highchat_proto::state::State;

use crate::json::{Json, Text};

/// An object of which certain fields are wanted.
struct Fields<'j>(&'j [(Text, Json)]);

/// The event, where the data are what the API's text says.
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
            conversation_id: match fields.get("conversation_id")? {
                Json::Null => None,
                Json::Text(id) if id.units.is_empty() => None,
                Json::Text(id) => Some(ConversationId::new(id.lossy()).ok()?),
                _ => return None,
            },
        },
        b"done" => Event::Done {
            message_id: MessageId::new(fields.text("message_id")?.lossy()).ok()?,
            state: State::from(&*fields.text("state")?.lossy()),
            ts: fields.time("ts")?,
        },
        b"human" => Event::Human {
            message: fields.text("message")?.lossy().into(),
            ts: fields.time("ts")?,
        },
        _ => Event::Error {
            message: fields.text("message")?.lossy().into(),
        },
    })
}

/// The text of a `delta`, halves of pairs and all.
pub(crate) fn delta_units(data: &[u8]) -> Option<Vec<u16>> {
    let json = Json::read(&String::from_utf8_lossy(data))?;
    let fields = Fields::of(&json, &["text"])?;
    Some(fields.text("text")?.units.clone())
}

impl<'j> Fields<'j> {
    /// The fields of an object, each known one at most once. What the reader skips has to be
    /// JSON, but for numbers of any size and halves of pairs in the values; names are read.
    fn of(json: &'j Json, known: &[&str]) -> Option<Self> {
        let Json::Object(members) = json else {
            return None;
        };
        let mut seen = Vec::new();
        for (name, value) in members {
            let name = name.strict()?;
            if !known.contains(&&*name) {
                value
                    .texts()
                    .iter()
                    .all(|text| !text.has_control)
                    .then_some(())?;
            } else if seen.contains(&name) {
                return None;
            } else {
                seen.push(name);
            }
        }
        Some(Self(members))
    }

    fn get(&self, name: &str) -> Option<&'j Json> {
        let mut members = self.0.iter();
        let (_, value) = members.find(|(known, _)| known.strict().as_deref() == Some(name))?;
        Some(value)
    }

    /// A string; its control characters need no escape.
    fn text(&self, name: &str) -> Option<&'j Text> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A time, or none that can be read; `None`: not even JSON as serde_json keeps it, which
    /// is stricter than what it skips.
    fn time(&self, name: &str) -> Option<Option<Timestamp>> {
        const DEEPEST: usize = 126;
        let value = self.get(name)?;
        let is_kept = value.depth() <= DEEPEST
            && value.texts().iter().all(|text| text.strict().is_some())
            && !value.any(&|json| matches!(json, Json::Number(n) if number(n).is_none()));
        is_kept.then(|| match value {
            Json::Text(text) => text.strict().expect("as above").parse().ok(),
            Json::Number(literal) => number(literal).expect("as above").parse().ok(),
            _ => None,
        })
    }
}

/// A number as it is told to a reader of times; `None`: out of range.
fn number(literal: &str) -> Option<String> {
    let number: serde_json::Number = serde_json::from_str(literal).ok()?;
    let integer = number.as_u64().map(|number| number.to_string());
    let integer = integer.or_else(|| number.as_i64().map(|number| number.to_string()));
    integer.or_else(|| number.as_f64().map(|number| number.to_string()))
}
