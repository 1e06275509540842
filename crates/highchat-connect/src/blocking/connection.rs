//! A blocking connection: plain or TLS, direct or through a proxy.

use core::time::Duration;
use core::{fmt, mem};
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::time::Instant;

use ureq::Error;
use ureq::unversioned::transport::time::Duration as UreqDuration;
use ureq::unversioned::transport::{NextTimeout, Transport};

use super::closer::Closer;

/// A connection to the service, with the buffers of ureq. Dropping it closes it.
///
/// A read or write returns an error of the kind `TimedOut` when no [time](Self::set_time_left)
/// is left. A read can be repeated after that error.
pub struct Connection {
    transport: Box<dyn Transport>,
    /// How long all reads and writes may take together, and since when.
    time: Duration,
    since: Instant,
    /// `since` is still the current time: no read or write has waited after it.
    is_now: bool,
    closer: Closer,
}

/// One year. ureq adds its timeouts to the current time, and panics if the clock overflows.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Connection {
    pub(super) fn new(transport: Box<dyn Transport>, closer: Closer) -> Self {
        Self {
            transport,
            time: Duration::MAX,
            since: Instant::now(),
            is_now: true,
            closer,
        }
    }

    /// Lets `closer` close this connection from now on, and no longer the [`Closer`] that it was
    /// opened with: for a connection that carries another exchange.
    ///
    /// # Errors
    ///
    /// One of the two was closed before. The connection must be dropped.
    pub fn set_closer(&mut self, closer: &Closer) -> io::Result<()> {
        self.closer.pass_to(closer).map_err(Error::into_io)?;
        self.closer = closer.clone();
        Ok(())
    }

    /// Sets how long all reads and writes from now on may take together. There is no limit by
    /// default, or with [`Duration::MAX`]. With [`Duration::ZERO`], a read returns only what
    /// has already arrived.
    pub fn set_time_left(&mut self, time: Duration) {
        self.set_time_left_at(Instant::now(), time);
    }

    /// Like [`set_time_left`](Self::set_time_left), for a caller that has just read the clock:
    /// the next read or write does not read it again.
    pub fn set_time_left_at(&mut self, now: Instant, time: Duration) {
        (self.since, self.time, self.is_now) = (now, time, true);
    }

    /// The bytes that were read from the service, and not consumed yet.
    pub fn buffer(&mut self) -> &[u8] {
        self.transport.buffers().input()
    }

    /// Whether the connection is open and there is nothing to read. It does not wait. After
    /// `false` the connection must be dropped, because a byte may have been lost.
    pub fn is_quiet(&mut self) -> bool {
        // Without time, ureq's read ends before it asks the socket. It finds only the bytes that
        // were read from the socket before, also those that are still encrypted.
        self.buffer().is_empty()
            && matches!(
                self.transport.await_input(limit(Duration::ZERO)),
                Err(Error::Timeout(_))
            )
            && self.transport.is_open()
    }

    /// Returns the time left, at least 1 ms: ureq reads a timeout of zero as one second.
    fn left(&mut self) -> Duration {
        let left = if mem::take(&mut self.is_now) {
            self.time
        } else {
            self.time.saturating_sub(self.since.elapsed())
        };
        left.clamp(Duration::from_millis(1), LONGEST_TIMEOUT)
    }

    fn is_late(&self) -> bool {
        self.time <= self.since.elapsed()
    }
}

/// Limits each read and each write of the socket. One read or write of TLS can make several of
/// these.
fn limit(time: Duration) -> NextTimeout {
    let limit = Some(UreqDuration::Exact(time));
    NextTimeout {
        per_read: limit,
        per_write: limit,
        ..NextTimeout::default()
    }
}

/// Rounds a wait of a second or more down to whole seconds; the caller waits again for the
/// rest. ureq makes a system call for each timeout that differs from the last one, and the
/// exact time left always differs.
fn in_seconds(time: Duration) -> Duration {
    match time.as_secs() {
        0 => time,
        seconds => Duration::from_secs(seconds),
    }
}

impl BufRead for Connection {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.buffer().is_empty() {
            let limit = limit(in_seconds(self.left()));
            match self.transport.await_input(limit) {
                Err(Error::Timeout(_)) if self.is_late() => return Err(ErrorKind::TimedOut.into()),
                Err(Error::Timeout(_)) => {}
                Err(error) => return Err(error.into_io()),
                Ok(_) => break,
            }
        }
        self.is_now = false;
        Ok(self.buffer())
    }

    fn consume(&mut self, amount: usize) {
        self.transport.buffers().input_consume(amount);
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buffer)?;
        self.consume(len);
        Ok(len)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let limit = limit(self.left());
        let output = self.transport.buffers().output();
        let len = bytes.len().min(output.len());
        output[..len].copy_from_slice(&bytes[..len]);
        match self.transport.transmit_output(len, limit) {
            Err(Error::Timeout(_)) => Err(ErrorKind::TimedOut.into()),
            Err(error) => Err(error.into_io()),
            Ok(()) => Ok(len),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
