//! Reads events, pages and error bodies with serde_json: the oracle of the tests for the reader
//! of this crate, which they must agree with.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ConversationId, Event, MessageId, Role, State, Timestamp};

/// A `T` that is deserialized only from a JSON object. A derived `Deserialize` also accepts an
/// array, and takes its items as the fields in order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Escapes the control characters in the strings of a JSON text.
pub(super) fn escape_controls(json: &str) -> String {
    let mut escaped = String::new();
    let (mut in_string, mut is_escaped) = (false, false);
    for c in json.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '"' => in_string = !in_string,
            '\\' => is_escaped = in_string,
            '\0'..' ' if in_string => {
                write!(escaped, "\\u{:04x}", u32::from(c)).expect("memory");
                continue;
            }
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

/// A string, with U+FFFD for each lone surrogate half.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(text)?.get();
        let wrong = || serde::de::Error::custom("not a string");
        let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        let mut rest = inner.ok_or_else(wrong)?;
        let mut units = Vec::<u16>::new();
        while let Some(c) = rest.chars().next() {
            let len = match (c, rest.as_bytes().get(1)) {
                ('\\', Some(b'u')) => 6,
                ('\\', _) => 2,
                _ => c.len_utf8(),
            };
            let (piece, after) = rest.split_at(len);
            rest = after;
            match len {
                6 => units.push(u16::from_str_radix(&piece[2..], 16).map_err(|_| wrong())?),
                _ => {
                    let plain: String = serde_json::from_str(&alloc::format!("\"{piece}\""))
                        .map_err(|_| wrong())?;
                    units.extend(plain.encode_utf16());
                }
            }
        }
        Ok(Self(String::from_utf16_lossy(&units)))
    }
}

/// Reads the value of a field, or returns `None` if it is JSON of any other form.
fn readable_or_none<'de, D, T>(value: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let value = <&'de RawValue>::deserialize(value)?;
    Ok(serde_json::from_str(value.get()).ok())
}

/// The fields of all events but `delta`. An unknown field is ignored, but a repeated one is not,
/// so each event has a type of its own below.
macro_rules! forms {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(serde::Deserialize)]
        struct $name {
            $(#[serde(default, deserialize_with = "readable_or_none")]
            $field: Option<$type>,)*
        }
    )*};
}

forms! {
    Meta { conversation_id: Lossy }
    Done { message_id: Lossy, state: Lossy, ts: Time }
    Human { message: Lossy, ts: Time }
    Error { message: Lossy }
    PageForm { state: Lossy, messages: Vec<Box<RawValue>>, ts: Time }
    ErrorForm { code: Lossy, message: Lossy }
}

#[derive(serde::Deserialize)]
struct Delta {
    text: Lossy,
}

#[derive(serde::Deserialize)]
struct Message {
    id: Lossy,
    role: Lossy,
    content: Lossy,
    #[serde(default, deserialize_with = "readable_or_none")]
    created_at: Option<Time>,
}

#[derive(serde::Deserialize)]
struct BodyForm {
    error: Box<RawValue>,
}

/// A string, or a number as serde_json understands it.
struct Time(Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(time: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(time)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() => float.to_string(),
                _ => number.to_string(),
            },
            _ => String::new(),
        };
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

fn object<T: for<'de> Deserialize<'de>>(json: &str) -> Option<T> {
    let Object(object) = serde_json::from_str(&escape_controls(json)).ok()?;
    Some(object)
}

fn time(time: Option<Time>) -> Option<Timestamp> {
    time.map(|Time(time)| time)
}

fn id(id: Option<Lossy>) -> Option<MessageId> {
    MessageId::new(id?.0).ok()
}

/// The event, or `None` if it must be refused.
pub(super) fn event(name: &str, data: &str) -> Option<Event<'static>> {
    let text = |text: Option<Lossy>| text.map(|Lossy(text)| text.into());
    Some(match name {
        "meta" => {
            let Meta { conversation_id } = object(data)?;
            let id = conversation_id.and_then(|Lossy(id)| ConversationId::new(id).ok());
            Event::Meta {
                conversation_id: id,
            }
        }
        "delta" => {
            let Delta { text: Lossy(text) } = object(data)?;
            Event::Delta { text: text.into() }
        }
        "done" => {
            let done: Done = object(data)?;
            Event::Done {
                message_id: id(done.message_id),
                state: done.state.map(|Lossy(state)| State::from(&*state)),
                ts: time(done.ts),
            }
        }
        "human" => {
            let Human { message, ts } = object(data)?;
            Event::Human {
                message: text(message),
                ts: time(ts),
            }
        }
        "error" => {
            let Error { message } = object(data)?;
            Event::Error {
                message: text(message),
            }
        }
        other => panic!("{other}"),
    })
}

/// What a page contains: state, messages, time, and how many entries were left out.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    pub(super) state: Option<State>,
    pub(super) messages: Vec<(MessageId, Role, Box<str>, Option<Timestamp>)>,
    pub(super) ts: Option<Timestamp>,
    pub(super) unreadable: usize,
}

pub(super) fn page(json: &str) -> Option<Page> {
    let form: PageForm = object(json)?;
    let entries = form.messages.unwrap_or_default();
    let messages: Vec<_> = entries
        .iter()
        .filter_map(|entry| {
            let message: Message = object(entry.get())?;
            Some((
                id(Some(message.id))?,
                Role::from(&*message.role.0),
                message.content.0.into(),
                time(message.created_at),
            ))
        })
        .collect();
    Some(Page {
        state: form.state.map(|Lossy(state)| State::from(&*state)),
        unreadable: entries.len() - messages.len(),
        messages,
        ts: time(form.ts),
    })
}

/// The code and the message of an error body.
pub(super) fn error_body(json: &str) -> Option<(Option<String>, Option<String>)> {
    let BodyForm { error } = object(json)?;
    if let Ok(Lossy(message)) = serde_json::from_str(error.get()) {
        return Some((None, Some(message)));
    }
    let ErrorForm { code, message } = object(error.get())?;
    Some((code.map(|code| code.0), message.map(|message| message.0)))
}
