//! A HighChat client over any byte pipe: for whoever has a socket, a clock and a loop of
//! their own, and neither tokio nor ureq.
//!
//! ```text
//!             bytes              answers            updates
//!    pipe ────────▶ HTTP/1.1 ────────▶ Conversation ──▶ application
//!     ▲                │                    │
//!     └──── bytes ─────┴───── requests ◀────┘
//! ```
//!
//! [`Embed`] holds a [`Conversation`] and its HTTP/1.1 exchanges, and does no I/O: it says
//! which pipe to open and what to write, and is told what was read. HTTP is
//! [`highchat_http1`]'s; no runtime, no socket and no thread is among
//! the dependencies.
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
//!         _ => break, // Nothing is under way and nothing waited for.
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` has whole programs, to be copied: `std_tcp` (blocking), `tls` (the same
//! under rustls), `smol` (async without tokio) and `mio` (a hundred conversations on one
//! thread).
//!
//! # Which of them to take
//!
//! | you bring | take | a program that streams a reply and follows a handoff |
//! | --- | --- | --- |
//! | nothing, and have tokio | `highchat-hyper` | 20 lines, 11 of them the loop |
//! | nothing, and block | `highchat-ureq` | 19 lines, 11 of them the loop |
//! | a socket, or any byte pipe | this crate | a loop of 58 lines blocking, 59 under rustls, 64 over smol; over mio 226, which is all of the program |
//! | an HTTP client | `highchat-proto` alone | a loop of some 75 lines, and the client; where that is HTTP/1.0 by hand (its example `by_hand`), 174 in all |
//!
//! Lines are those of the examples, without empty ones and comments. What costs lines with
//! a socket of your own is the socket: connecting, TLS and name lookup are yours, as is
//! waiting. What you get for it is that nothing else is in your program: 22 packages with
//! this crate in it, 16 with proto alone, 35 with ureq and 66 with hyper.
//!
//! # What a driver has to know
//!
//! - **Opening** takes as long as [`Config::connect_timeout`] says, and is given up then:
//!   [`Output::Close`] may come for a pipe that is not there yet. A loop that blocks while
//!   it connects gives that up by itself.
//! - **TLS** belongs to the pipe: it is open when the handshake is done, so that whatever
//!   fails in it has sent nothing. Offer no protocol but `http/1.1`. An end that TLS did
//!   not announce is a failure; to tell the two apart is what makes a reply that ends
//!   with its connection a whole one.
//! - **A proxy** belongs to the pipe as well, as a tunnel.
//! - **Reading** may be put off, which slows the service down; tell
//!   [`handle_return`](Embed::handle_return) when it goes on.
//! - **Time** is told with every input. A moment that has come is told by
//!   [`handle_timeout`](Embed::handle_timeout); to call it more often does no harm.
//! - **Order** does not matter: inputs act at once, and those for a pipe that is gone are
//!   ignored.
//!
//! # Log
//!
//! By the crate [log](https://docs.rs/log), at `info` and under this crate's name: each request
//! of a session (method and path), the status of its answer, and why there is none. No key,
//! no query, no text of a message. Without a logger it costs next to nothing.
//!
//! # What of HTTP/1.1 there is
//!
//! What [`highchat_http1`] has: no redirect is followed, nothing is decompressed, and an
//! answer that breaks a limit, or that is no HTTP/1, is a lost connection. A program that
//! passes answers on, and has no conversation, takes that crate.
//!
//! [`Conversation`]: highchat_proto::Conversation
//! [`Config::connect_timeout`]: highchat_proto::config::Config::connect_timeout

#![forbid(unsafe_code)]

mod embed;
mod exchange;
mod pipe;
mod pipes;

/// The protocol, whose usual names stand here as well: a program needs this crate alone.
pub use highchat_proto as proto;
/// Puts the updates of one turn together to the whole answer, as `Session::ask` of the other
/// adapters does.
pub use highchat_proto::session::Collector;
pub use highchat_proto::{
    Answered, AnsweredBy, AskError, ChatMessage, Config, Conversation, ConversationId, Credentials,
    Endpoint, Message, MessageId, RateError, Rating, RequestId, Role, Saved, SendError, State,
    Timestamp, TurnEnd, TurnId, Update, VisitorRef,
};

pub use embed::{Embed, Output};
pub use pipe::PipeId;
