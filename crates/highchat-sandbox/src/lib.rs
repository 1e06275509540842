//! A local HighChat /v1 service for development, demonstrations and tests.
//!
//! [`Sandbox`] is the whole service as the API's text documents it, on a free port of
//! 127.0.0.1, inside the program or test that starts it: replies as event streams,
//! both ways of authentication, the error shape, limits, CORS, handoff and rating. It
//! records its requests, so a test can see what a client really sent.
//!
//! It makes the faults that it is asked for, by name: each [`Fault`] is in the bytes of
//! a connection, in the events of a reply, in the answer around them or in the polls of a
//! handoff, and they combine. A message asks for them (`/fault cut,cr-lf`), a test
//! ([`Sandbox::inject`]), a [`Script`], the control API or the builder. Where the API's
//! text is silent, a [`Reading`] makes it behave in another of the ways that are possible.
//! Afterwards a [`Verdict`] says whether the client behaved.
//!
//! [`Playback`] is the opposite: it knows nothing of the API and answers with the
//! bytes it was given, to show a client what no service should send.
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
//! # The person's side
//!
//! Who sends `/human` or `/pending` is handed over to a person. Without more that is the
//! built-in [`Person`]; three ways lead to be one oneself, and whoever acts in a
//! conversation has it: the built-in person does nothing more in it.
//!
//! - In a browser: `/inbox` ([`Sandbox::inbox_url`]), beside the chat page `/c/{slug}`
//!   ([`Sandbox::chat_url`]; `?visitor=REF` there is the `visitor_ref`), both linked from
//!   `/`. They are files of the program and ask no other host; a strict
//!   `Content-Security-Policy` lets nothing else run, and no message becomes markup. What
//!   is handed over while an inbox is open is left to it alone.
//! - In Rust: [`Sandbox::inbox`].
//! - Over HTTP, which the inbox itself uses:
//!
//! | request | what it does |
//! | --- | --- |
//! | `GET /sandbox/inbox` | `{"conversations":[…]}`, each an [`Entry`], those who wait first |
//! | `GET /sandbox/inbox/live` | the same as an event stream: `snapshot` with all, then `changed` with those that changed; a comment after 15 s of silence |
//! | `GET /sandbox/inbox/{id}` | a [`Transcript`]: `{"conversation":…,"messages":[…]}` |
//! | `POST /sandbox/inbox/{id}/take-over` | answers in place of the bot from now on |
//! | `POST /sandbox/inbox/{id}/reply` | writes `{"text":"…"}`, 1 to 4000 characters, and takes over |
//! | `POST /sandbox/inbox/{id}/hand-back` | gives it back to the bot |
//! | `POST /sandbox/inbox/{id}/close` | closes it until its user writes again |
//!
//! Each `POST` answers with the transcript. Errors have the API's shape: 404 `not_found`,
//! 400 `invalid_input`, 409 `invalid_input` where the conversation is closed, and 403
//! `forbidden` for a request of a foreign page, which is known by `Host`, `Origin`
//! and `Sec-Fetch-Site`. There is no CORS here. A feed keeps no queue: a page that reads
//! slowly gets the current state instead. Neither the pages nor the inbox are among
//! [`Sandbox::requests`].
//!
//! # What is the API's, and what is ours
//!
//! Endpoints, fields, events, states, codes, the 4000 and the 200 characters, the 30
//! messages a minute and the sentence of the 429 are the API's text. It was all there
//! was to go by: how the real service behaves where the text is silent is not known
//! here, and what this one does there is our decision. A name in brackets is the
//! [`Reading`] that decides otherwise:
//!
//! - A character is a Unicode scalar value (`utf-16-characters`); white space alone is a
//!   message (`blank-is-empty`).
//! - A wrong key is not made good by a right slug. All keys and the slug are one bot
//!   and reach the same conversations.
//! - Only messages that were taken count for the rate limit, over any 60 s. Its 429 has a
//!   `Retry-After` in seconds (`no-retry-after`).
//! - `error` is an object, as in the API's sample (`error-as-string`).
//! - A path that does not exist is 404 `not_found`; a wrong method 405 with `Allow`, a body
//!   over 64 KiB 413, and a request that does not come to its end in time 408, all three
//!   with the code `invalid_input`.
//! - A client may close its writing side and go on to read its answer. TCP shows the same
//!   for a client that is gone, so the sandbox writes something to find out: in a stream a
//!   ping, once a second, and before the head of an HTTP/1.1 answer that takes longer than
//!   50 ms an interim `100 Continue`. In a stall, and for paths that are not the API's, a
//!   client that closes its writing side counts as gone.
//! - A content type is not asked for, only JSON is. Fields beyond the API's are ignored.
//! - A preflight is answered on the three endpoints and allows the headers
//!   `authorization` and `content-type`.
//! - `after` excludes its own time (`after-inclusive`); without it the whole conversation
//!   is shown. An empty or malformed one is 400. Timestamps within a conversation only
//!   grow, and have milliseconds and a `Z` (`times-with-offset`, `times-in-seconds`,
//!   `times-in-microseconds`, `times-as-numbers`).
//! - Polls show what everybody wrote (`no-user-messages`, `only-person-messages`), a person
//!   as an `assistant` (`person-role`).
//! - `meta` comes with every reply (`meta-once`), and `human` ends one (`done-after-human`).
//!   A reply's content type names its charset (`no-charset`).
//! - Ids are UUIDs (`numeric-ids`).
//! - A reply is kept when it ends, or when its client leaves; one that ended with an
//!   `error` is not stored. The words of a `human` event are no message.
//! - A rating may be given at any time, and the last one counts. The answer is
//!   `{"ok":true}` (`rating-204`).
//! - While a person is awaited (`pending_human`) the bot goes on answering; once they
//!   are there, each message is kept for them and answered with `human` again.
//! - A message to a closed conversation opens it again (`closed-is-gone`).
//! - Where a person takes over unasked, the client learns it from the `human` event that
//!   answers its next message, or from `done` with `pending_human` if the bot was talking.
//! - The last 1000 conversations and 500 messages of each are stored.
//!
//! # What can be asked
//!
//! The bot answers in Armenian what it knows (hours, prices, the address and some
//! more, asked in Armenian or English), remembers the user's name and previous message,
//! and says the rest back. Some messages show something on purpose: `/help` (which
//! lists them), `/error`, `/slow`, `/long N` (at most 10,000 words), `/human` and
//! `/pending` (see [`Person`]), `/close`, and `/fault NAMES`, which damages its own reply
//! or, if another command follows the names, that command's: `/fault stall /long 100`.
//!
//! # Which faults happen when
//!
//! A refusal (`429-seconds`, `500-html` and the like) comes before the message is taken,
//! once or as often as its `xTIMES` says. If the message comes again after that, byte for
//! byte and with the same key, it is taken, and the other faults happen to its reply.
//! Faults of polls happen to the later polls of the conversation: failures once each, one
//! after the other; changes of the page, until another `/fault` of polls. A message that
//! asks for faults of polls alone begins a handoff.
//!
//! # The control API
//!
//! For programs beside the client under test, on loopback alone, in JSON, and not noted
//! among the requests. A request with the `Origin` of another page, or a `Host` that is
//! no name of this machine, is refused with 403. One without `Origin` is no browser's and
//! is taken, a `POST` too: programs of this machine send none.
//!
//! | request | |
//! | --- | --- |
//! | `GET /sandbox/requests` | what was asked and how it ended, as [`Sandbox::requests`] |
//! | `GET /sandbox/verdict` | whether the client behaved, as [`Sandbox::verdict`] |
//! | `GET /sandbox/faults` | all faults, and which are set |
//! | `POST /sandbox/faults` | `{"next": ["cut"]}` for the next reply, `{"always": ["cr-lf"]}` for all |
//! | `DELETE /sandbox/faults` | removes all that are set |
//! | `POST /sandbox/cancelled` | the client cancels now, as [`Sandbox::note_cancel`] |

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
