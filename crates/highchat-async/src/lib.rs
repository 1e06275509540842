//! The async session of HighChat, over any HTTP client and any timer.
//!
//! [`Transport`] is an HTTP client for one service, and [`Timer`] a clock that can wait. Over
//! these two, [`Session`] is a conversation: turns, messages of a person, recovery of cut
//! replies, rating. [`chat`], [`messages`] and [`rate`] are one exchange each, and [`Reply`] is
//! a reply that is read event by event.
//!
//! The crates highchat-hyper and highchat-reqwest are transports. A program uses one of them,
//! and needs this crate only to name a session over any of them:
//!
//! ```
//! use highchat_async::{Session, Transport};
//! use highchat_proto::{AskError, Message};
//!
//! async fn answer<T: Transport>(client: T, message: Message) -> Result<String, AskError> {
//!     let mut session = Session::new(client);
//!     Ok(session.ask(message).await?.text)
//! }
//! ```
//!
//! Nothing is spawned here, and no channel is used. Whether a future can be sent to another
//! thread depends on the transport alone.
//!
//! # Log
//!
//! A session logs through the crate [log](https://docs.rs/log), at level `info` and under the
//! name of the transport: each request (method and path), and the status of its answer or the
//! reason why there is no answer. It never logs a key, a query or the text of a message.
//!
//! # Features
//!
//! - `tokio`: `TokioTimer`, a timer over tokio's time.
//! - `browser`: `BrowserTimer`, a timer over a browser's time, on `wasm32-unknown-unknown`.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "browser")]
mod browser_timer;
mod calls;
mod clock;
mod exchange;
mod reply;
mod session;
#[cfg(feature = "tokio")]
mod tokio_timer;
mod transport;

#[cfg(feature = "browser")]
pub use browser_timer::BrowserTimer;
pub use calls::{chat, messages, rate};
pub use reply::Reply;
pub use session::{Session, Updates};
#[cfg(feature = "tokio")]
pub use tokio_timer::TokioTimer;
pub use transport::{KeptConnection, Timer, Transport};

// Compiles the program in the README as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
