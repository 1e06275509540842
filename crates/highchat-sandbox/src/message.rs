use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::clock::text;

/// A message as the messages endpoint shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    #[serde(rename = "role", serialize_with = "as_role")]
    pub(crate) author: Author,
    pub(crate) content: String,
    #[serde(serialize_with = "as_text")]
    pub(crate) created_at: Timestamp,
}

/// Who wrote a message.
///
/// The API's messages tell only `user` and `assistant` apart, which is the bot and the
/// person; the desk sees which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Author {
    /// The end user.
    User,
    /// The bot.
    Bot,
    /// A person: somebody at the desk, or the built-in one.
    Person,
}

/// For a field that is written as the API writes times.
pub(crate) fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*time))
}

/// The API's sample shows no role for a person.
fn as_role<S: Serializer>(author: &Author, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match author {
        Author::User => "user",
        Author::Bot | Author::Person => "assistant",
    })
}
