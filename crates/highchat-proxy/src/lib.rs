//! A proxy that keeps a HighChat key on the server.
//!
//! Web pages send the proxy the same requests that they would send to the service, but without
//! a key. The proxy adds the key, passes replies on as they arrive, and limits what one
//! visitor and all visitors together may do. [`Proxy`] is a hyper service for a server of
//! your own. [`Server`] is a complete server, which the program runs as `highchat proxy`.
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
//! // To stop it: streams may finish first.
//! server.drain();
//! server.wait();
//! # std::fs::remove_file(key_file)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Requests
//!
//! The proxy builds a new request to the service. It takes the endpoint and the conversation
//! id from the path, `after` from the query, and the fields that the API names from the body.
//! It drops the visitor's headers, `visitor_ref` and unknown fields. It refuses a `slug`. It
//! also refuses a body whose `content-type` is not JSON, because a browser sends such a
//! request for any page without a preflight request.
//!
//! # Answers
//!
//! The proxy passes on the service's status and body (a page up to 1 MiB, an error up to
//! 64 KiB) with the headers `content-type`, `retry-after` and `date`. If the service answers
//! 401, the visitor gets 502, and the log has an error: the key is wrong. A redirect, any
//! other status outside 2xx, 4xx and 5xx, and an encoded body become 502 too.
//!
//! A stream is passed on in whole events. So the proxy can complete it, or end it with an
//! `error` event of its own, if the connection to the service is cut or silent for too long:
//! only `done`, `human` and `error` end a reply. If the head of the service's answer does not arrive in 15 s, the
//! stream begins without it. If the service then refuses the message, the refusal becomes an
//! `error` event.
//!
//! # Cut replies
//!
//! If the service cuts a reply, is silent for too long, or sends an event that is not what the
//! API's text says, the proxy asks the service for the messages of the conversation. If it finds
//! the reply, it sends the rest as `delta` and `done`. A client that knows nothing of this sees
//! one whole reply. The message is never sent again. In doubt, the stream ends with an `error`
//! event. The rule is the one of `highchat-proto`, which follows each reply for this, and keeps
//! up to 1 MiB of its text. Two things are stricter, because the proxy sees only a part of what
//! a client sees: the page must list the message too, and after a person has answered, later
//! replies of this conversation are not searched for.
//!
//! A search sends up to four requests after the delays in [`Config::recovery_delays`], and ends
//! after 60 s. At most 32 requests of searches run at the same time. They count as polls of the
//! visitor. The remembered answers to polls are not used.
//!
//! The proxy remembers the last 4096 conversations that began with a message through it. A reply
//! in any other conversation, or in one with two messages at once, is not searched for. This
//! assumes that the later messages of a conversation go through the same [`Proxy`]. If several
//! proxies serve one visitor in turn, let them share a Redis server, bind visitors to proxies, or
//! turn [`Config::heal`] off.
//!
//! # The key in an answer
//!
//! A service may repeat the key in an error. The proxy replaces the key by `[redacted]` in
//! each JSON string of an answer and in the data of each event of a reply, in every form of
//! JSON escaping, and logs an error. If the text of several deltas together shows the key, the
//! reply ends with an `error` event before the last of them. If the key appears unescaped
//! anywhere else (an HTML page, a comment, an event's name), that answer or the rest of that
//! reply is not passed on. The promise ends here: the proxy does not recognise a key that is
//! split in another way (over two fields, or over two strings of one answer), or encoded in
//! another way (base64, percent-encoding).
//!
//! # Limits
//!
//! All limits are in [`Config`]. If the limit of the key is reached, a message waits up to
//! 5 s. If it would have to wait longer, it is refused at once. Every wait, buffer and table
//! has a limit. When a visitor leaves, all work for this visitor ends.
//!
//! A visitor may close the writing side of the connection and continue to read. TCP reports
//! the same if the visitor has left, so [`Server`] writes something to find out: a comment
//! once a second in a stream, and an interim `100 Continue` before the head of an answer. If
//! you use [`Proxy`] in another server, that server decides: by default hyper treats such a
//! visitor as gone.
//!
//! A visitor is an address, or an IPv6 /64. If a trusted peer names the visitor in
//! [`Config::visitor_header`], the limits of messages, polls and streams count the name instead.
//!
//! # Several proxies
//!
//! With the feature `redis`, proxies with the same key can share a Redis or Valkey server
//! (`Config::redis`): the limits of messages and polls, the answers to polls, and what the search
//! for a cut reply must know. A request waits at most 100 ms for Redis in all. While Redis is away,
//! the limit of messages still holds: each proxy has its own share of the messages, by its own
//! clock, and Redis only moves messages from one share to another. The README describes the rest.
//!
//! # Traces
//!
//! Each request to the service has a header `traceparent` (W3C Trace Context), and the log has the
//! id of the trace. A trusted peer can name the trace; `tracestate` is not passed on. A poll that
//! shares a request has the trace of the visitor whose poll came first.
//!
//! # Ownership of conversations
//!
//! With [`Config::secret`] the conversation ids that visitors see are signed. If a trusted
//! peer names the visitor in [`Config::visitor_header`], only this visitor can use the id. If
//! not, anyone with the id can use it, but nobody can guess it.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod config;
mod front;
mod handler;
mod heal;
mod key;
mod limits;
mod metrics;
mod proxy;
#[cfg(feature = "redis")]
mod redis_url;
mod reply;
mod server;
#[cfg(feature = "redis")]
mod shared;
mod store;
mod upstream;
mod visitor;

pub use config::origin::{InvalidOrigin, Origin};
pub use config::prefix::{InvalidPrefix, Prefix};
pub use config::{Config, InvalidConfig};
pub use ipnet::IpNet;
pub use key::{KeyError, KeySource};
pub use proxy::{PeerService, Proxy};
#[cfg(feature = "redis")]
pub use redis_url::{InvalidRedis, Redis};
pub use reply::body::Body;
pub use server::Server;
pub use visitor::ownership::{Secret, WeakSecret};

// Compiles the program in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
