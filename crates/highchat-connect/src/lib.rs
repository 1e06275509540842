//! Connections to the service over [tokio](https://docs.rs/tokio), or [`blocking`] ones: with
//! the proxy that the environment names, TLS, and the certificates to trust.
//!
//! `highchat-hyper`, `highchat-proxy`, `highchat-reqwest` and `highchat-ureq` use it. Use it
//! directly if your program speaks HTTP itself, with `highchat-http1` or `highchat-embed`:
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
//! By default, the proxy comes from the usual environment variables, read as curl reads them:
//! `HTTPS_PROXY` or `HTTP_PROXY` by the scheme of the service, then `ALL_PROXY`, each in upper
//! or lower case. No proxy is used for hosts that `NO_PROXY` lists, or for a service on this
//! machine.
//!
//! An `http://` proxy (for blocking connections also an `https://` one) is asked for a tunnel.
//! A `socks5://` proxy also looks up the name of the service. If the proxy cannot be used,
//! nothing is sent.
//!
//! # Features
//!
//! - `tokio`: connections over tokio. `rustls` and `native-roots` enable it.
//! - `rustls` (default): TLS by rustls with ring, trusting Mozilla's certificates.
//! - `native-roots`: TLS by rustls with ring, trusting the certificates of the operating
//!   system.
//! - `http1`: [`Exchange`], a request over HTTP/1.1 on a connection over tokio.
//! - `blocking`, `blocking-rustls`, `blocking-native-roots`: the same three for [`blocking`]
//!   connections.
//! - With TLS, `SSL_CERT_FILE` or `with_roots` names other certificates to trust.
//! - Without TLS: only plain HTTP, or your own connections ([`Connector::from_fn`]).

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
#[cfg(feature = "http1")]
mod exchange;
#[cfg(feature = "tokio")]
mod refused;
#[cfg(any(feature = "rustls", feature = "blocking-rustls"))]
mod roots;
#[cfg(any(feature = "tokio", feature = "blocking"))]
mod route;
#[cfg(feature = "rustls")]
mod tls;

#[cfg(feature = "tokio")]
pub use connection::{BoxError, Connection};
#[cfg(feature = "tokio")]
pub use connector::{Connector, Offer};
#[cfg(feature = "tokio")]
pub use dial::proxy;
#[cfg(feature = "http1")]
pub use exchange::Exchange;
#[cfg(feature = "tokio")]
pub use refused::is_refused;
#[cfg(feature = "rustls")]
pub use tls::config as tls_config;

// Compiles the program in the README as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
