//! A blocking connection: plain or TLS, direct or through a proxy.

use core::fmt;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use ureq::Error;
use ureq::unversioned::transport::time::Duration as UreqDuration;
use ureq::unversioned::transport::{NextTimeout, TransportAdapter};

use super::closer::Closer;

/// A connection to the service. Dropping it closes it.
///
/// A read or write returns an error of the kind `TimedOut` when no [time](Self::set_time_left)
/// is left. A read can be repeated after that error.
pub struct Connection {
    io: TransportAdapter,
    /// `None`: no time limit.
    deadline: Option<Instant>,
    /// The current limit of each read and write. ureq reads the clock whenever the limit is set.
    limit: Option<Duration>,
    closer: Closer,
}

/// One year. ureq adds its timeouts to the current time, and panics if the clock overflows.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Connection {
    pub(super) const fn new(io: TransportAdapter, closer: Closer) -> Self {
        Self {
            io,
            deadline: None,
            limit: None,
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
        self.deadline = Instant::now().checked_add(time);
    }

    /// Whether the connection is open and there is nothing to read. It does not wait. After
    /// `false` the connection must be dropped, because a byte may have been lost.
    pub fn is_quiet(&mut self) -> bool {
        // Without time, ureq's read ends before it asks the socket. It finds only the bytes that
        // were read from the socket before, also those that are still encrypted.
        self.set_limit(Duration::ZERO);
        let read = self.io.read(&mut [0]);
        read.is_err_and(|error| is_timeout(&error)) && self.io.get_mut().is_open()
    }

    /// Returns the time left, at least 1 ms: ureq reads a timeout of zero as one second.
    fn left(&self) -> Duration {
        let left = self.deadline.map_or(LONGEST_TIMEOUT, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        left.clamp(Duration::from_millis(1), LONGEST_TIMEOUT)
    }

    /// Limits each read and each write of the socket. One read or write of TLS can make several
    /// of these.
    fn set_limit(&mut self, time: Duration) {
        if self.limit.replace(time) != Some(time) {
            let limit = Some(UreqDuration::Exact(time));
            self.io.set_timeout(NextTimeout {
                per_read: limit,
                per_write: limit,
                ..NextTimeout::default()
            });
        }
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline <= Instant::now())
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

fn is_timeout(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(Error::Timeout(_)))
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.set_limit(in_seconds(self.left()));
            match self.io.read(buffer) {
                Err(error) if !is_timeout(&error) => return Err(error),
                Err(_) if self.is_late() => return Err(ErrorKind::TimedOut.into()),
                Err(_) => {}
                read => return read,
            }
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.set_limit(self.left());
        self.io.write(bytes).map_err(|error| {
            if is_timeout(&error) {
                ErrorKind::TimedOut.into()
            } else {
                error
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.io.flush()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
