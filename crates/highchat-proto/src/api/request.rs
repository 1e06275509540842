//! The three requests of the API, as checked, plain data.

use alloc::string::String;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize, Serializer};

use super::id::{ConversationId, VisitorRef};
use super::message::Message;
use super::timestamp::Timestamp;
use crate::json::{Content, Object};

/// `POST /v1/chat`: sends a message to a new or an existing conversation.
///
/// ```
/// use highchat_proto::{ChatRequest, ConversationId, Message, VisitorRef};
///
/// let request = ChatRequest::new(Message::new("Բարև")?)
///     .with_conversation(ConversationId::new("c1")?)
///     .with_visitor(VisitorRef::new("user-42")?);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// With the feature `serde`, a backend that passes on the requests of its web pages can
/// deserialize it. A request that could not be sent is then an error.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use highchat_proto::ChatRequest;
///
/// let request: ChatRequest = serde_json::from_str(r#"{"message":"Բարև 👋"}"#)?;
/// assert_eq!(request.message.as_str(), "Բարև 👋");
/// assert!(serde_json::from_str::<ChatRequest>(r#"{"message":""}"#).is_err());
/// # }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize))]
#[non_exhaustive]
pub struct ChatRequest {
    /// The visitor's message.
    pub message: Message,
    /// The conversation to continue. `None` begins a new one; the JSON then has no such field
    /// (our decision; the API's samples send `null`).
    pub conversation_id: Option<ConversationId>,
    /// Your id of the end user.
    pub visitor_ref: Option<VisitorRef>,
}

impl ChatRequest {
    /// A request that begins a new conversation with this message.
    #[must_use]
    pub const fn new(message: Message) -> Self {
        Self {
            message,
            conversation_id: None,
            visitor_ref: None,
        }
    }

    /// Sets the conversation to continue.
    #[must_use]
    pub fn with_conversation(mut self, id: ConversationId) -> Self {
        self.conversation_id = Some(id);
        self
    }

    /// Sets your id of the end user.
    #[must_use]
    pub fn with_visitor(mut self, visitor: VisitorRef) -> Self {
        self.visitor_ref = Some(visitor);
        self
    }
}

impl Object for ChatRequest {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        put("message", Content::Text(self.message.as_str()));
        if let Some(id) = &self.conversation_id {
            put("conversation_id", Content::Text(id.as_str()));
        }
        if let Some(visitor) = &self.visitor_ref {
            put("visitor_ref", Content::Text(visitor.as_str()));
        }
    }
}

#[cfg(feature = "serde")]
impl Serialize for ChatRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("ChatRequest", self, serializer)
    }
}

/// `GET /v1/conversations/{id}/messages`: reads the messages after a given time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessagesRequest {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The newest `created_at` that is known. It is sent as the text that the service wrote.
    /// `None` asks for all messages.
    pub after: Option<Timestamp>,
}

impl MessagesRequest {
    /// A request for all messages of the conversation.
    #[must_use]
    pub const fn new(conversation_id: ConversationId) -> Self {
        Self {
            conversation_id,
            after: None,
        }
    }

    /// Asks only for messages after that time.
    #[must_use]
    pub fn with_after(mut self, after: Timestamp) -> Self {
        self.after = Some(after);
        self
    }
}

/// The two answers to "was it helpful?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rating {
    /// 👍, sent as `1`.
    Up,
    /// 👎, sent as `0`.
    Down,
}

impl Rating {
    /// The API's number for the rating.
    #[must_use]
    pub const fn as_number(self) -> u8 {
        match self {
            Self::Up => 1,
            Self::Down => 0,
        }
    }
}

#[cfg(feature = "serde")]
impl Serialize for Rating {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.as_number())
    }
}

/// `POST /v1/conversations/{id}/rating`: rates a conversation (CSAT).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RatingRequest {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The rating.
    pub rating: Rating,
    /// A comment of the visitor. The API's text gives no limit for its length.
    pub comment: Option<String>,
}

impl RatingRequest {
    /// A rating without a comment.
    #[must_use]
    pub const fn new(conversation_id: ConversationId, rating: Rating) -> Self {
        Self {
            conversation_id,
            rating,
            comment: None,
        }
    }

    /// Adds a comment.
    #[must_use]
    pub fn with_comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }
}

/// The conversation is not in the JSON, because it is in the path.
impl Object for RatingRequest {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        put("rating", Content::Number(self.rating.as_number().into()));
        if let Some(comment) = &self.comment {
            put("comment", Content::Text(comment));
        }
    }
}

#[cfg(feature = "serde")]
impl Serialize for RatingRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::json::as_object("RatingRequest", self, serializer)
    }
}
