//! An async HighChat client over [reqwest](https://docs.rs/reqwest), for native programs and for
//! browsers (`wasm32-unknown-unknown`).
//!
//! [`Client`] has no state: each call is one exchange with the service. [`Session`] is a
//! conversation: turns, messages of a person, recovery of cut replies, rating.
//!
#![cfg_attr(not(target_arch = "wasm32"), doc = "```")]
#![cfg_attr(target_arch = "wasm32", doc = "```ignore")]
//! use highchat_reqwest::{Client, Credentials, Endpoint, Message, Session};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let (base_url, key) = (sandbox.base_url(), sandbox.key());
//! let client = Client::new(Endpoint::new(base_url, Credentials::key(key)?)?);
//! let mut session = Session::new(client);
//! let answered = session.ask(Message::new("Բարև, ի՞նչ ժամերի եք աշխատում")?).await?;
//! println!("{answered}");
//! # Ok(())
//! # }
//! ```
//!
//! # What must be off
//!
//! reqwest does not show how a client was built. [`Client::new`] and [`Client::with_builder`]
//! build it here, and turn everything off but the last row. [`Client::with_unchecked_client`]
//! takes any client; the last column says what happens then. *You* means that you promise it,
//! because this crate cannot turn it off.
//!
//! | what | why | with a client of your own |
//! | --- | --- | --- |
//! | retries | A message must not be sent twice. | Impossible: reqwest cannot copy the body of a message. A `GET` may be retried, which does no harm. |
//! | redirects | The message or the key would go to another place. | A message is not repeated, and reqwest removes the key for another host. The answer to a redirect that was followed is refused, unless it came from the same URL. |
//! | pooled connections for messages | A message on a connection that has died silently is lost, and nobody knows whether it was taken. It is reported, and never sent again. | HTTP/1.1: each request asks to close its connection. *You*: [`pool_max_idle_per_host(0)`][pool] is set, or HTTP/2 is off and no other request to the same host leaves a connection in the pool. |
//! | the total timeout | A healthy reply may take minutes. | Each request has its own, which never ends. |
//! | the read timeout | A reply is cut before the idle timeout of [`Config`] passes. | *You*. The reply is then searched for, like any cut reply. |
//! | no connection timeout | Waiting for a connection counts as waiting for the answer. | *You*: set [`connect_timeout`][connect] below [`Config::response_timeout`](highchat_proto::config::Config::response_timeout). |
//! | decompression | A cut inside of compressed data hides text that came before it. | *You*. The requests ask for no compression, so only a careless service compresses. |
//! | cookies, default headers | They go to the service together with the credential. | *You*. The headers of the protocol win. |
//!
//! Cookies and default headers stay as the builder of [`Client::with_builder`] has them. A head
//! of an answer has at most [64 KiB](highchat_proto::config::Config::HEAD_LIMIT). Over HTTP/1.1,
//! hyper reads up to some 400 KiB of a longer one before it is refused.
//!
//! [pool]: https://docs.rs/reqwest/0.13/reqwest/struct.ClientBuilder.html#method.pool_max_idle_per_host
//! [connect]: https://docs.rs/reqwest/0.13/reqwest/struct.ClientBuilder.html#method.connect_timeout
//!
//! # What was sent
//!
//! On a native target, [`Failure::NotSent`] means that the connection never asked for the body
//! of the message, or that the service said over HTTP/2 that it did not process it (only with a
//! client that this crate built). After any other failure, the message may have been taken.
//! Causes never contain a key or a URL.
//!
//! # In a browser
//!
//! `fetch` follows redirects, and reqwest has no setting for it: a redirect can take the message to
//! another place. The answer is then refused as in the list. A page prevents it before it starts:
//!
//! ```js
//! const { fetch } = globalThis;
//! globalThis.fetch = (request, options) => fetch(request, { redirect: "error", ...options });
//! ```
//!
//! `fetch` has one error for everything, so a message that failed may have been taken, and is not
//! sent again. The browser decodes compression, and has its own pool and proxies; its cache answers
//! nothing, and its cookies are not sent. The service must allow the page's origin (CORS). A key in
//! a page is known to everybody: use a slug there. Futures are not `Send`. The gate runs the table of
//! trials over this target in Chromium, with these two lines.
//!
//! # Proxies
//!
//! The environment names the proxy, as for the other adapters. reqwest sends `http://` requests
//! through an HTTP proxy without a tunnel, so that this proxy reads them; `https://` requests have
//! a tunnel.
//!
//! # Log
//!
//! A session logs through the crate [log](https://docs.rs/log), at level `info` and under this
//! crate's name: each request (method and path), and the status of its answer or the reason
//! why there is no answer. It never logs a key, a query or the text of a message. reqwest and
//! hyper log more at `debug` and `trace`.
//!
//! # Features
//!
//! - `rustls` (default): TLS by rustls with ring, trusting Mozilla's certificates.
//! - `native-roots`: TLS by rustls with ring, trusting the certificates of the operating
//!   system.
//! - `serde`: `Serialize` and `Deserialize` for the types of the API, updates and saved
//!   conversations.
//! - With `rustls` or `native-roots`, `SSL_CERT_FILE` or [`Client::with_roots`] names other
//!   certificates to trust.
//! - Without both: the TLS of the features of reqwest that the program turns on.
//!
//! A builder or a client of your own has the TLS of reqwest's features too. If your program turns
//! on none of them, `rustls` leaves reqwest without a cryptography provider: install one for the
//! process, or `build` panics.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod client;
mod exchange;
#[cfg_attr(
    all(target_arch = "wasm32", target_os = "unknown"),
    path = "browser.rs"
)]
#[cfg_attr(
    not(all(target_arch = "wasm32", target_os = "unknown")),
    path = "native.rs"
)]
mod platform;

pub use client::Client;
/// The protocol crate. Its most used names are exported here too, so a program needs only this
/// crate.
pub use highchat_proto as proto;
pub use highchat_proto::{
    Answered, AnsweredBy, AskError, ChatMessage, ChatRequest, Config, Conversation, ConversationId,
    Credentials, Endpoint, Event, Failure, Message, MessageId, MessagesRequest, Page, RateError,
    Rating, RatingRequest, RequestId, Role, Saved, SendError, State, Timestamp, TurnEnd, TurnId,
    Update, VisitorRef,
};
/// The HTTP client that [`Client::with_builder`] and [`Client::with_unchecked_client`] take.
pub use reqwest;

/// A conversation over reqwest.
///
/// The task of a connection, which reqwest spawns, must run to close it: on a current-thread
/// runtime, a connection that was given up closes when the runtime runs next.
pub type Session = highchat_async::Session<Client>;
/// A reply stream, from [`Client::chat`].
pub type Reply = highchat_async::Reply<Client>;
/// A stream of the owned updates of a [`Session`], from [`Session::updates`].
pub type Updates<'a> = highchat_async::Updates<'a, Client>;

// Compiles the program in the README as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
