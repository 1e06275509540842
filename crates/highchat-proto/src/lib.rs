//! The HighChat `/v1` protocol without a socket, a clock or a runtime.
//!
//! ```text
//!             bytes            frames          events
//!   network ────────▶ sse::Decoder ──▶ Event::parse ──▶ application
//!      ▲              └──────────── reply::Reply ────┘
//!      └──────────── http::Request<Bytes>
//! ```
//!
//! An adapter moves bytes and tells the time; everything else is here. Two are made of
//! it already: `highchat-ureq` (blocking) and the program `highchat`. To bring an HTTP
//! client of your own, four pieces are enough:
//!
//! - [`Endpoint`](endpoint::Endpoint) turns a checked
//!   [`ChatRequest`](request::ChatRequest) into an `http::Request<Bytes>`;
//! - [`Answer`](response::Answer) judges the head of what came back;
//! - [`Reply`](reply::Reply) turns the body into [`Event`](event::Event)s, with the
//!   clocks that end a dead stream, and says whether the reply was whole;
//! - [`Failure`](failure::Failure) names what went wrong by what it means for the
//!   message: surely not taken, perhaps taken, refused, cut.
//!
//! ```
//! use highchat_proto::config::Config;
//! use highchat_proto::endpoint::{Credentials, Endpoint};
//! use highchat_proto::event::Event;
//! use highchat_proto::message::Message;
//! use highchat_proto::reply::Reply;
//! use highchat_proto::request::ChatRequest;
//! use highchat_proto::response::Answer;
//! use highchat_proto::time::Instant;
//!
//! let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
//! let request = endpoint.chat(&ChatRequest::new(Message::new("Բարև")?));
//! assert_eq!(request.uri(), "https://chat.example/v1/chat");
//!
//! // The embedder sends the request and reads; here both sides are played.
//! let (head, ()) = http::Response::builder()
//!     .header("content-type", "text/event-stream")
//!     .body(())?
//!     .into_parts();
//! let chunk = "event: delta\ndata: {\"text\":\"Բարև\"}\n\n\
//!              event: done\ndata: {\"message_id\":\"m1\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
//!
//! let now = Instant::ORIGIN;
//! let config = Config::default();
//! assert!(Answer::to_chat(&head, &config).is_none(), "a reply stream");
//! let mut reply = Reply::new(&config, now);
//! let mut text = String::new();
//! let mut input = chunk.as_bytes();
//! loop {
//!     let chunk = input;
//!     let Some(ready) = reply.advance(&mut input, now)? else { break };
//!     if let Event::Delta { text: more } = reply.event(ready, chunk, now)? {
//!         text.push_str(&more);
//!     }
//! }
//! assert!(reply.is_over());
//! assert_eq!(text, "Բարև");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What is the API's, and what our decision
//!
//! The API's text fixes the three endpoints, the names of events and fields, the four
//! error codes and the limits of 4000 and 200 characters. Everything else (what ends a
//! reply, clocks, limits on what is read, what is accepted beyond the text) is a
//! decision of this project; the documentation of each item says which it is.
//!
//! # Features
//!
//! - `std` (default): everything.
//! - `alloc`: without an operating system, but with an allocator: the decoder with
//!   storage of its own, ids, and typed events.
//! - neither: the decoder over the caller's storage, on `core` alone.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod time;

#[cfg(feature = "alloc")]
pub mod text;

pub mod sse;

#[cfg(feature = "alloc")]
pub mod id;
#[cfg(feature = "alloc")]
pub mod message;
#[cfg(feature = "alloc")]
pub mod state;

#[cfg(feature = "alloc")]
mod object;

#[cfg(feature = "alloc")]
pub mod event;

#[cfg(feature = "std")]
pub mod request;

#[cfg(feature = "std")]
mod percent;

#[cfg(feature = "std")]
pub mod endpoint;

#[cfg(feature = "std")]
mod date;

#[cfg(feature = "std")]
pub mod response;

pub mod config;

#[cfg(feature = "alloc")]
pub mod reply;

#[cfg(feature = "std")]
pub mod failure;

#[cfg(feature = "std")]
pub mod exchange;

#[cfg(feature = "std")]
pub mod backoff;

#[cfg(feature = "std")]
mod turn;

#[cfg(feature = "std")]
mod handoff;

#[cfg(feature = "std")]
mod recovery;

#[cfg(feature = "std")]
pub mod saved;

#[cfg(feature = "std")]
mod outbox;

#[cfg(feature = "std")]
pub mod conversation;
