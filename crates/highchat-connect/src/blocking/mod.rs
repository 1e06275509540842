//! Blocking connections to the service, made by the connectors of
//! [ureq](https://docs.rs/ureq).
//!
//! ```
//! use core::time::Duration;
//! use std::io::{Read, Write};
//!
//! use highchat_connect::blocking::{Closer, Connector};
//! use highchat_proto::{Credentials, Endpoint};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = highchat_sandbox::Sandbox::start()?;
//! # let base_url = sandbox.base_url();
//! let endpoint = Endpoint::new(base_url, Credentials::slug("demo")?)?;
//! let connector = Connector::new(&endpoint, Duration::from_secs(30));
//! let closer = Closer::default(); // For another thread.
//! let mut connection = connector.connect(&closer)?;
//! connection.set_time_left(Duration::from_secs(30));
//! connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: chat.example\r\n\r\n")?;
//! let mut bytes = [0; 1024];
//! let len = connection.read(&mut bytes)?;
//! assert!(bytes[..len].starts_with(b"HTTP/1.1 "));
//! # Ok(())
//! # }
//! ```

mod closer;
mod connection;
mod connector;
mod tls;

pub use closer::Closer;
pub use connection::Connection;
pub use connector::Connector;
