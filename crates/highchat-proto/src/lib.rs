//! The HighChat `/v1` protocol, without a socket, a clock or a runtime.
//!
//! ```text
//!             bytes            frames          events           updates
//!   network ────────▶ sse::Decoder ──▶ Event::parse ──▶ Conversation ──▶ application
//!      ▲              └────── EventDecoder ───────┘          │
//!      └──────────────── Request, deadlines ◀────────────────┘
//! ```
//!
//! This crate holds the whole protocol. An adapter moves the bytes and supplies the time, and
//! does nothing else. `highchat-hyper` (async) and `highchat-ureq` (blocking) are adapters.
//! `examples/by_hand.rs` is a complete adapter over `std::net::TcpStream`, in one file.
//!
//! A driver (the loop of an adapter) holds one [`Conversation`]:
//!
//! ```
//! use core::time::Duration;
//!
//! use highchat_proto::time::Instant;
//! use highchat_proto::{
//!     Config, Conversation, Credentials, Endpoint, Head, Message, Output, TurnEnd, TurnId, Update,
//! };
//!
//! let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
//! let mut conversation = Conversation::new(endpoint, Config::default());
//! let now = Instant::ORIGIN;
//! conversation.send(Message::new("Բարև")?, now)?;
//!
//! let mut text = String::new();
//! loop {
//!     match conversation.poll_output() {
//!         Output::Transmit(id, request) => {
//!             // A driver sends the request and reads the response. Here, we play the service.
//!             assert_eq!(request.url(), "https://chat.example/v1/chat");
//!             let mut head = Head::new(200);
//!             head.header("content-type", b"text/event-stream");
//!             conversation.handle_response(id, head, now);
//!             let chunk = "event: delta\ndata: {\"text\":\"Բարև\"}\n\nevent: done\n\
//!                          data: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
//!             conversation.handle_body(id, chunk.as_bytes(), now);
//!             conversation.handle_end(id, now);
//!         }
//!         Output::Abort(_) => {} // Drop this exchange.
//!         Output::Update => match conversation.update() {
//!             Some(Update::TurnEnded { end, .. }) => assert_eq!(*end, TurnEnd::Done),
//!             Some(update) => text.push_str(update.text().unwrap_or_default()),
//!             None => {}
//!         },
//!         Output::Wait(None) => break, // Nothing is in flight, and there is no timeout.
//!         Output::Wait(Some(when)) => {
//!             // Wait for bytes until then. If none come:
//!             conversation.handle_timeout(when);
//!         }
//!     }
//! }
//! assert_eq!(text, "Բարև");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # The turn
//!
//! ```text
//!           send                       200                      done | human | error
//!   Idle ─────────▶ Requested ───────────────▶ Streaming ─────────────────────────▶ Settled ──▶ Idle
//!    ▲                 │ 429 | NotSent, tries left │ deadline, end, lost               │ end or 2 s
//!    │                 ▼                           ▼                                   │
//!    │              Delayed(at) ─▶ Requested    Recovery (GET) ── found | not found ───┤
//!    └───────────────── failed ◀───────────────────────────── cancel: any state ───────┘
//! ```
//!
//! A message is sent a second time only if the service surely did not take it. If a reply was
//! cut, or if no reply came although the message may have been taken, the conversation searches
//! for the reply among the conversation's messages (`GET /v1/conversations/{id}/messages`). A
//! partial reply is never reported as a whole one.
//!
//! # The search for a reply
//!
//! The search asks for the messages after the newest timestamp that was known before the turn.
//! It asks up to four times in about 20 s. A message counts as the reply only if nothing else
//! is possible. Its role is `assistant`, it was not known before, it begins with the text
//! received so far, and one of these is true:
//!
//! - The page lists the message that was sent. If its text was sent more than once, the page
//!   lists it just as often. The reply is the first matching message after it, by timestamp.
//! - The page lists no messages of the user at all, every earlier turn ended, and two pages in
//!   a row list only one matching message, the same one.
//!
//! A message does not count if a person answers now, if it may be the reply of an earlier turn
//! that was cancelled or cut, or if two timestamps are equal. In doubt, the turn is reported as
//! incomplete. There is no search in a conversation that is continued by its id alone
//! ([`Saved::new`]), because its earlier messages are unknown. Source: our decision.
//!
//! # The handoff
//!
//! ```text
//!   Off ── human | pending_human ──▶ Due(at) ──▶ InFlight(id) ── 200, still wanted ──▶ Due(now + 4 s)
//!    ▲                                  ▲            │ 429 | 5xx | lost ──▶ Due(now + back-off)
//!    └──────── bot | closed | 401 | 404 ┴────────────┘
//! ```
//!
//! # Use of single parts
//!
//! If you want one exchange without a conversation, use these types:
//!
//! - [`Endpoint`] turns a checked [`ChatRequest`] into a [`Request`], which is plain data.
//! - [`Answer`](crate::http::Answer) judges a response by its [`Head`].
//! - [`EventDecoder`] only decodes the body into [`Event`]s.
//! - [`Reply`](reply::Reply) also has the timeouts that end a dead stream, and reports whether the
//!   reply was whole. Use it unless your program has its own.
//! - [`Reader`](reply::Reader) keeps the chunk of the body that was read last.
//! - [`session::Collector`] collects the updates of one turn into the whole answer.
//! - [`Failure`] says what went wrong, and what this means for the message: surely not taken,
//!   perhaps taken, refused, or reply cut. A failed turn ends with a `Failure` too.
//!
//! # What the API's text says, and what we decided
//!
//! | the API's text | our decision |
//! | --- | --- |
//! | three endpoints, two ways of authentication | a key is visible ASCII; no redirect is followed, no encoding decoded |
//! | the events and their fields; store `conversation_id` | only `done`, `human` and `error` end a reply; unknown events and fields are passed on; a known event with invalid data cuts the reply |
//! | `message` 1 to 4000 characters, `visitor_ref` at most 200 | counted as Unicode scalar values |
//! | 429: back off and retry | three attempts; waits for `Retry-After` up to 120 s; without it, 5 s and 20 s |
//! | poll every 4 s with the newest `created_at`, stop at `bot` and `closed` | ±10 %; backs off up to 60 s; reports each message once; an unknown state changes nothing |
//! | four error codes, messages for the user | reads error bodies up to 64 KiB; `error` may be a string |
//! | nothing | every timeout and limit ([`Config`]), the search for cut replies, saved conversations |
//!
//! Nothing here was tested against the real service. The API's text is its only description.
//!
//! # Features
//!
//! - `alloc`: the whole crate, for targets with an allocator but without an operating system.
//!   Without it, only [`config`], [`time`] and [`sse`] exist. They need only `core`, and [`sse`]
//!   uses storage of the caller.
//! - `serde`: [`serde`] reads and writes the types of the API, an [`Update`], a
//!   [`Failure`] and a [`Saved`] conversation. The crate itself does not need it.
//! - `std` (default): includes `alloc`, and turns on `std` in the dependencies too.
//! - `http` (default): conversions to and from the types of the `http` crate, and reason phrases
//!   in error texts. It needs `std`.
//!
//! The crate's README says what a target without compare-and-swap needs.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod config;
#[cfg(feature = "alloc")]
mod json;
pub mod sse;
pub mod time;

#[cfg(feature = "alloc")]
pub mod api;

#[cfg(feature = "alloc")]
pub mod failure;

#[cfg(feature = "alloc")]
pub mod http;

#[cfg(feature = "alloc")]
pub mod reply;

#[cfg(feature = "alloc")]
pub mod conversation;

/// Parts that the sessions of all adapters share: the commands, and the whole answer to a
/// message.
#[cfg(feature = "alloc")]
pub mod session {
    pub use crate::conversation::session::{
        Answered, AnsweredBy, AskError, Collector, Commands, ReplyCollector,
    };
}

#[cfg(feature = "alloc")]
pub use crate::{
    api::{
        ChatMessage, ChatRequest, ConversationId, Event, EventDecodeError, EventDecoder, Message,
        MessageId, MessagesRequest, Page, Rating, RatingRequest, Role, State, Timestamp,
        VisitorRef,
    },
    config::Config,
    conversation::{
        Conversation, Output, RateError, RequestId, Saved, SendError, TurnEnd, TurnId, Update,
    },
    failure::Failure,
    http::{Credentials, Endpoint, Head, Request},
    session::{Answered, AnsweredBy, AskError},
};

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
