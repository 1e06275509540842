//! Which messages of a conversation a poll shows.

use jiff::Timestamp;

use crate::api::message::Author;

/// Which messages of a conversation a poll is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageFilter {
    /// Those after that time; without it all.
    pub(crate) after: Option<Timestamp>,
    /// Those at that time as well.
    pub(crate) is_inclusive: bool,
    pub(crate) authors: Authors,
    /// What a person wrote, whenever that was.
    pub(crate) repeats: bool,
}

/// Whose messages a poll is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Authors {
    #[default]
    All,
    /// The bot's and a person's.
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
