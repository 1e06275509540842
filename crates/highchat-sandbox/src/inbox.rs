//! The inbox: the tool of the person who answers, in Rust and over HTTP.

pub(crate) mod endpoint;
pub(crate) mod entry;
mod feed;

use core::{error, fmt};

use crate::conversation::IsClosed;
use crate::conversation::store::Conversations;
use entry::{Entry, Transcript};

/// The longest message of a person, in characters. It is the API's limit for users; to use it for
/// persons too is our decision.
const MAX_TEXT: usize = 4000;

/// The inbox of a sandbox: lists conversations and users who wait, and acts as the person who
/// answers.
///
/// If you act in a conversation here, the built-in [`Person`](crate::Person) stops there until the
/// next handoff. The page `/inbox` and the HTTP API of the inbox do the same.
///
/// ```
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// use highchat_sandbox::{Person, Sandbox};
///
/// let sandbox = Sandbox::builder().person(Person::absent()).start()?;
/// // … a client sends `/human` …
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

/// Why an action of an [`Inbox`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboxError {
    /// The conversation does not exist, or has been removed.
    UnknownConversation,
    /// The conversation is closed. Only the user's next message opens it.
    Closed,
    /// The text does not have 1 to 4000 characters.
    Text,
}

impl<'a> Inbox<'a> {
    pub(crate) fn new(conversations: &'a Conversations) -> Self {
        Self { conversations }
    }

    /// Returns all conversations. Conversations whose users wait come first, the longest waiting
    /// first. Then come the others, those with the newest message first.
    #[must_use]
    pub fn conversations(&self) -> Vec<Entry> {
        let mut entries = self.conversations.changes(None, Entry::of).conversations;
        Entry::sort(&mut entries);
        entries
    }

    /// Returns the conversations whose users wait for a person to take over or to answer. The
    /// longest waiting comes first.
    #[must_use]
    pub fn waiting(&self) -> Vec<Entry> {
        let mut entries = self.conversations();
        entries.retain(|entry| entry.waiting_since.is_some());
        entries
    }

    /// Returns a conversation with its messages.
    ///
    /// # Errors
    ///
    /// [`InboxError::UnknownConversation`]. All methods below can return it too.
    pub fn transcript(&self, id: &str) -> Result<Transcript, InboxError> {
        self.conversations
            .view(id, |conversation| Transcript::of(id, conversation))
            .ok_or(InboxError::UnknownConversation)
    }

    /// Takes a conversation over: from now on the person answers instead of the bot. It has no
    /// effect if a person at the inbox has it already.
    ///
    /// # Errors
    ///
    /// [`InboxError::Closed`].
    pub fn take_over(&self, id: &str) -> Result<(), InboxError> {
        to_result(self.conversations.take_over(id))
    }

    /// Sends a message to the user. It also takes the conversation over.
    ///
    /// # Errors
    ///
    /// [`InboxError::Closed`] and [`InboxError::Text`].
    pub fn reply(&self, id: &str, text: impl Into<String>) -> Result<(), InboxError> {
        let text = text.into();
        if !(1..=MAX_TEXT).contains(&text.chars().count()) {
            return Err(InboxError::Text);
        }
        to_result(self.conversations.reply(id, text))
    }

    /// Gives a conversation back to the bot, whether it was taken over or only waits. It has no
    /// effect if the bot has it.
    ///
    /// # Errors
    ///
    /// [`InboxError::Closed`].
    pub fn hand_back(&self, id: &str) -> Result<(), InboxError> {
        to_result(self.conversations.hand_back(id))
    }

    /// Closes a conversation. The user's next message opens it again, and the bot answers. It has
    /// no effect if the conversation is closed.
    ///
    /// # Errors
    ///
    /// Only [`InboxError::UnknownConversation`].
    pub fn close(&self, id: &str) -> Result<(), InboxError> {
        to_result(self.conversations.close(id).map(Ok))
    }
}

fn to_result(result: Option<Result<(), IsClosed>>) -> Result<(), InboxError> {
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
            Self::UnknownConversation => "the conversation does not exist",
            Self::Closed => "the conversation is closed",
            Self::Text => "a reply must have 1 to 4000 characters",
        })
    }
}

impl error::Error for InboxError {}
