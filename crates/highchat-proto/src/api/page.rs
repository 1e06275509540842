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

/// What the messages endpoint gives.
///
/// A page is unreadable only if it is no JSON object. A message that cannot be read is left
/// out and counted, and any other field that cannot be read is `None` (our decision: one
/// odd message must not hide the messages beside it). To be read by `serde_json`, from text.
/// It is written in the API's own shape, without fields that are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Page {
    /// Who answers; `None` if the service did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The messages, in the service's order.
    pub messages: Vec<ChatMessage>,
    /// The service's time; `None` if it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ts: Option<Timestamp>,
    /// How many entries of the list were left out: they are no object, or their `id`,
    /// `role` or `content` is no string.
    #[serde(skip)]
    pub unreadable: usize,
}

/// A page whose messages are not read yet.
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

/// A message as the messages endpoint gives it. All text is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Its id.
    pub id: MessageId,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    #[serde(deserialize_with = "string")]
    pub content: Box<str>,
    /// When it was written; `None` if that is missing or cannot be read.
    #[serde(default, deserialize_with = "readable_or_none")]
    pub created_at: Option<Timestamp>,
}

fn string<'de, D: Deserializer<'de>>(text: D) -> Result<Box<str>, D::Error> {
    Ok(Text::deserialize(text)?.into_cow().into())
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_is_written_as_it_is_read() {
        let whole = r#"{"state":"human","messages":[{"id":"m2","role":"assistant","content":"Ես Անին եմ 👋","created_at":"2026-06-14T10:00:00.000Z"}],"ts":"2026-06-14T10:00:05.000Z"}"#;
        for json in [whole, r#"{"messages":[]}"#] {
            let page: Page = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&page).unwrap(), json);
        }
        let odd: Page = serde_json::from_str(r#"{"messages":[{"role":"user"}]}"#).unwrap();
        assert_eq!(odd.unreadable, 1);
        assert_eq!(serde_json::to_string(&odd).unwrap(), r#"{"messages":[]}"#);
    }
}
