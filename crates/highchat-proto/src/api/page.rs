//! A page of messages.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::id::MessageId;
use super::object::{Object, readable_or_none};
use super::role::Role;
use super::state::State;
use super::text::Text;
use super::timestamp::Timestamp;

/// A page of messages, as the messages endpoint returns it.
///
/// Deserializing fails only if the text is not a JSON object. A message that cannot be read is
/// left out and counted, so that it does not hide the other messages (our decision). Any other
/// field that cannot be read is `None`. Only `serde_json` can deserialize a page, and only
/// from text.
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

/// A page whose messages are not parsed yet.
#[derive(Deserialize)]
struct PageForm<'a> {
    #[serde(default, deserialize_with = "readable_or_none")]
    state: Option<State>,
    #[serde(borrow, default, deserialize_with = "readable_or_none")]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(default, deserialize_with = "readable_or_none")]
    ts: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(page: D) -> Result<Self, D::Error> {
        let Object(form) = Object::<PageForm<'de>>::deserialize(page)?;
        let entries = form.messages.unwrap_or_default();
        let messages: Vec<_> = entries
            .iter()
            .filter_map(|entry| serde_json::from_str(entry.get()).ok())
            .map(|Object(message)| message)
            .collect();
        Ok(Self {
            state: form.state,
            unreadable: entries.len() - messages.len(),
            messages,
            ts: form.ts,
        })
    }
}

/// A message, as the messages endpoint returns it. Its text is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// The id of the message.
    pub id: MessageId,
    /// The author of the message.
    pub role: Role,
    /// The text of the message.
    #[serde(deserialize_with = "string")]
    pub content: Box<str>,
    /// When it was written. `None` if the time is missing or cannot be read.
    #[serde(default, deserialize_with = "readable_or_none")]
    pub created_at: Option<Timestamp>,
}

fn string<'de, D: Deserializer<'de>>(text: D) -> Result<Box<str>, D::Error> {
    Ok(Text::deserialize(text)?.into_cow().into())
}
