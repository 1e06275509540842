//! What the inbox shows of a conversation.

use serde::Serialize;

use crate::api::message::{Author, Message};
use crate::api::rating::Rating;
use crate::api::state::State;
use crate::clock::text;
use crate::conversation::Conversation;

/// How much of its last message an entry shows, in characters.
const MAX_EXCERPT: usize = 200;

/// A conversation as the list of the inbox shows it.
///
/// Times are written as the API writes them: `2026-06-14T10:00:00.000Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The conversation's id.
    pub id: String,
    /// Who answers in it.
    pub state: State,
    /// Whether somebody at the inbox has it.
    pub taken_over: bool,
    /// Since when its user waits for a person to take over, or to answer.
    pub waiting_since: Option<String>,
    /// What the client last called its user.
    pub visitor_ref: Option<String>,
    /// How many messages of it are stored.
    pub messages: usize,
    /// The newest of them; at most 200 characters of what it says.
    pub last_message: Option<Line>,
    /// The rating last given to it.
    pub rating: Option<Rating>,
}

/// A message as the inbox shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// Its id; the messages endpoint gives it the same.
    pub id: String,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: String,
    /// When it was written.
    pub created_at: String,
}

/// A conversation and what was said in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transcript {
    /// What the list shows of it.
    #[serde(rename = "conversation")]
    pub entry: Entry,
    /// Its messages, oldest first; the newest 500.
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

    /// Those who wait come first, the longest waiting foremost; then what was said last.
    pub(crate) fn sort(entries: &mut [Self]) {
        entries.sort_by(|a, b| match (&a.waiting_since, &b.waiting_since) {
            (None, None) => b.said_last().cmp(&a.said_last()),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    }

    fn said_last(&self) -> Option<&str> {
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
