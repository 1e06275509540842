//! Whether a byte of the request left, which hyper does not tell.

use core::error::Error;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use highchat_proto::failure::Failure;
use hyper::rt::{Read, ReadBufCursor, Write};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Shared by one exchange and its connection.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    handed_over: AtomicBool,
    request_left: AtomicBool,
}

impl Watch {
    /// hyper has the request: what is written from now on may be a part of it. What came
    /// before (the preface of HTTP/2, what a proxy was told) is not.
    pub(crate) fn hand_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    /// What a failure before the head of the answer means for the request.
    pub(crate) fn failure(&self, cause: impl Into<BoxError>) -> Failure {
        if self.request_left.load(Ordering::Relaxed) {
            Failure::Interrupted(cause.into())
        } else {
            Failure::NotSent(cause.into())
        }
    }
}

/// A connection that is watched.
pub(crate) struct Watched<T> {
    io: T,
    watch: Arc<Watch>,
}

impl<T> Watched<T> {
    pub(crate) const fn new(io: T, watch: Arc<Watch>) -> Self {
        Self { io, watch }
    }
}

impl<T: Read + Unpin> Read for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

/// Without vectored writes: a request is short, and there is one place to watch.
impl<T: Write + Unpin> Write for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Before the write: one that fails may still have put bytes on the wire.
        if self.watch.handed_over.load(Ordering::Relaxed) {
            self.watch.request_left.store(true, Ordering::Relaxed);
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
