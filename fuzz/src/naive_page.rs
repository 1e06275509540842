//! A naive reader of pages of messages, after the API's text and the documentation of `Page`.

use highchat_proto::{MessageId, Page, State, Timestamp};

use crate::fields::{Fields, text, time};
use crate::json::Json;

/// The content of a page.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    state: Option<State>,
    messages: Vec<Message>,
    ts: Option<Timestamp>,
    unreadable: usize,
}

#[derive(Debug, PartialEq)]
struct Message {
    id: MessageId,
    role: String,
    content: String,
    created_at: Option<Timestamp>,
}

/// The page, or `None` if the body is not an object or repeats a field.
pub(crate) fn read(body: &Json) -> Option<Read> {
    let page = Fields::of(body, &["state", "messages", "ts"])?;
    let entries = page.optional("messages", |messages| match messages {
        Json::Array(entries) => Some(&entries[..]),
        _ => None,
    });
    let entries = entries.unwrap_or_default();
    let messages: Vec<_> = entries.iter().filter_map(message).collect();
    Some(Read {
        state: page.optional("state", |state| Some(State::from(&*text(state)?))),
        unreadable: entries.len() - messages.len(),
        messages,
        ts: page.optional("ts", time),
    })
}

/// The message, or `None` if it is unreadable.
fn message(entry: &Json) -> Option<Message> {
    let fields = Fields::of(entry, &["id", "role", "content", "created_at"])?;
    Some(Message {
        id: MessageId::new(fields.text("id")?.lossy()).ok()?,
        role: fields.text("role")?.lossy(),
        content: fields.text("content")?.lossy(),
        created_at: fields.optional("created_at", time),
    })
}

impl Read {
    pub(crate) const fn has_state(&self) -> bool {
        self.state.is_some()
    }
}

impl From<&Page> for Read {
    fn from(page: &Page) -> Self {
        let messages = page.messages.iter().map(|message| Message {
            id: message.id.clone(),
            role: message.role.to_string(),
            content: message.content.to_string(),
            created_at: message.created_at.clone(),
        });
        Self {
            state: page.state.clone(),
            messages: messages.collect(),
            ts: page.ts.clone(),
            unreadable: page.unreadable,
        }
    }
}
