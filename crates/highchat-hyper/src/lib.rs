//! An async HighChat client over [tokio](https://docs.rs/tokio) and
//! [hyper](https://docs.rs/hyper). hyper speaks HTTP/2; HTTP/1.1 is that of `highchat-connect`,
//! which needs less time and memory.
//!
//! [`Client`] has no state: each call is one exchange with the service. It follows no
//! redirect, decodes no compression and repeats nothing by itself. A [`Failure`] says what is
//! known about the message. [`Session`] is a conversation: turns, messages of a person,
//! recovery of cut replies, rating.
//!
//! ```
//! use std::io::Write;
//!
//! use highchat_hyper::{ChatRequest, Client, Credentials, Endpoint, Event, Message};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let (base_url, key) = (sandbox.base_url(), sandbox.key());
//! let client = Client::new(Endpoint::new(base_url, Credentials::key(key)?)?);
//!
//! let message = Message::new("Բարև, ի՞նչ ժամերի եք աշխատում")?;
//! let mut reply = client.chat(&ChatRequest::new(message)).await?;
//! while let Some(event) = reply.next_event().await? {
//!     if let Event::Delta { text } = event {
//!         print!("{text}");
//!         std::io::stdout().flush()?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Log
//!
//! A session logs through the crate [log](https://docs.rs/log), at level `info` and under this
//! crate's name: each request (method and path), and the status of its answer or the reason
//! why there is no answer. It never logs a key, a query or the text of a message. Without a
//! logger, the cost is negligible.
//!
//! # Features
//!
//! - `rustls` (default): TLS by rustls with ring, trusting Mozilla's certificates.
//! - `native-roots`: TLS by rustls with ring, trusting the certificates of the operating
//!   system.
//! - `serde`: `Serialize` and `Deserialize` for the types of the API, updates and saved
//!   conversations.
//! - With TLS, `SSL_CERT_FILE` or [`Client::with_roots`] names other certificates to trust.
//! - Without TLS: only plain HTTP, by default only to this machine, or your own connector
//!   ([`Client::with_connector`]).

#![forbid(unsafe_code)]

mod client;
mod exchange;
mod http2;
mod kept;
mod link;
mod tasks;

pub use client::Client;
pub use exchange::Body;
/// The timer of sessions and replies.
pub use highchat_async::TokioTimer;
/// The types for [`Client::with_connector`].
pub use highchat_connect::{BoxError, Connection};
/// The protocol crate. Its most used names are exported here too, so a program needs only this
/// crate.
pub use highchat_proto as proto;
pub use highchat_proto::{
    Answered, AnsweredBy, AskError, ChatMessage, ChatRequest, Config, Conversation, ConversationId,
    Credentials, Endpoint, Event, Failure, Message, MessageId, MessagesRequest, Page, RateError,
    Rating, RatingRequest, RequestId, Role, Saved, SendError, State, Timestamp, TurnEnd, TurnId,
    Update, VisitorRef,
};
pub use kept::Kept;

/// A conversation over async HTTP. It needs a tokio runtime with I/O and time enabled.
///
/// A message always gets a new connection, because it could not be sent again if it were lost
/// with a stale one. The connection is then kept while a person answers or a cut reply is
/// searched for, and carries the polls, the searches and ratings. If it turns out to be stale,
/// the request goes out again on a new one. It is closed when no other request is to come, or
/// after [`Config::keep_alive`](highchat_proto::Config::keep_alive).
pub type Session = highchat_async::Session<Client>;
/// A reply stream, from [`Client::chat`]. Its connection makes progress only while an event is
/// awaited.
pub type Reply = highchat_async::Reply<Client>;
/// A stream of the owned updates of a [`Session`], from [`Session::updates`].
pub type Updates<'a> = highchat_async::Updates<'a, Client>;

// Compiles the program in the README as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
