//! The loops for devices, over the traits of `embedded-io` and `embedded-io-async`.
//!
//! ```text
//!                bytes             updates
//!   Network ──▶ pipe ──▶ Session ────────▶ application
//!   Clock ─────────────▶    │
//!      ▲                    │ requests
//!      └── open, write ◀────┘
//! ```
//!
//! A device has a network (or a modem, or a serial line), a clock, and one connection at a time.
//! [`Session`] is for a loop that polls: it never waits for the service, and the loop does other
//! work or sleeps between its calls. `AsyncSession` works with any executor, such as embassy's.
//! Neither needs an operating system, and neither starts anything: dropping a session ends its
//! exchange.
//!
//! You implement [`Network`], which opens a pipe, and [`Clock`], or for an executor
//! `AsyncNetwork` and `Timer`. The session uses one pipe at a time
//! ([`Embed::with_one_pipe`](crate::Embed::with_one_pipe)) and closes it by dropping it.
//! `examples/embedded_io.rs` and `examples/embedded_io_async.rs` are whole programs to copy.
//!
//! Without the feature `std` there are no random numbers: give each device a seed of its own
//! ([`Embed::with_seed`](crate::Embed::with_seed)).
//!
//! # TLS
//!
//! TLS belongs to the pipe: [`Network::open`] returns a pipe whose handshake is done, and any
//! TLS library works if its connections have these traits. A pipe must report an end, `Ok(0)`,
//! only after a `close_notify`, and every other end as an error: a reply may end with its
//! connection, and a cut reply must not count as whole. Some libraries report a `close_notify`
//! as an error of its own, which the pipe turns into `Ok(0)`. A pipe is ready to read if the
//! library holds decrypted bytes, or if the connection below is ready. The session flushes after
//! each request, because some libraries send a record only then.
//!
//! Check what your TLS library verifies before you trust it with a key. This project has no example
//! with `embedded-tls` (0.19), for these reasons, found in its source:
//!
//! - It verifies the signatures of the certificates from one root that you give it, their dates if
//!   it has a clock, the host name, and the server's signature of the handshake. It does not verify
//!   that an issuer may issue certificates: whoever has any certificate below that root can issue
//!   one for any host. With a public root, that is no protection. It checks no revocation.
//! - A read whose future is dropped loses bytes, so it cannot be an `AsyncNetwork::Pipe`. A
//!   blocking read waits for data after a record without data, such as a session ticket, although
//!   the connection was ready; the timeouts of a conversation are noticed late then.
//! - Its connection borrows its record buffers for ever, so a pipe cannot own both.
//! - It loses the connection if a server updates its keys, and panics if a server sends a second
//!   certificate after the handshake.

mod always_ready;
#[cfg(feature = "embedded-io-async")]
mod async_session;
mod one_pipe;
mod session;

pub use always_ready::AlwaysReady;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use async_session::{AsyncNetwork, AsyncSession, Timer};
pub use one_pipe::READ_BUFFER;
pub use session::{Clock, Network, Next, Session};
