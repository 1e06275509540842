//! The transport between hyper and a visitor's socket. It fails if the visitor reads nothing
//! for too long or too slowly, finds out whether a visitor who closed the writing side has left, and
//! withholds hyper's own refusals, which have no body.

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
use crate::server::floor::Floor;

/// The time from the end of input to the first check for a reset. It doubles after each check
/// up to the maximum.
const MIN_CHECK_INTERVAL: Duration = Duration::from_millis(20);
const MAX_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// An interim response. Every HTTP/1.1 client must accept one and wait for the final response
/// (RFC 9110, section 15.2).
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A visitor's connection, with the state of the answer on it.
pub(crate) struct Transport {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    floor: Floor,
    half_close: HalfClose,
    /// The status of a refusal of hyper's own, which was not written.
    withheld_status: Option<StatusCode>,
    /// Set when the visitor has closed the writing side: checks whether the visitor has left.
    reset_check: Option<Box<ResetCheck>>,
    /// Some output was written but not flushed.
    has_unsent: bool,
}

/// When to check next whether the connection was reset.
struct ResetCheck {
    due: Pin<Box<Sleep>>,
    interval: Duration,
}

impl Transport {
    /// Writes fail if the visitor reads nothing for `time_limit`, or fewer bytes in it than
    /// `floor` bytes a second.
    pub(crate) fn new(
        stream: TcpStream,
        time_limit: Duration,
        floor: u32,
        half_close: HalfClose,
    ) -> Self {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(time_limit));
        Self {
            stream: Box::pin(stream),
            floor: Floor::new(floor, time_limit),
            half_close,
            withheld_status: None,
            reset_check: None,
            has_unsent: false,
        }
    }

    /// The status of hyper's own refusal if the input was not a valid request. The refusal was
    /// not written.
    pub(crate) fn withheld_status(&self) -> Option<StatusCode> {
        self.withheld_status
    }

    /// The connection itself. Nothing that is written to it is withheld.
    pub(crate) fn into_inner(self) -> Pin<Box<TimeoutWriter<TcpStream>>> {
        self.stream
    }

    /// Handles the result of a write.
    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.has_unsent = true;
        match written {
            Poll::Ready(Ok(count)) => {
                self.floor.wrote(count);
                self.half_close.wrote();
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.floor.poll_too_slow(cx).map(|()| {
                log::info!("a visitor reads too slowly, and was disconnected");
                Err(io::ErrorKind::TimedOut.into())
            }),
        }
    }

    /// Handles the end of input. It waits while an answer is under way and the visitor may
    /// still read it, and then reports the end of input. If the connection was reset, it
    /// returns the error.
    fn poll_end_of_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            // Always wait once: hyper reads the end of input before it handles a request whose
            // last byte arrived with it.
            let check = self.reset_check.get_or_insert_with(|| {
                Box::new(ResetCheck {
                    due: Box::pin(sleep(MIN_CHECK_INTERVAL)),
                    interval: MIN_CHECK_INTERVAL,
                })
            });
            ready!(check.due.as_mut().poll(cx));
            check.interval = (check.interval * 2).min(MAX_CHECK_INTERVAL);
            check.due = Box::pin(sleep(check.interval));
            if let Some(error) = self.stream.get_ref().take_error()? {
                return Poll::Ready(Err(error));
            }
            if !(self.half_close.is_awaited() || self.has_unsent) {
                return Poll::Ready(Ok(()));
            }
            if self.half_close.close() {
                // If the write fails, the next check finds the socket's error.
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
        if self.reset_check.is_none() {
            let before = buffer.filled().len();
            ready!(self.stream.as_mut().poll_read(cx, buffer))?;
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_end_of_input(cx)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.half_close.has_answer() {
            // The status code in `HTTP/1.1 431 …`.
            let status = bytes.get(9..12).map(StatusCode::from_bytes);
            self.withheld_status = self.withheld_status.or_else(|| status?.ok());
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = self.stream.as_mut().poll_write(cx, bytes);
        self.written(written, cx)
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
        let written = self.stream.as_mut().poll_write_vectored(cx, slices);
        self.written(written, cx)
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
        if self.withheld_status.is_some() {
            // The proxy's own refusal must still be written.
            return Poll::Ready(Ok(()));
        }
        self.stream.as_mut().poll_shutdown(cx)
    }
}
