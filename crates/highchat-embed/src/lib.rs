//! A HighChat client over any byte pipe, for programs that have a socket, a clock and a loop
//! of their own. It needs neither tokio nor ureq, and without the feature `std` no operating
//! system.
//!
//! ```text
//!             bytes              answers            updates
//!    pipe ────────▶ HTTP/1.1 ────────▶ Conversation ──▶ application
//!     ▲                │                    │
//!     └──── bytes ─────┴───── requests ◀────┘
//! ```
//!
//! [`Embed`] holds a [`Conversation`] and its HTTP/1.1 exchanges, and does no I/O. It returns
//! which pipe to open and what to write; your loop, the *driver*, passes in what it read.
//! [`highchat_http1`] implements HTTP. There is no runtime, socket or thread among the
//! dependencies.
//!
//! ```
//! use core::time::Duration;
//! use std::io::{ErrorKind, Read, Write};
//! use std::net::TcpStream;
//!
//! use highchat_embed::proto::failure::Cause;
//! use highchat_embed::proto::time::Instant;
//! use highchat_embed::{Config, Credentials, Embed, Endpoint, Message, Output};
//!
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let (base_url, key) = (sandbox.base_url(), sandbox.key());
//! let endpoint = Endpoint::new(base_url, Credentials::key(key)?)?;
//! let start = std::time::Instant::now();
//! let now = || Instant::from_origin(start.elapsed());
//! let mut embed = Embed::new(endpoint, Config::default()).with_one_pipe();
//! embed.send(Message::new("Բարև, ի՞նչ ժամերի եք աշխատում")?, now())?;
//!
//! let mut live = None;
//! let mut buffer = [0; 4096];
//! loop {
//!     match (embed.poll_output(), &mut live) {
//!         (Output::Open(pipe), _) => {
//!             let at = (embed.endpoint().host(), embed.endpoint().port());
//!             live = Some((pipe, TcpStream::connect(at)?));
//!             embed.handle_opened(pipe, now());
//!         }
//!         (Output::Write(pipe), Some((_, stream))) => {
//!             let len = stream.write(embed.bytes(pipe))?;
//!             embed.handle_written(pipe, len, now());
//!         }
//!         (Output::Close(_), _) => live = None,
//!         (Output::Update, _) => {
//!             if let Some(update) = embed.update() {
//!                 print!("{}", update.text().unwrap_or_default());
//!                 std::io::stdout().flush()?;
//!             }
//!         }
//!         (Output::Wait(Some(when)), Some((pipe, stream))) => {
//!             let wait = when.saturating_duration_since(now());
//!             stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
//!             match stream.read(&mut buffer) {
//!                 Ok(len @ 1..) => embed.handle_read(*pipe, &buffer[..len], now()),
//!                 Err(error)
//!                     if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
//!                 lost => {
//!                     let (pipe, _) = live.take().expect("it was read");
//!                     match lost {
//!                         Ok(_) => embed.handle_end(pipe, now()),
//!                         Err(error) => embed.handle_failure(pipe, Cause::of(&error), now()),
//!                     }
//!                 }
//!             }
//!             embed.handle_timeout(now());
//!         }
//!         (Output::Wait(Some(when)), None) => {
//!             std::thread::sleep(when.saturating_duration_since(now()));
//!             embed.handle_timeout(now());
//!         }
//!         // Nothing is under way and nothing waited for.
//!         (Output::Wait(None) | Output::Write(_), _) => break,
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` has whole programs to copy: `std_tcp` (blocking), `tls` (the same with rustls),
//! `smol` (async without tokio) and `mio` (a hundred conversations on one thread). `embedded_io`
//! and `embedded_io_async` are for devices.
//!
//! # Which crate to use
//!
//! | you bring | use | code of a program that streams a reply and follows a handoff |
//! | --- | --- | --- |
//! | nothing, and your program uses tokio | `highchat-hyper` | 20 lines, 11 of them the loop |
//! | nothing, and your program blocks | `highchat-ureq` | 19 lines, 11 of them the loop |
//! | a socket, or any byte pipe | this crate | a loop of 58 lines with blocking sockets, 59 with rustls, 64 with smol; with mio 226 lines for the whole program |
//! | an HTTP client | `highchat-proto` alone | a loop of some 75 lines, and the client; 174 lines in all with a hand-written HTTP/1.0 client (its example `by_hand`) |
//!
//! The numbers count the examples' lines, without empty lines and comments. Your own socket
//! needs more lines because your program connects, looks up names, does TLS and waits by
//! itself. In return, your program has fewer dependencies: 20 packages with this crate, 16 with
//! proto alone, 35 with ureq and 66 with hyper.
//!
//! # What a driver must know
//!
//! - **Opening** a pipe may take at most [`Config::connect_timeout`]. After that,
//!   [`Output::Close`] comes for the pipe that is still opening. A loop that blocks while it
//!   connects must set this limit itself.
//! - **TLS** belongs to the pipe. The pipe is open when the handshake is done, so a failed
//!   handshake has sent nothing. Offer only the protocol `http/1.1`. Report an end without
//!   `close_notify` as a failure: a reply may end with its connection, and a cut one must not
//!   count as whole.
//! - **A proxy** belongs to the pipe as well: the pipe is a tunnel through it.
//! - **Reading** may pause, which slows the service down. Call
//!   [`handle_return`](Embed::handle_return) when you read again.
//! - **Time** is an argument of every input. Call
//!   [`handle_timeout`](Embed::handle_timeout) when the time of [`Output::Wait`] has come. An
//!   extra call does no harm.
//! - **Late inputs** are allowed: inputs act at once, and inputs for a pipe that is gone are
//!   ignored.
//!
//! # Without an operating system
//!
//! With `default-features = false` the crate needs an allocator, and no `std`. Then there is no
//! source of random numbers: give each conversation a seed by [`with_seed`](Embed::with_seed).
//!
//! - `std` (default): a random seed for each conversation, and the standard library's types in
//!   the dependencies too.
//! - `http` (default): conversions to and from the types of the `http` crate, and reason phrases
//!   in error texts. It needs `std`.
//! - `serde`: `Serialize` and `Deserialize` for the types of the API, updates and saved
//!   conversations.
//! - `embedded-io` and `embedded-io-async`: the module `device`, [see below](#on-a-device).
//! - `portable-atomic`: for targets without compare-and-swap, such as `thumbv6m-none-eabi`. There
//!   `Arc` in this documentation is `Rc`. The README of `highchat-proto` says what else they need.
//!
//! # Memory
//!
//! Nothing grows without a bound. These are the buffers of one conversation. The limits that are
//! fields of [`Config`] suit a computer; a device sets them to what its heap can hold. Anything
//! longer is an error of its exchange.
//!
//! | buffer | bytes | lives |
//! | --- | --- | --- |
//! | the read buffer of a session for [devices](#on-a-device) | 512 | with the session, inside it |
//! | a request | head 0.5 KB, and the message (at most 4000 characters as JSON) or the comment of a rating | until it is written; a poll until its answer |
//! | the head of an answer | at most 64 KiB, or [`with_head_limit`](Embed::with_head_limit), and its fields again while they are read | until it is complete |
//! | an event of a reply | 4 KiB, or [`event_limit`] if that is less; grows up to [`event_limit`] | with the reply |
//! | the text of a reply | grows up to [`reply_limit`] | with the turn, and its search |
//! | the body of an error | grows up to [`error_limit`] | until it is read |
//! | a page of messages | grows up to [`page_limit`], and its messages again | until its messages are shown |
//! | ids of messages that were shown | the last 256, and up to 65,536 with the newest timestamp; an id has at most 1 KiB | with the conversation |
//! | what a search for a reply needs | hashes of 64 messages, and 512 bytes of each of 8 replies without an id | with the conversation |
//!
//! While a reply streams, nothing is allocated, except when its text outgrows its buffer, which
//! then doubles. A conversation that waits allocates nothing. A request and the head of its answer
//! allocate, and release it at the end of the exchange. Tests hold all three.
//!
//! [`event_limit`]: Config::event_limit
//! [`reply_limit`]: Config::reply_limit
//! [`error_limit`]: Config::error_limit
//! [`page_limit`]: Config::page_limit
//!
//! # On a device
//!
//! The module `device` has the loop over the traits of `embedded-io` (feature `embedded-io`) and
//! of `embedded-io-async` (feature `embedded-io-async`), for any executor, any network and any TLS
//! with these traits. The repository's `examples/bare-metal` has a Cortex-M3 that talks with a
//! service over a serial line, with its sizes.
//!
//! # Log
//!
//! This crate writes to the crate [log](https://docs.rs/log), at level `info` and under its own
//! name: each request of a session (method and path), and the status of its answer or the reason
//! why there is no answer. It logs no key, no query and no message text. Without a logger it
//! costs next to nothing.
//!
//! # The supported part of HTTP/1.1
//!
//! It is the part that [`highchat_http1`] supports: redirects are not followed and nothing is
//! decompressed. An answer that breaks a limit, or is not HTTP/1, counts as a lost connection.
//! A program that forwards answers and has no conversation can use that crate directly.
//!
//! [`Conversation`]: highchat_proto::Conversation
//! [`Config::connect_timeout`]: highchat_proto::config::Config::connect_timeout

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "embedded-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io")))]
pub mod device;
mod embed;
mod exchange;
mod pipe;
mod pipes;
mod shared;

/// The protocol crate. Its common types are exported here as well, so that a program needs
/// only this crate.
pub use highchat_proto as proto;
/// Collects the updates of one turn into the whole answer, as `Session::ask` of the other
/// adapters does.
pub use highchat_proto::session::Collector;
pub use highchat_proto::{
    Answered, AnsweredBy, AskError, ChatMessage, Config, Conversation, ConversationId, Credentials,
    Endpoint, Message, MessageId, RateError, Rating, RequestId, Role, Saved, SendError, State,
    Timestamp, TurnEnd, TurnId, Update, VisitorRef,
};

pub use embed::{Embed, Output};
pub use pipe::PipeId;

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
