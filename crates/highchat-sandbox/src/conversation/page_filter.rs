//! Selects the messages that a poll shows.

use jiff::Timestamp;

use crate::api::message::Author;

/// Selects the messages of a conversation that a poll shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageFilter {
    /// Only messages after this time. `None`: all messages.
    pub(crate) after: Option<Timestamp>,
    /// Also messages at exactly this time.
    pub(crate) is_inclusive: bool,
    pub(crate) authors: Authors,
    /// Also all messages of a person, at any time.
    pub(crate) repeats: bool,
}

/// Selects messages by their author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Authors {
    #[default]
    All,
    /// Messages of the bot and of a person.
    BotAndPerson,
    PersonOnly,
}

impl PageFilter {
    pub(crate) fn shows(&self, author: Author, created_at: Timestamp) -> bool {
        let is_wanted = match self.authors {
            Authors::All => true,
            Authors::BotAndPerson => author != Author::User,
            Authors::PersonOnly => author == Author::Person,
        };
        let is_new = self
            .after
            .is_none_or(|after| created_at > after || self.is_inclusive && created_at == after);
        is_wanted && is_new || self.repeats && author == Author::Person
    }
}
