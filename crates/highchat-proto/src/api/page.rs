//! A page of messages.

use alloc::boxed::Box;
use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::MessageId;
use super::role::Role;
use super::state::State;
use super::text::Text;
use super::timestamp::Timestamp;
use crate::json::{Content, Object, Value};

/// A page of messages, as the messages endpoint returns it.
///
/// Reading fails only if the text is not a JSON object, or repeats a field. A message that cannot
/// be read is left out and counted, so that it does not hide the other messages (our decision).
/// Any other field that cannot be read is `None`. Only `serde_json` can deserialize a page, and
/// only from text. It is serialized in the API's own shape, without fields that are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The state of the conversation. `None` if it is missing or cannot be read.
    pub state: Option<State>,
    /// The messages, in the service's order.
    pub messages: Vec<ChatMessage>,
    /// The service's time. `None` if it is missing or cannot be read.
    pub ts: Option<Timestamp>,
    /// How many entries of the list were left out. Such an entry is not an object, or its
    /// `id`, `role` or `content` is not a string or is not valid.
    pub unreadable: usize,
}

impl Page {
    /// The page in this JSON; `None` if it is not an object, or one of its fields occurs twice.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        let [state, messages, ts] = json.fields(["state", "messages", "ts"])?;
        let mut page = Self {
            state: state.and_then(State::read),
            ts: ts.and_then(Timestamp::read),
            ..Self::default()
        };
        for entry in messages.and_then(Value::items).into_iter().flatten() {
            match ChatMessage::read(entry) {
                Some(message) => page.messages.push(message),
                None => page.unreadable += 1,
            }
        }
        Some(page)
    }
}

impl Object for Page {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        if let Some(state) = &self.state {
            put("state", Content::Text(state.as_str()));
        }
        let messages = &|put: &mut dyn FnMut(Content<'_>)| {
            for message in &self.messages {
                put(Content::Object(message));
            }
        };
        put("messages", Content::List(messages));
        if let Some(ts) = &self.ts {
            put("ts", Content::Text(ts.as_str()));
        }
    }
}

#[cfg(feature = "serde")]
impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("Page", self, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(page: D) -> Result<Self, D::Error> {
        crate::json::read_raw(
            page,
            Self::read,
            "expected an object with the fields of a page",
        )
    }
}

/// A message, as the messages endpoint returns it. Its text is untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChatMessage {
    /// The id of the message.
    pub id: MessageId,
    /// The author of the message.
    pub role: Role,
    /// The text of the message.
    pub content: Box<str>,
    /// When it was written. `None` if the time is missing or cannot be read.
    pub created_at: Option<Timestamp>,
}

impl ChatMessage {
    /// The message in this JSON; `None` if it is not an object, one of its fields occurs twice, or
    /// its `id`, `role` or `content` is not a string or is not valid.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        let names = ["id", "role", "content", "created_at"];
        let [id, role, content, created_at] = json.fields(names)?;
        Some(Self {
            id: MessageId::read(id?)?,
            role: Role::read(role?)?,
            content: Text::from(content?.text()?).into_cow().into(),
            created_at: created_at.and_then(Timestamp::read),
        })
    }
}

impl Object for ChatMessage {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        put("id", Content::Text(self.id.as_str()));
        put("role", Content::Text(self.role.as_str()));
        put("content", Content::Text(&self.content));
        put(
            "created_at",
            self.created_at.as_ref().map(Timestamp::as_str).into(),
        );
    }
}

#[cfg(feature = "serde")]
impl Serialize for ChatMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("ChatMessage", self, serializer)
    }
}

/// Only `serde_json` can deserialize a message, and only from text.
#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for ChatMessage {
    fn deserialize<D: Deserializer<'de>>(message: D) -> Result<Self, D::Error> {
        let expected = "expected an object with an `id`, a `role` and a `content`";
        crate::json::read_raw(message, Self::read, expected)
    }
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::json::{Value, to_string};

    fn read(json: &str) -> Page {
        let page = Page::read(Value::read(json).unwrap()).unwrap();
        #[cfg(feature = "serde")]
        assert_eq!(serde_json::from_str::<Page>(json).unwrap(), page, "{json}");
        page
    }

    fn write(page: &Page) -> alloc::string::String {
        let json = to_string(page);
        #[cfg(feature = "serde")]
        assert_eq!(serde_json::to_string(page).unwrap(), json);
        json
    }

    #[test]
    fn a_page_is_written_as_it_is_read() {
        let whole = r#"{"state":"human","messages":[{"id":"m2","role":"assistant","content":"Ես Անին եմ 👋","created_at":"2026-06-14T10:00:00.000Z"}],"ts":"2026-06-14T10:00:05.000Z"}"#;
        for json in [whole, r#"{"messages":[]}"#] {
            assert_eq!(write(&read(json)), json);
        }
        let odd = read(r#"{"messages":[{"role":"user"}]}"#);
        assert_eq!(odd.unreadable, 1);
        assert_eq!(write(&odd), r#"{"messages":[]}"#);
    }
}
