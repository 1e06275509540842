//! The HighChat `/v1` protocol without a socket, a clock or a runtime.
//!
//! ```text
//!             bytes            frames          events           updates
//!   network ────────▶ sse::Decoder ──▶ Event::parse ──▶ Conversation ──▶ application
//!      ▲                                                     │
//!      └──────────────── Request, deadlines ◀────────────────┘
//! ```
//!
//! An adapter moves bytes and tells the time, nothing else: all of the protocol is here.
//! `highchat-hyper` (async) and `highchat-ureq` (blocking) are such adapters;
//! `examples/by_hand.rs` is one over `std::net::TcpStream`, whole in one file.
//!
//! [`Conversation`] is what a driver holds:
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
//!             // The embedder sends it and reads; here the service is played.
//!             assert_eq!(request.url(), "https://chat.example/v1/chat");
//!             let mut head = Head::new(200);
//!             head.header("content-type", b"text/event-stream");
//!             conversation.handle_response(id, head, now);
//!             let chunk = "event: delta\ndata: {\"text\":\"Բարև\"}\n\nevent: done\n\
//!                          data: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
//!             conversation.handle_body(id, chunk.as_bytes(), now);
//!             conversation.handle_end(id, now);
//!         }
//!         Output::Abort(_) => {} // Drop that exchange.
//!         Output::Update => match conversation.update() {
//!             Some(Update::TurnEnded { end, .. }) => assert_eq!(*end, TurnEnd::Done),
//!             Some(update) => text.push_str(update.text().unwrap_or_default()),
//!             None => {}
//!         },
//!         Output::Wait(None) => break, // Nothing is under way and nothing waited for.
//!         Output::Wait(Some(when)) => {
//!             // Wait until then for bytes; without any:
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
//! A message is sent a second time only where it was surely not taken. A reply that was
//! cut, or that never came though the message may have been taken, is looked for by
//! reading; found or not, it is never passed off as what it is not.
//!
//! # The search for a reply
//!
//! The search asks for the messages after the newest time that was known before the turn, up
//! to four times in some 20 s. A message is taken for the reply only if it can be nothing
//! else. It is by the `assistant`, not known yet, begins with the text so far, and:
//!
//! - the page shows the message that was sent, as often as its text was sent, and the reply is
//!   the first such message after it, by its time; or
//! - the page shows no messages of the user at all, every turn before ended, and exactly one
//!   such message is there, twice in a row.
//!
//! It is not taken while a person answers, if it may be the reply of a turn that was cancelled
//! or cut before, or if two times are the same. In doubt the turn is reported incomplete. In a
//! conversation that is continued by its id alone ([`Saved::new`]) nothing
//! is searched for: what was said before is unknown. Source: our decision.
//!
//! # The handoff
//!
//! ```text
//!   Off ── human | pending_human ──▶ Due(at) ──▶ InFlight(id) ── 200, still wanted ──▶ Due(now + 4 s)
//!    ▲                                  ▲            │ 429 | 5xx | lost ──▶ Due(now + back-off)
//!    └──────── bot | closed | 401 | 404 ┴────────────┘
//! ```
//!
//! # Piece by piece
//!
//! Who wants one exchange and no conversation takes the parts:
//!
//! - [`Endpoint`] turns a checked
//!   [`ChatRequest`] into a [`Request`], which is plain data;
//! - [`Answer`](crate::http::Answer) judges the [`Head`] of what came back;
//! - [`Reply`](reply::Reply) turns the body into [`Event`]s, with the
//!   clocks that end a dead stream, and says whether the reply was whole;
//!   [`Reader`](reply::Reader) keeps the piece of it that was read last;
//! - [`session::Collector`] puts the updates of one turn together to the whole answer;
//! - [`Failure`] names what went wrong by what it means for the
//!   message: surely not taken, perhaps taken, refused, cut. A turn ends with it as well.
//!
//! # What is the API's, and what our decision
//!
//! | the API's text | our decision |
//! | --- | --- |
//! | three endpoints, two ways of authentication | a key is visible ASCII; no redirect is followed, no encoding decoded |
//! | the events and their fields; store `conversation_id` | only `done`, `human` and `error` end a reply; unknown events and fields are carried along, broken known ones cut it |
//! | `message` 1 to 4000 characters, `visitor_ref` at most 200 | counted as Unicode scalar values |
//! | 429: back off and retry | three attempts, `Retry-After` up to 120 s, else 5 s and 20 s |
//! | poll every 4 s with the newest `created_at`, stop at `bot` and `closed` | ±10 %, back-off to 60 s, each message once, an unknown state changes nothing |
//! | four error codes, messages for the user | error bodies to 64 KiB, `error` may be a string |
//! | nothing | every clock and limit ([`Config`]), recovery of cut replies, saved conversations |
//!
//! Nothing here was tried against the service itself, which its text alone describes.
//!
//! # Features
//!
//! - `alloc`: everything, without an operating system, but with an allocator.
//! - neither `alloc` nor `std`: [`sse`] over the caller's storage, on `core` alone.
//! - `std` (default): the standard library's hash and error types, in the crates below too.
//! - `http` (default): conversions to and from the `http` crate, which needs `std`, and its
//!   reason phrases in the text of an error.
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

/// What the sessions of all adapters share: the commands, and the whole answer to one message.
#[cfg(feature = "alloc")]
pub mod session {
    pub use crate::conversation::session::{
        Answered, AnsweredBy, AskError, Collector, Commands, ReplyCollector,
    };
}

#[cfg(feature = "alloc")]
pub use crate::{
    api::{
        ChatMessage, ChatRequest, ConversationId, Event, Message, MessageId, MessagesRequest, Page,
        Rating, RatingRequest, Role, State, Timestamp, VisitorRef,
    },
    config::Config,
    conversation::{
        Conversation, Output, RateError, RequestId, Saved, SendError, TurnEnd, TurnId, Update,
    },
    failure::Failure,
    http::{Credentials, Endpoint, Head, Request},
    session::{Answered, AnsweredBy, AskError},
};
