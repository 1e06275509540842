//! A visitor's connection under hyper. It gives up on a visitor who reads nothing, finds out
//! whether one who writes nothing more is gone, and keeps back hyper's own bare refusals.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_io_timeout::TimeoutWriter;

use crate::front::half_close::HalfClose;

/// How soon a reset is looked for after the end of input, and how seldom at last.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_secs(1);

/// What every HTTP/1.1 client reads over, wherever it comes (RFC 9110, 15.2).
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A connection, and what it knows of the answers on it.
pub(crate) struct Transport {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    half_close: HalfClose,
    /// The status of an answer of hyper's own, which was not written.
    kept_back: Option<StatusCode>,
    /// The visitor writes nothing more: whether they are there is looked for then.
    look: Option<Box<Look>>,
    /// Something was written that was not flushed.
    has_unsent: bool,
}

/// When a reset is looked for next.
struct Look {
    due: Pin<Box<Sleep>>,
    interval: Duration,
}

impl Transport {
    /// Writes fail once the visitor has taken nothing for so long.
    pub(crate) fn new(stream: TcpStream, patience: Duration, half_close: HalfClose) -> Self {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(patience));
        Self {
            stream: Box::pin(stream),
            half_close,
            kept_back: None,
            look: None,
            has_unsent: false,
        }
    }

    /// The status with which hyper wanted to end the connection, without a body: it could
    /// make no request of what came.
    pub(crate) fn kept_back(&self) -> Option<StatusCode> {
        self.kept_back
    }

    /// The connection itself, with nothing kept back.
    pub(crate) fn into_inner(self) -> Pin<Box<TimeoutWriter<TcpStream>>> {
        self.stream
    }

    /// Waits while an answer is awaited and the visitor can be there to read it; then the
    /// connection is over, or an error.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            // First of all: hyper looks for the end of input before it has the answer to a
            // request whose last byte came with it.
            let look = self.look.get_or_insert_with(|| {
                Box::new(Look {
                    due: Box::pin(sleep(FIRST_LOOK)),
                    interval: FIRST_LOOK,
                })
            });
            ready!(look.due.as_mut().poll(cx));
            look.interval = (look.interval * 2).min(LAST_LOOK);
            look.due = Box::pin(sleep(look.interval));
            if let Some(error) = self.stream.get_ref().take_error()? {
                return Poll::Ready(Err(error));
            }
            if !(self.half_close.is_awaited() || self.has_unsent) {
                return Poll::Ready(Ok(()));
            }
            if self.half_close.close() {
                // Where it cannot be written, the error is the socket's and seen above.
                let _ = self.stream.get_ref().try_write(INTERIM);
            }
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.look.is_none() {
            let before = buffer.filled().len();
            ready!(self.stream.as_mut().poll_read(cx, buffer))?;
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_gone(cx)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.half_close.has_answer() {
            // `HTTP/1.1 431 …`
            let status = bytes.get(9..12).map(StatusCode::from_bytes);
            self.kept_back = self.kept_back.or_else(|| status?.ok());
            return Poll::Ready(Ok(bytes.len()));
        }
        self.has_unsent = true;
        let count = ready!(self.stream.as_mut().poll_write(cx, bytes))?;
        self.half_close.wrote();
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.half_close.has_answer() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            let first: &[u8] = first.map_or(&[], |slice| slice);
            return self.poll_write(cx, first);
        }
        self.has_unsent = true;
        let count = ready!(self.stream.as_mut().poll_write_vectored(cx, slices))?;
        self.half_close.wrote();
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream.as_mut().poll_flush(cx))?;
        self.has_unsent = false;
        self.half_close.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.kept_back.is_some() {
            // What is said in its place is still to be written.
            return Poll::Ready(Ok(()));
        }
        self.stream.as_mut().poll_shutdown(cx)
    }
}
