//! An async connection: plain or TLS, direct or through a proxy.

use core::error::Error;
use core::fmt;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

/// An error of any type, from making a connection.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A connection to the service. Dropping it closes it.
pub struct Connection {
    io: Box<dyn Io>,
    is_http2: bool,
    is_proxied: bool,
}

trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

impl Connection {
    /// Creates a connection from an I/O type of your own, for HTTP/1.1. Wrap a type of tokio's
    /// in `hyper_util::rt::TokioIo`.
    #[must_use]
    pub fn new(io: impl Read + Write + Send + Unpin + 'static) -> Self {
        Self {
            io: Box::new(io),
            is_http2: false,
            is_proxied: false,
        }
    }

    /// Marks the connection as one on which both sides agreed to speak HTTP/2.
    #[must_use]
    pub const fn with_http2(mut self) -> Self {
        self.is_http2 = true;
        self
    }

    /// Marks the connection as one to a proxy that reads the requests (not a tunnel). Requests
    /// then name the whole URL (RFC 9112, section 3.2.2).
    #[must_use]
    pub const fn with_proxy(mut self) -> Self {
        self.is_proxied = true;
        self
    }

    /// Whether HTTP/2 is spoken on the connection; otherwise HTTP/1.1 is.
    #[must_use]
    pub const fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// Whether the connection ends at a proxy that reads the requests.
    #[must_use]
    pub const fn is_proxied(&self) -> bool {
        self.is_proxied
    }

    /// Whether the connection is open and there is nothing to read. The task is woken when this
    /// changes. After `false` the connection must be dropped, because a byte may have been lost.
    pub fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        let mut room = [MaybeUninit::uninit()];
        let mut read = ReadBuf::uninit(&mut room);
        Pin::new(&mut self.io)
            .poll_read(cx, read.unfilled())
            .is_pending()
    }
}

impl Read for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
