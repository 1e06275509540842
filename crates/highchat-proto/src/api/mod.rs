//! What the API's text says, as plain data: events, messages, requests and pages.

mod error_body;
mod event;
mod id;
mod message;
#[cfg(test)]
mod oracle;
mod page;
#[cfg(test)]
mod properties;
mod request;
mod role;
mod state;
mod text;
mod timestamp;

pub use event::{Event, EventDecodeError, EventDecoder, InvalidEvent};
pub use id::{ConversationId, InvalidId, InvalidVisitorRef, MessageId, VisitorRef};
pub use message::{InvalidMessage, Message};
pub use page::{ChatMessage, Page};
pub use request::{ChatRequest, MessagesRequest, Rating, RatingRequest};
pub use role::Role;
pub use state::State;
pub use text::Text;
pub use timestamp::{InvalidTimestamp, Timestamp};

pub(crate) use self::{error_body::ErrorBody, text::Joiner, timestamp::days_since_1970};
