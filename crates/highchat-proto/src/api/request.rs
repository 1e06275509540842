//! What can be asked of the service: checked, plain data.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::id::{ConversationId, VisitorRef};
use super::message::Message;
use super::timestamp::Timestamp;

/// `POST /v1/chat`: a message, and where it belongs.
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
/// It is read from JSON as well, for a backend that passes its pages' requests on; what
/// could not be sent is an error there.
///
/// ```
/// use highchat_proto::ChatRequest;
///
/// let request: ChatRequest = serde_json::from_str(r#"{"message":"Բարև 👋"}"#)?;
/// assert_eq!(request.message.as_str(), "Բարև 👋");
/// assert!(serde_json::from_str::<ChatRequest>(r#"{"message":""}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ChatRequest {
    /// What the visitor says.
    pub message: Message,
    /// The thread to continue; `None` begins a new one. Left out then (our decision;
    /// the API's samples send `null`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// Your id of the end user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor_ref: Option<VisitorRef>,
}

impl ChatRequest {
    /// A message that begins a new conversation.
    #[must_use]
    pub const fn new(message: Message) -> Self {
        Self {
            message,
            conversation_id: None,
            visitor_ref: None,
        }
    }

    /// Continues a conversation.
    #[must_use]
    pub fn with_conversation(mut self, id: ConversationId) -> Self {
        self.conversation_id = Some(id);
        self
    }

    /// Says who the end user is.
    #[must_use]
    pub fn with_visitor(mut self, visitor: VisitorRef) -> Self {
        self.visitor_ref = Some(visitor);
        self
    }
}

/// `GET /v1/conversations/{id}/messages`: what was said, from some time on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessagesRequest {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The newest `created_at` that is known; sent as the text it came as.
    pub after: Option<Timestamp>,
}

impl MessagesRequest {
    /// All that the service gives.
    #[must_use]
    pub const fn new(conversation_id: ConversationId) -> Self {
        Self {
            conversation_id,
            after: None,
        }
    }

    /// Only what came after that time.
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
    /// The number the API gives it.
    #[must_use]
    pub const fn as_number(self) -> u8 {
        match self {
            Self::Up => 1,
            Self::Down => 0,
        }
    }
}

impl Serialize for Rating {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.as_number())
    }
}

/// `POST /v1/conversations/{id}/rating`: the CSAT rating of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RatingRequest {
    /// The conversation.
    #[serde(skip)]
    pub conversation_id: ConversationId,
    /// How it was.
    pub rating: Rating,
    /// What the visitor adds; the API's text gives no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
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
