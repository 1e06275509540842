//! A connection, whatever is on the way.

use core::fmt;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use ureq::Error;
use ureq::unversioned::transport::time::Duration as UreqDuration;
use ureq::unversioned::transport::{NextTimeout, TransportAdapter};

/// A connection to the service. Dropping it closes it.
///
/// A read or a write for which no [time](Self::set_time_left) is left is an error of the kind
/// `TimedOut`; a read can be done again then.
pub struct Connection {
    io: TransportAdapter,
    /// `None`: there is none.
    deadline: Option<Instant>,
}

/// A year: ureq adds its timeouts to the clock, and panics past the end of its range.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Connection {
    pub(super) const fn new(io: TransportAdapter) -> Self {
        let deadline = None;
        Self { io, deadline }
    }

    /// How long the reads and writes from now on may take, all in all: for ever by default, and
    /// with [`Duration::MAX`]. With no time at all, a read returns what has come already.
    pub fn set_time_left(&mut self, time: Duration) {
        self.deadline = Instant::now().checked_add(time);
    }

    /// What is left of the time; ureq takes nothing for a second.
    fn left(&self) -> Duration {
        let left = self.deadline.map_or(LONGEST_TIMEOUT, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        left.clamp(Duration::from_millis(1), LONGEST_TIMEOUT)
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline <= Instant::now())
    }
}

/// The whole seconds of that time, if there are some, for a wait that goes on with what is
/// left: ureq tells the system each duration that is another one than before, and what is
/// left always is.
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

/// The limit for each read and write of the socket: several of them make one of TLS.
fn each(time: Duration) -> NextTimeout {
    let time = Some(UreqDuration::Exact(time));
    NextTimeout {
        per_read: time,
        per_write: time,
        ..NextTimeout::default()
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.io.set_timeout(each(in_seconds(self.left())));
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
        self.io.set_timeout(each(self.left()));
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
