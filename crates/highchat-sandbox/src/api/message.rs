//! A message of a conversation, and its author.

use jiff::Timestamp;
use serde::Serialize;

/// A message of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) author: Author,
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
}

/// The author of a message.
///
/// The API has only the roles `user` and `assistant`. An `assistant` is the bot or a person; the
/// inbox shows which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Author {
    /// The end user.
    User,
    /// The bot.
    Bot,
    /// A person: somebody who uses the inbox, or the built-in person.
    Person,
}
