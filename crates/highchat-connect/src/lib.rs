//! Connections to the service over [tokio](https://docs.rs/tokio), or [`blocking`] ones: the
//! proxy that the environment names, TLS, and whom to trust.
//!
//! `highchat-hyper`, `highchat-proxy` and `highchat-ureq` connect by it, and so does a program
//! of yours that speaks HTTP by itself, with `highchat-http1` or `highchat-embed`:
//!
#![cfg_attr(feature = "tokio", doc = "```")]
#![cfg_attr(not(feature = "tokio"), doc = "```ignore")]
//! use core::time::Duration;
//!
//! use highchat_connect::{Connector, Offer};
//! use highchat_proto::{Credentials, Endpoint};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let base_url = sandbox.base_url();
//! let endpoint = Endpoint::new(base_url, Credentials::slug("demo")?)?;
//! let connector = Connector::new(&endpoint, Duration::from_secs(30), Offer::Http1);
//! let connection = connector.connect().await?; // `hyper::rt::Read` and `Write`.
//! assert!(!connection.is_http2());
//! # Ok(())
//! # }
//! ```
//!
//! # Proxies
//!
//! By default, a proxy is taken from the usual environment variables, as curl takes it:
//! `HTTPS_PROXY` or `HTTP_PROXY`, and `ALL_PROXY` if the scheme has none of its own, in
//! either case; but not for what `NO_PROXY` lists, nor for a service on this machine. An
//! `http://` proxy (blocking: or an `https://` one) is asked for a tunnel, a `socks5://` one
//! finds the name of the service as well. A proxy that cannot be used means that nothing is sent.
//!
//! # Features
//!
//! - `tokio`: connections over tokio; the two after it bring it.
//! - `rustls` (default): TLS by rustls with ring, trusting Mozilla's roots.
//! - `native-roots`: TLS by rustls with ring, trusting what the operating system
//!   trusts.
//! - `blocking`, `blocking-rustls`, `blocking-native-roots`: the same three for [`blocking`]
//!   connections.
//! - Either way, `SSL_CERT_FILE` and `with_roots` name others to trust.
//! - without TLS: plain HTTP alone; or connections of your own ([`Connector::from_fn`]).

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "tokio")]
mod connection;
#[cfg(feature = "tokio")]
mod connector;
#[cfg(feature = "tokio")]
mod dial;
#[cfg(any(feature = "rustls", feature = "blocking-rustls"))]
mod roots;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(any(feature = "tokio", feature = "blocking"))]
mod way;

#[cfg(feature = "tokio")]
pub use connection::{BoxError, Connection};
#[cfg(feature = "tokio")]
pub use connector::{Connector, Offer};

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
