//! A proxy that keeps a HighChat key on the server.
//!
//! Pages talk to it as they would to the service, without a key; it adds the key, streams
//! replies through as they come, and bounds what one visitor and all of them may do.
//! [`Proxy`] is a hyper service that mounts into any server; [`Server`] is a whole one,
//! which the program runs as `highchat proxy`.
//!
//! ```
//! use highchat_proxy::{Config, KeySource, Proxy, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let key_file = std::env::temp_dir().join(format!("highchat-key-{}", std::process::id()));
//! # std::fs::write(&key_file, sandbox.key())?;
//! let mut config = Config::default();
//! # config.base_url = sandbox.base_url().into();
//! config.allow_origins.push("https://shop.example".parse()?);
//! let proxy = Proxy::new(config, KeySource::File(key_file.clone()))?;
//! let server = Server::start(proxy, "127.0.0.1:0".parse()?, None)?;
//! println!("listening on http://{}", server.addr());
//! // … and to end it:
//! server.drain();
//! server.wait();
//! # std::fs::remove_file(key_file)?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does with a request
//!
//! It is made anew: of the path the endpoint and the id, of the query `after`, of the body
//! the fields that the API names. Headers of the visitor's, `visitor_ref` and unknown
//! fields go no further. A slug is refused, and so is a body that is not said to be JSON,
//! since a browser sends such a one for any page without asking first.
//!
//! # What it does with an answer
//!
//! Status and body are the service's (a page up to 1 MiB, an error up to 64 KiB), with
//! its `content-type` and `retry-after`. A 401 is no visitor's fault: 502, and a loud line
//! in the log. A redirect, another odd status, an encoding nobody asked for: 502.
//!
//! A stream is passed on in whole events, so that it can end with an `error` event of the
//! proxy's wherever the service's side is cut or falls silent: only `done`, `human` and
//! `error` end a reply. Where there is no head of an answer after 15 s, the stream begins
//! without it, and what the head then says to refuse the message becomes an `error` event.
//!
//! # The key in an answer
//!
//! A service that fails may repeat the key it was asked with. It is replaced by
//! `[redacted]` in each string of JSON in an answer, and in the data of each event of a
//! reply, however JSON escapes it; the log says so loudly. Where it stands as it is in
//! anything else (an HTML page, a comment, an event's name), that answer or the rest of that
//! reply is not passed on. The promise ends there: a key that comes in parts, split over two
//! strings or two deltas, or in another form than JSON's (base64, percent-encoding), is not
//! recognised, and a visitor could put it together.
//!
//! # Limits
//!
//! All of them are in [`Config`]. A message that must wait for the limit of the key waits
//! in line for up to 5 s; if that is not enough, it is refused at once. Every wait,
//! buffer and table is bounded, and a visitor who leaves ends everything that was begun
//! for them.
//!
//! A visitor may close the writing side of the connection and go on to read. TCP shows the
//! same for one who left, so [`Server`] writes something to find out: a comment in a stream,
//! once a second, and an interim `100 Continue` before the head of an answer. In another
//! server that is up to the server: hyper's default takes such a visitor for gone.
//!
//! # Whose conversation
//!
//! With [`Config::secret`] the ids that visitors see carry a signature, for the visitor
//! whom [`Config::visitor_header`] of a trusted peer names. Where nobody is named, an id
//! is good for whoever has it, and cannot be guessed.

#![forbid(unsafe_code)]

mod config;
mod front;
mod handler;
mod key;
mod limits;
mod metrics;
mod proxy;
mod reply;
mod server;
mod upstream;
mod visitor;

pub use config::{Config, InvalidConfig};
pub use front::origin::{InvalidOrigin, Origin};
pub use front::route::{InvalidPrefix, Prefix};
pub use ipnet::IpNet;
pub use key::{KeyError, KeySource};
pub use proxy::{PeerService, Proxy};
pub use reply::body::Body;
pub use server::Server;
pub use visitor::ownership::{Secret, WeakSecret};

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
