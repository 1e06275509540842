//! The inbox: the side of the person who answers, in Rust and over HTTP.

pub(crate) mod endpoint;
pub(crate) mod entry;
mod feed;

use core::{error, fmt};

use crate::conversation::IsClosed;
use crate::conversation::store::Conversations;
use entry::{Entry, Transcript};

/// The API's limit for a message, which holds for a person's as well (our decision).
const MAX_TEXT: usize = 4000;

/// The person's side of a sandbox: who waits, what was said, and what a person does.
///
/// Whoever acts in a conversation here has it: the built-in [`Person`](crate::Person)
/// does nothing more in it until it is handed over anew. The page `/inbox` and the
/// control API do the same.
///
/// ```
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// use highchat_sandbox::{Person, Sandbox};
///
/// let sandbox = Sandbox::builder().person(Person::absent()).start()?;
/// // … a client sends `/human`, and then …
/// for waiting in sandbox.inbox().waiting() {
///     sandbox.inbox().reply(&waiting.id, "Բարև ձեզ։")?;
///     sandbox.inbox().hand_back(&waiting.id)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Inbox<'a> {
    conversations: &'a Conversations,
}

/// Why an [`Inbox`] could not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboxError {
    /// There is no such conversation, or no more.
    UnknownConversation,
    /// The conversation is closed, which only its user's next message changes.
    Closed,
    /// What was to be said has not 1 to 4000 characters.
    Text,
}

impl<'a> Inbox<'a> {
    pub(crate) fn new(conversations: &'a Conversations) -> Self {
        Self { conversations }
    }

    /// Every conversation there is, in the order of the list: those who wait come
    /// first, the longest waiting foremost, then the others, the liveliest foremost.
    #[must_use]
    pub fn conversations(&self) -> Vec<Entry> {
        let mut entries = self.conversations.changes(None, Entry::of).of;
        Entry::sort(&mut entries);
        entries
    }

    /// The conversations whose users wait for a person to take over, or to answer; the
    /// longest waiting first.
    #[must_use]
    pub fn waiting(&self) -> Vec<Entry> {
        let mut entries = self.conversations();
        entries.retain(|entry| entry.waiting_since.is_some());
        entries
    }

    /// A conversation and what was said in it.
    ///
    /// # Errors
    ///
    /// [`InboxError::UnknownConversation`], as everywhere below.
    pub fn transcript(&self, id: &str) -> Result<Transcript, InboxError> {
        self.conversations
            .view(id, |conversation| Transcript::of(id, conversation))
            .ok_or(InboxError::UnknownConversation)
    }

    /// Answers in a conversation from now on, in place of the bot. Whoever has it
    /// already keeps it.
    ///
    /// # Errors
    ///
    /// [`InboxError::Closed`] too.
    pub fn take_over(&self, id: &str) -> Result<(), InboxError> {
        done(self.conversations.take_over(id))
    }

    /// Writes to the user, and takes over where that was not done.
    ///
    /// # Errors
    ///
    /// [`InboxError::Closed`] and [`InboxError::Text`] too.
    pub fn reply(&self, id: &str, text: impl Into<String>) -> Result<(), InboxError> {
        let text = text.into();
        if !(1..=MAX_TEXT).contains(&text.chars().count()) {
            return Err(InboxError::Text);
        }
        done(self.conversations.reply(id, text))
    }

    /// Gives a conversation back to the bot, taken over or only waiting. It does nothing
    /// where the bot has it.
    ///
    /// # Errors
    ///
    /// [`InboxError::Closed`] too.
    pub fn hand_back(&self, id: &str) -> Result<(), InboxError> {
        done(self.conversations.hand_back(id))
    }

    /// Closes a conversation; its user's next message opens it again, with the bot. It
    /// does nothing where that was done.
    ///
    /// # Errors
    ///
    /// None beyond the one for all.
    pub fn close(&self, id: &str) -> Result<(), InboxError> {
        done(self.conversations.close(id).map(Ok))
    }
}

fn done(result: Option<Result<(), IsClosed>>) -> Result<(), InboxError> {
    result
        .ok_or(InboxError::UnknownConversation)?
        .map_err(|IsClosed| InboxError::Closed)
}

impl fmt::Debug for Inbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownConversation => "there is no such conversation",
            Self::Closed => "the conversation is closed",
            Self::Text => "a reply has 1 to 4000 characters",
        })
    }
}

impl error::Error for InboxError {}
