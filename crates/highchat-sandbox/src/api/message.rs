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
/// The API's messages tell only `user` and `assistant` apart, which is the bot and the
/// person; the inbox sees which.
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
