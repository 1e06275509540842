//! A message of a conversation, and its author.

use jiff::Timestamp;
use serde::Serialize;

/// A message as the messages endpoint shows it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) author: Author,
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
}

/// Who wrote a message.
///
/// The API knows only `user` and `assistant`, which is the bot or a person; the inbox shows
/// which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Author {
    /// The end user.
    User,
    /// The bot.
    Bot,
    /// A person: somebody at the inbox, or the built-in one.
    Person,
}
