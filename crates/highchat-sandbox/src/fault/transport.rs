//! The transport between hyper and a client's socket, with the faults of its bytes.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_io_timeout::TimeoutWriter;

use super::wire::{Ending, Wire};
use crate::net::half_close::{INTERIM, RESET_CHECK_INTERVAL};

/// How long a connection stalls if the client stays.
const MAX_STALL: Duration = Duration::from_secs(600);

/// The time before a reset in which written bytes can arrive: a reset discards bytes that are
/// still on the way.
const BEFORE_RESET: Duration = Duration::from_millis(50);

/// A connection with the faults of its [`Wire`].
pub(crate) struct Transport {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    wire: Wire,
    pause: Option<Pin<Box<Sleep>>>,
    /// A single byte was written, and other tasks must run before the next byte.
    yields: bool,
    /// The client has closed the writing side.
    is_half_closed: bool,
    /// When to check next whether the connection was reset.
    reset_check: Option<Pin<Box<Sleep>>>,
    /// Some output was written but not flushed.
    has_unsent: bool,
}

impl Transport {
    /// Writes fail if the client reads nothing for `time_limit`. Without this limit, a client
    /// that stops reading and does not leave would keep its reply waiting for ever.
    pub(crate) fn new(stream: TcpStream, time_limit: Duration, wire: Wire) -> Self {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(time_limit));
        Self {
            stream: Box::pin(stream),
            wire,
            pause: None,
            yields: false,
            is_half_closed: false,
            reset_check: None,
            has_unsent: false,
        }
    }

    /// Handles the end of input. It waits while an answer is under way and the client may still
    /// read it, and then reports the end of input. If the connection was reset, it returns the
    /// error.
    fn poll_end_of_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            // Always wait once: hyper reads the end of input before it handles a request whose
            // last byte arrived with it.
            let check = self
                .reset_check
                .get_or_insert_with(|| Box::pin(sleep(RESET_CHECK_INTERVAL)));
            ready!(check.as_mut().poll(cx));
            self.reset_check = None;
            if let Some(error) = self.stream.get_ref().take_error()? {
                return Poll::Ready(Err(error));
            }
            let half_close = self.wire.half_close();
            // During a stall nothing is written, so a client that has left cannot be detected.
            let is_awaited = half_close.is_answering() || self.has_unsent;
            if !is_awaited || self.wire.is_stalled() {
                return Poll::Ready(Ok(()));
            }
            if half_close.close() {
                // If the write fails, the next check finds the socket's error.
                let _ = self.stream.get_ref().try_write(INTERIM);
            }
        }
    }

    /// Returns how many of `length` bytes may be written now.
    fn poll_allowance(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        let delay = self.wire.state().delay;
        if let Some(delay) = delay {
            ready!(self.poll_pause(cx, delay));
            self.wire.state().delay = None;
        }
        let (end, one_byte) = {
            let state = self.wire.state();
            (state.end, state.one_byte)
        };
        let left = end.and_then(|end| Some((end.ending, end.after?)));
        if let Some((ending, 0)) = left {
            return self.poll_end(cx, ending).map(Err);
        }
        if one_byte && core::mem::take(&mut self.yields) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let left = left.map_or(usize::MAX, |(_, left)| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        Poll::Ready(Ok(length.min(left).min(if one_byte { 1 } else { length })))
    }

    fn wrote(&mut self, count: usize) {
        self.wire.half_close().wrote();
        let mut state = self.wire.state();
        self.yields = state.one_byte;
        if let Some(after) = state.end.as_mut().and_then(|end| end.after.as_mut()) {
            *after = after.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Ends the connection. The error makes hyper drop it.
    fn poll_end(&mut self, cx: &mut Context<'_>, ending: Ending) -> Poll<io::Error> {
        match ending {
            Ending::Cut => {}
            Ending::Reset => {
                ready!(self.poll_pause(cx, BEFORE_RESET));
                self.reset_on_close();
            }
            Ending::Stall => ready!(self.poll_pause(cx, MAX_STALL)),
        }
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    /// Makes the connection end with a RST when it is dropped.
    fn reset_on_close(&self) {
        // If the setting fails, the connection ends with a FIN.
        let _ = SockRef::from(self.stream.get_ref()).set_linger(Some(Duration::ZERO));
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>, duration: Duration) -> Poll<()> {
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(duration)));
        ready!(pause.as_mut().poll(cx));
        self.pause = None;
        Poll::Ready(())
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if !self.is_half_closed {
            ready!(self.stream.as_mut().poll_read(cx, buffer))?;
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            self.is_half_closed = true;
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
        self.has_unsent = true;
        let allowed = ready!(self.poll_allowance(cx, bytes.len()))?;
        let count = ready!(self.stream.as_mut().poll_write(cx, &bytes[..allowed]))?;
        self.wrote(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.has_unsent = true;
        let length = slices.iter().map(|slice| slice.len()).sum();
        let allowed = ready!(self.poll_allowance(cx, length))?;
        let stream = self.stream.as_mut();
        let written = if allowed == length {
            stream.poll_write_vectored(cx, slices)
        } else {
            let first = slices.iter().find(|slice| !slice.is_empty());
            let first: &[u8] = first.map_or(&[], |slice| slice);
            stream.poll_write(cx, &first[..first.len().min(allowed)])
        };
        let count = ready!(written)?;
        self.wrote(count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream.as_mut().poll_flush(cx))?;
        self.has_unsent = false;
        let end = self.wire.state().end;
        match end {
            Some(end) if matches!(end.after, None | Some(0)) => {
                self.poll_end(cx, end.ending).map(Err)
            }
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}
