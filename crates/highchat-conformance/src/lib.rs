//! Judges a HighChat client: give it a driver, get a report.
//!
//! A [`Check`] runs the client against services that do something wrong, one row of the table at
//! a time: connections that break, answers that stall, odd event streams, refusals, handoffs. Each
//! row says what the service does, what must be seen, why, and whether that comes from the API's
//! text, from a standard or from this project. The [`Report`] says which rows passed, and of each
//! other row what was expected and what was seen. Messages are counted at the service, so a
//! message that was sent twice is found even if the client does not show it.
//!
//! ```text
//!  your adapter ── Driver ──▶ Check ──▶ rows, side by side ──▶ Report
//!                               │            │     ▲             Display, JSON,
//!                               │       updates   requests       is_conformant
//!                               ▼            │     │
//!                        what is left out    ▼     │
//!                        (Capability)     a service with faults (highchat-sandbox)
//! ```
//!
//! There are three ways to connect a client:
//!
//! - **A client in Rust, with sessions**: implement [`Driver`] and call [`Check::new`]. It blocks,
//!   so an async client brings its own runtime. All rows can be run.
//! - **A client that runs a whole trial at a time**, such as a program that sends one message:
//!   [`Check::function`]. The scenarios and the connections need sessions, and are shown as not
//!   supported.
//! - **A client in another language**: a program that is commanded over its standard input and
//!   output, a JSON object a line, as the module [`remote`] describes. The program
//!   `highchat-conformance` judges it.
//!
//! ```no_run
//! use highchat_conformance::{Capability, Check, Driver, Status};
//! use highchat_proto::{Config, Conversation, Endpoint, Message, Saved, Update};
//!
//! struct Session {
//!     conversation: Conversation,
//!     // …
//! }
//!
//! impl Session {
//!     fn open(endpoint: Endpoint, config: Config, saved: Option<Saved>) -> Self {
//!         // …
//! #       _ = saved;
//! #       Self { conversation: Conversation::new(endpoint, config) }
//!     }
//! }
//!
//! impl Driver for Session {
//!     fn send(&mut self, message: Message) {
//! #       _ = message;
//!         // …
//!     }
//!
//!     fn next(&mut self) -> Option<Update<'static>> {
//!         // …
//! #       None
//!     }
//!
//!     fn status(&self) -> Status {
//!         Status::from(&self.conversation)
//!     }
//! }
//!
//! // In a test:
//! let check = Check::new(Session::open)
//!     .without(Capability::Cancel)
//!     .without(Capability::Rate)
//!     .without(Capability::Resume);
//! check.run().assert_conformant();
//! ```
//!
//! `examples/minimal.rs` is a whole adapter that passes, and the guide
//! `docs/write-an-adapter.md` in the repository explains it.
//!
//! # The rows
//!
//! | name | what the service does |
//! | --- | --- |
//! | `fault/…` | the faults of highchat-sandbox, alone and together, in a first message and in a thread |
//! | `alike/…` | a reply is cut, and an older one begins alike |
//! | `reading/…` | another reading of the API's text |
//! | `scenario/…` | a conversation step by step: rating, handoff, restart, silence, heads |
//! | `connections/…` | a handoff with up to an hour of polls, whose connections are counted |
//!
//! # Limits
//!
//! A row that takes longer than [`Check::patience`] fails, and its thread is left behind, because
//! a thread cannot be stopped. A panic of the client fails its row. All services listen on
//! 127.0.0.1 and speak HTTP/1.1 without TLS. [`ConnectionTrial::hold`] also takes connections
//! with TLS. The kit does not see what a client shows to a person, so a driver must pass on what
//! the client shows.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod capability;
mod check;
mod connections;
mod converse;
mod driver;
mod mismatch;
pub mod remote;
mod report;
mod row;
mod runner;
mod scenario;
mod seen;
mod source;
mod table;
mod trial;
pub mod words;

pub use capability::{Capability, UnknownCapability};
pub use check::Check;
pub use connections::{CONNECTION_TRIALS, ConnectionTrial};
pub use converse::converse;
pub use driver::{Driver, Status, in_short};
pub use mismatch::Mismatch;
pub use report::{Entry, Report, RowResult};
pub use scenario::brisk;
pub use seen::{Outcome, Seen};
pub use source::Source;
pub use table::{ALIKE, IN_A_THREAD, TRIALS};
pub use trial::{Course, TEXT, Trial};

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
