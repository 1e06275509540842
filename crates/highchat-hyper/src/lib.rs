//! An async HighChat client over [tokio](https://docs.rs/tokio) and
//! [hyper](https://docs.rs/hyper).
//!
//! [`Client`] is one-shot: each call is one exchange with the service. It follows no
//! redirect, decodes no compression and repeats nothing by itself; a [`Failure`] says
//! what is known of the message. [`Session`] is a conversation: turns, a person's
//! messages, recovery of cut replies, rating.
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
//! By the crate [log](https://docs.rs/log), at `info` and under this crate's name: each request
//! of a session (method and path), the status of its answer, and why there is none. No key,
//! no query, no text of a message. Without a logger it costs next to nothing.
//!
//! # Features
//!
//! - `rustls` (default): TLS by rustls with ring, trusting Mozilla's roots.
//! - `native-roots`: TLS by rustls with ring, trusting what the operating system
//!   trusts.
//! - Either way, `SSL_CERT_FILE` and [`Client::with_roots`] name others to trust.
//! - neither: plain HTTP alone, which goes to this machine unless asked otherwise; or a
//!   connector of your own ([`Client::with_connector`]).

#![forbid(unsafe_code)]

mod client;
mod clock;
mod exchange;
mod reply;
mod session;
mod tasks;

pub use client::Client;
/// What [`Client::with_connector`] takes.
pub use highchat_connect::{BoxError, Connection};
/// The protocol, whose usual names stand here as well: a program needs this crate alone.
pub use highchat_proto as proto;
pub use highchat_proto::{
    Answered, AnsweredBy, AskError, ChatMessage, ChatRequest, Config, Conversation, ConversationId,
    Credentials, Endpoint, Event, Failure, Message, MessageId, MessagesRequest, Page, RateError,
    Rating, RatingRequest, RequestId, Role, Saved, SendError, State, Timestamp, TurnEnd, TurnId,
    Update, VisitorRef,
};
pub use reply::Reply;
pub use session::{Session, Updates};

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
