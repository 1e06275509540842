//! The data of a conversation that the inbox shows.

use serde::Serialize;

use crate::api::message::{Author, Message};
use crate::api::rating::Rating;
use crate::api::state::State;
use crate::clock::text;
use crate::conversation::Conversation;

/// How much of the last message an entry shows, in characters.
const MAX_EXCERPT: usize = 200;

/// A conversation in the list of the inbox.
///
/// Times have the API's format: `2026-06-14T10:00:00.000Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The conversation's id.
    pub id: String,
    /// The state: who answers in the conversation.
    pub state: State,
    /// Whether somebody at the inbox has taken the conversation over.
    pub taken_over: bool,
    /// The time since which the user has been waiting for a person to take over or to answer.
    pub waiting_since: Option<String>,
    /// The latest `visitor_ref` from the client.
    pub visitor_ref: Option<String>,
    /// The number of stored messages.
    pub messages: usize,
    /// The newest message, with at most 200 characters of its text.
    pub last_message: Option<Line>,
    /// The latest rating.
    pub rating: Option<Rating>,
}

/// A message in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// The id. It is the same as at the messages endpoint.
    pub id: String,
    /// The author.
    pub author: Author,
    /// The text.
    pub content: String,
    /// The time of the message.
    pub created_at: String,
}

/// A conversation with its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transcript {
    /// The conversation as in the list.
    #[serde(rename = "conversation")]
    pub entry: Entry,
    /// The newest 500 messages, oldest first.
    #[serde(rename = "messages")]
    pub lines: Vec<Line>,
}

impl Entry {
    pub(crate) fn of(id: &str, conversation: &Conversation) -> Self {
        let messages = conversation.messages();
        Self {
            id: id.to_owned(),
            state: conversation.state(),
            taken_over: conversation.is_taken_over(),
            waiting_since: conversation.waiting_since().map(text),
            visitor_ref: conversation.visitor_ref().map(str::to_owned),
            messages: messages.len(),
            last_message: messages.back().map(|message| Line {
                content: message.content.chars().take(MAX_EXCERPT).collect(),
                ..Line::of(message)
            }),
            rating: conversation.rating().cloned(),
        }
    }

    /// Sorts entries: users who wait come first, the longest waiting first; then the others, the
    /// newest message first.
    pub(crate) fn sort(entries: &mut [Self]) {
        entries.sort_by(|a, b| match (&a.waiting_since, &b.waiting_since) {
            (None, None) => b.last_message_at().cmp(&a.last_message_at()),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    }

    fn last_message_at(&self) -> Option<&str> {
        self.last_message
            .as_ref()
            .map(|line| line.created_at.as_str())
    }
}

impl Line {
    fn of(message: &Message) -> Self {
        Self {
            id: message.id.clone(),
            author: message.author,
            content: message.content.clone(),
            created_at: text(message.created_at),
        }
    }
}

impl Transcript {
    pub(crate) fn of(id: &str, conversation: &Conversation) -> Self {
        Self {
            entry: Entry::of(id, conversation),
            lines: conversation.messages().iter().map(Line::of).collect(),
        }
    }
}
