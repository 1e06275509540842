//! A connection under hyper, and the faults of its bytes.

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
use crate::net::half_close::{INTERIM, LOOK_INTERVAL};

/// How long a connection that stalls on purpose is kept for a client that stays.
const MAX_STALL: Duration = Duration::from_secs(600);

/// How long before a reset what was written has to arrive: a reset overtakes it.
const BEFORE_RESET: Duration = Duration::from_millis(50);

/// A connection to whose bytes happens what its [`Wire`] says.
pub(crate) struct Transport {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    wire: Wire,
    pause: Option<Pin<Box<Sleep>>>,
    /// A byte was written by itself, and its reader was not given a chance yet.
    yields: bool,
    /// The client writes nothing more.
    is_half_closed: bool,
    /// When it is looked for next, once it does not.
    look: Option<Pin<Box<Sleep>>>,
    /// Something was written that was not flushed.
    has_unsent: bool,
}

impl Transport {
    /// Writes fail once the client has taken nothing for so long: one that stops reading,
    /// but stays, would else keep its reply's work waiting for ever.
    pub(crate) fn new(stream: TcpStream, patience: Duration, wire: Wire) -> Self {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(patience));
        Self {
            stream: Box::pin(stream),
            wire,
            pause: None,
            yields: false,
            is_half_closed: false,
            look: None,
            has_unsent: false,
        }
    }

    /// The client writes nothing more. Waits while an answer is under way and the client
    /// can be there to read it; then the connection is over, or an error.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            // First of all: hyper looks for the end of input before it has the answer to a
            // request whose last byte came with it.
            let look = self
                .look
                .get_or_insert_with(|| Box::pin(sleep(LOOK_INTERVAL)));
            ready!(look.as_mut().poll(cx));
            self.look = None;
            if let Some(error) = self.stream.get_ref().take_error()? {
                return Poll::Ready(Err(error));
            }
            let half_close = self.wire.half_close();
            // In a stall nothing is written by which a client that is gone could be known.
            let is_awaited = half_close.is_answering() || self.has_unsent;
            if !is_awaited || self.wire.is_stalled() {
                return Poll::Ready(Ok(()));
            }
            if half_close.close() {
                // Where it cannot be written, the error is the socket's and seen above.
                let _ = self.stream.get_ref().try_write(INTERIM);
            }
        }
    }

    /// How many of `length` bytes may be written now.
    fn poll_allowance(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        let delay = self.wire.course().delay;
        if let Some(delay) = delay {
            ready!(self.poll_pause(cx, delay));
            self.wire.course().delay = None;
        }
        let (end, one_byte) = {
            let course = self.wire.course();
            (course.end, course.one_byte)
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
        let mut course = self.wire.course();
        self.yields = course.one_byte;
        if let Some(after) = course.end.as_mut().and_then(|end| end.after.as_mut()) {
            *after = after.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Ends the connection; the error makes its owner drop it.
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

    /// Makes the connection's end a RST: for one that is to be dropped at once.
    fn reset_on_close(&self) {
        // A socket that refuses ends with a FIN.
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
        self.poll_gone(cx)
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
        let end = self.wire.course().end;
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
