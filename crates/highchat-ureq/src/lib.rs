//! A blocking HighChat client. It speaks the HTTP/1.1 of `highchat-http1` over the connections
//! of [ureq](https://docs.rs/ureq).
//!
//! [`Client`] has no state: each call is one exchange with the service. It follows no
//! redirect, decodes no compression and repeats nothing by itself. A [`Failure`] says what is
//! known about the message. [`Session`] is a conversation: turns, messages of a person,
//! recovery of cut replies, rating.
//!
//! ```
//! use std::io::Write;
//!
//! use highchat_ureq::{ChatRequest, Client, Credentials, Endpoint, Event, Message};
//!
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let (base_url, key) = (sandbox.base_url(), sandbox.key());
//! let client = Client::new(Endpoint::new(base_url, Credentials::key(key)?)?);
//!
//! let message = Message::new("Բարև, ի՞նչ ժամերի եք աշխատում")?;
//! let mut reply = client.chat(&ChatRequest::new(message))?;
//! while let Some(event) = reply.next_event()? {
//!     if let Event::Delta { text } = event {
//!         print!("{text}");
//!         std::io::stdout().flush()?;
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
//! - Without TLS: only plain HTTP, by default only to this machine.

#![forbid(unsafe_code)]

mod canceller;
mod client;
mod clock;
mod exchange;
mod kept;
mod reply;
mod session;

pub use canceller::Canceller;
pub use client::Client;
/// The protocol crate. Its most used names are exported here too, so a program needs only this
/// crate.
pub use highchat_proto as proto;
pub use highchat_proto::{
    Answered, AnsweredBy, AskError, ChatMessage, ChatRequest, Config, Conversation, ConversationId,
    Credentials, Endpoint, Event, Failure, Message, MessageId, MessagesRequest, Page, RateError,
    Rating, RatingRequest, RequestId, Role, Saved, SendError, State, Timestamp, TurnEnd, TurnId,
    Update, VisitorRef,
};
pub use reply::Reply;
pub use session::{Next, Session};
