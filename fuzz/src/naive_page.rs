//! A page of messages as the API's text and `Page` describe it, read from a tree.

use highchat_proto::id::{MessageId, Timestamp};
use highchat_proto::response::Page;
use highchat_proto::state::State;

use crate::fields::Fields;
use crate::json::Json;

/// All that a page says.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    state: State,
    messages: Vec<Message>,
    ts: Option<Timestamp>,
}

#[derive(Debug, PartialEq)]
struct Message {
    id: MessageId,
    role: String,
    content: String,
    created_at: Option<Timestamp>,
}

/// The page, where the body is one.
pub(crate) fn read(body: &Json) -> Option<Read> {
    let page = Fields::of(body, &["state", "messages", "ts"])?;
    let message = |message: &Json| {
        let fields = Fields::of(message, &["id", "role", "content", "created_at"])?;
        Some(Message {
            id: MessageId::new(fields.text("id")?.lossy()).ok()?,
            role: fields.text("role")?.lossy(),
            content: fields.text("content")?.lossy(),
            created_at: fields.kept_time("created_at")?,
        })
    };
    Some(Read {
        state: State::from(&*page.text("state")?.lossy()),
        messages: match page.get("messages") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(messages)) => messages.iter().map(message).collect::<Option<_>>()?,
            Some(_) => return None,
        },
        ts: match page.get("ts") {
            None => None,
            Some(_) => page.kept_time("ts")?,
        },
    })
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
        }
    }
}
