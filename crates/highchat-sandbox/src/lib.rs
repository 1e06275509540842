//! A local HighChat /v1 service for development, demonstrations and tests.
//!
//! [`Sandbox`] implements the whole service as the API's text documents it, on a free port of
//! 127.0.0.1, inside the program or test that starts it: replies as event streams, both ways of
//! authentication, the error shape, limits, CORS, handoff and rating. It records its requests, so
//! that a test can check what a client has sent.
//!
//! It makes faults on request. A [`Fault`] changes the bytes of a connection, the events of a
//! reply, the HTTP answer, or the polls of a handoff. Faults can be combined. They can be set by
//! a message (`/fault cut,cr-lf`), a test ([`Sandbox::inject`]), a [`Script`], the control API or
//! the builder. If the API's text allows several behaviours, a [`Reading`] chooses another one. A
//! [`Verdict`] lists what the client did wrong.
//!
//! [`Playback`] is a server without knowledge of the API. It sends exactly the bytes that it was
//! given, to show a client what no service should send.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use core::time::Duration;
//! use std::io::{Read as _, Write as _};
//! use std::net::TcpStream;
//!
//! use highchat_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::builder().token_delay(Duration::ZERO).start()?;
//!
//! let body = r#"{"message":"Բարև, ի՞նչ ժամերի եք աշխատում"}"#;
//! let mut stream = TcpStream::connect(sandbox.addr())?;
//! write!(
//!     stream,
//!     "POST /v1/chat HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
//!      connection: close\r\ncontent-length: {}\r\n\r\n{body}",
//!     sandbox.addr(),
//!     sandbox.key(),
//!     body.len(),
//! )?;
//! let mut reply = String::new();
//! stream.read_to_string(&mut reply)?;
//!
//! assert!(reply.contains("event: meta\ndata: {\"conversation_id\":"));
//! assert!(reply.contains("event: delta\ndata: {\"text\":\"Աշխատում \"}\n\n"));
//! assert!(reply.contains("event: done\ndata: {\"message_id\":"));
//! assert_eq!(sandbox.requests()[0].body, body);
//! # Ok(())
//! # }
//! ```
//!
//! # The inbox
//!
//! The messages `/human` and `/pending` hand the conversation over to a person. By default this is
//! the built-in [`Person`]. You can be the person yourself in three ways. If you act in a
//! conversation, the built-in person stops there.
//!
//! - In a browser: the page `/inbox` ([`Sandbox::inbox_url`]). The chat page is `/c/{slug}`
//!   ([`Sandbox::chat_url`]); `?visitor=REF` sets its `visitor_ref`. The page `/` links to both.
//!   The pages are part of the program and send no request to another host. A strict
//!   `Content-Security-Policy` lets no other code run, and no message becomes HTML. While an inbox
//!   page is open, handoffs go only to the inbox.
//! - In Rust: [`Sandbox::inbox`].
//! - Over HTTP, with the API that the inbox page uses:
//!
//! | request | what it does |
//! | --- | --- |
//! | `GET /sandbox/inbox` | returns `{"conversations":[…]}`, a list of [`Entry`]; users who wait come first |
//! | `GET /sandbox/inbox/live` | returns an event stream: `snapshot` with all conversations, then `changed` with the changed ones; a comment after 15 s of silence |
//! | `GET /sandbox/inbox/{id}` | returns a [`Transcript`]: `{"conversation":…,"messages":[…]}` |
//! | `POST /sandbox/inbox/{id}/take-over` | takes the conversation over from the bot |
//! | `POST /sandbox/inbox/{id}/reply` | sends `{"text":"…"}`, 1 to 4000 characters, and takes over |
//! | `POST /sandbox/inbox/{id}/hand-back` | gives the conversation back to the bot |
//! | `POST /sandbox/inbox/{id}/close` | closes the conversation until the user's next message |
//!
//! Each `POST` returns the transcript. Errors have the API's shape: 404 `not_found`, 400
//! `invalid_input`, 409 `invalid_input` if the conversation is closed, and 403 `forbidden` for a
//! request from a page of another origin (by `Host`, `Origin` and `Sec-Fetch-Site`). There is no
//! CORS here. A feed has no queue: a page that reads slowly gets the current state instead.
//! Requests to the pages and the inbox are not in [`Sandbox::requests`].
//!
//! # Decisions of the sandbox
//!
//! The API's text defines the endpoints, fields, events, states and codes, the limits of 4000 and
//! 200 characters, the 30 messages a minute, and the sentence of the 429. Where the text is
//! silent, we do not know what the real service does, and the behaviour of the sandbox is our
//! decision. The list below has these decisions, with the [`Reading`] that changes each in
//! parentheses:
//!
//! - A character is a Unicode scalar value (`utf-16-characters`). A message may be only white space
//!   (`blank-is-empty`).
//! - With a wrong key, a right slug does not help. All keys and the slug belong to one bot and
//!   reach the same conversations.
//! - Only accepted messages count for the rate limit, which is for any 60 s. Its 429 has a
//!   `Retry-After` in seconds (`no-retry-after`).
//! - `error` is an object, as in the API's sample (`error-as-string`).
//! - An unknown path is answered with 404 `not_found`. A wrong method is answered with 405 and
//!   `Allow`, a body over 64 KiB with 413, and a request that is not complete in time with 408;
//!   these three have the code `invalid_input`.
//! - A client may close the writing side of the connection and continue to read. TCP reports the
//!   same if the client has left, so the sandbox writes something to find out: a ping once a
//!   second in a stream, and an interim `100 Continue` before the head of an HTTP/1.1 answer that
//!   takes longer than 50 ms. During a stall, and on paths that the API does not have, a client
//!   that closes the writing side counts as gone.
//! - A body must be JSON, but its `content-type` is not checked. Unknown fields are ignored.
//! - A preflight request is answered on the three endpoints. It allows the headers `authorization`
//!   and `content-type`.
//! - `after` excludes messages at exactly this time (`after-inclusive`). Without `after` the whole
//!   conversation is shown. An empty or invalid `after` is answered with 400. Timestamps in a
//!   conversation only grow, and have milliseconds and a `Z` (`times-with-offset`,
//!   `times-in-seconds`, `times-in-microseconds`, `times-as-numbers`).
//! - Polls show all messages (`no-user-messages`, `only-person-messages`). A person has the role
//!   `assistant` (`person-role`).
//! - Every reply has a `meta` (`meta-once`), and `human` ends a reply (`done-after-human`). The
//!   content type of a reply has a charset (`no-charset`).
//! - Ids are UUIDs (`numeric-ids`).
//! - A reply is stored when it ends or when its client leaves. A reply that ends with `error` is not
//!   stored. The text of a `human` event is not a message.
//! - A rating is allowed at any time, and the latest one counts. The answer is `{"ok":true}`
//!   (`rating-204`).
//! - While the state is `pending_human`, the bot answers. When the person has come, each message is
//!   stored for the person and answered with `human`.
//! - A message to a closed conversation opens it again (`closed-is-gone`).
//! - If a person takes over without a request of the user, the client learns it from the `human`
//!   event after its next message, or from `done` with `pending_human` at the end of the current
//!   reply.
//! - The latest 1000 conversations are stored, with 500 messages each.
//!
//! # Messages and commands
//!
//! The bot answers in Armenian. It knows some topics in Armenian and English (hours, prices, the
//! address and others), remembers the user's name and previous message, and quotes everything
//! else. Some messages are commands: `/help` (lists them), `/error`, `/slow`, `/long N` (at most
//! 10,000 words), `/human` and `/pending` (see [`Person`]), `/close`, and `/fault NAMES`.
//! `/fault NAMES` adds faults to its own reply, or to the reply of another command after the names:
//! `/fault stall /long 100`.
//!
//! # The order of faults
//!
//! A refusal (for example `429-seconds` or `500-html`) comes first: the message is not accepted.
//! It applies once, or as often as its `xTIMES` says. If the client then sends the message again,
//! with the same bytes and the same key, it is accepted, and the other faults apply to its reply.
//! Faults of polls apply to later polls of the conversation: failures to one poll each, changes of
//! the page to all polls until the next `/fault` with faults of polls. A message that has only
//! faults of polls begins a handoff.
//!
//! # The control API
//!
//! The control API is for programs that run beside the client under test. It uses JSON, accepts only
//! requests from this machine, and its requests are not in [`Sandbox::requests`]. A request with
//! the `Origin` of another page, or with a `Host` that is not a loopback name, is answered with
//! 403. A request without `Origin` is accepted, even a `POST`: browsers always send it there, and
//! programs of this machine do not.
//!
//! | request | what it does |
//! | --- | --- |
//! | `GET /sandbox/requests` | returns the requests and how they ended, as [`Sandbox::requests`] |
//! | `GET /sandbox/verdict` | returns the verdict, as [`Sandbox::verdict`] |
//! | `GET /sandbox/faults` | returns all faults, and the faults that are set |
//! | `POST /sandbox/faults` | `{"next": ["cut"]}` sets faults for the next reply, `{"always": ["cr-lf"]}` for all replies |
//! | `DELETE /sandbox/faults` | removes all faults that are set |
//! | `POST /sandbox/cancelled` | records that the client cancels now, as [`Sandbox::note_cancel`] |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod api;
mod bot;
mod clock;
mod control;
mod conversation;
mod fault;
mod inbox;
mod journal;
mod net;
mod pages;
mod playback;
mod sandbox;
mod script;
mod server;
mod service;
mod v1;
mod verdict;

pub use api::message::Author;
pub use api::rating::Rating;
pub use api::state::State;
pub use conversation::person::Person;
pub use fault::{Fault, Faults, Injection, UnknownFault};
pub use inbox::entry::{Entry, Line, Transcript};
pub use inbox::{Inbox, InboxError};
pub use journal::{End, Request};
pub use playback::{Playback, Step};
pub use sandbox::{Builder, Sandbox};
pub use script::{InvalidScript, Rule, Script};
pub use v1::reading::{Reading, UnknownReading};
pub use verdict::{Finding, Misstep, Verdict};
