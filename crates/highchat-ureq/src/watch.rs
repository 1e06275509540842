//! What the adapter must know of a connection that ureq does not tell: whether a byte
//! of the request left, and until when to wait for the next byte of the answer.
//!
//! ureq's traits for this do not follow semantic versioning yet; the tests of this
//! crate pin what is relied on here.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};

use highchat_proto::Config;
use highchat_proto::time::Instant;
use ureq::unversioned::transport::time::Duration as UreqDuration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

use crate::clock::Clock;
use crate::head::{Found, Search, Short};

/// Shared by one exchange and its connection.
pub(crate) struct Watch {
    request_left: AtomicBool,
    clock: Clock,
    /// Until when what is read or written may take; `None`: for ever.
    deadline: Mutex<Option<Instant>>,
}

impl Watch {
    pub(crate) const fn new(clock: Clock, deadline: Instant) -> Self {
        Self {
            request_left: AtomicBool::new(false),
            clock,
            deadline: Mutex::new(Some(deadline)),
        }
    }

    /// Whether any byte of the request may have reached the service.
    pub(crate) fn request_left(&self) -> bool {
        self.request_left.load(Ordering::Relaxed)
    }

    /// Until when what comes next may take, all in all.
    pub(crate) fn set_deadline(&self, deadline: Option<Instant>) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    /// What is left of that time.
    fn left(&self) -> Duration {
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.left(deadline)
    }
}

/// A year: ureq adds its timeouts to the clock, and panics past what that can tell.
pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// That time, for ureq; never nothing, which it would take for a second.
fn exactly(time: Duration) -> UreqDuration {
    UreqDuration::Exact(time.clamp(Duration::from_millis(1), LONGEST_TIMEOUT))
}

/// The whole seconds of that time, where there are some, for a wait that goes on with what
/// is left: ureq tells the system each duration that is another one than before, and what
/// is left always is.
fn in_seconds(time: Duration) -> UreqDuration {
    match time.as_secs() {
        0 => exactly(time),
        seconds => exactly(Duration::from_secs(seconds)),
    }
}

/// Whether a read ended because its time was over.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(Error::Timeout(_)))
}

/// ureq's own connector, with each connection of it watched.
pub(crate) struct Watching {
    pub(crate) connector: Arc<DefaultConnector>,
    pub(crate) watch: Arc<Watch>,
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watching")
    }
}

impl Connector for Watching {
    type Out = Watched;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Watched>, Error> {
        let connected = self.connector.connect(details, chained);
        // A proxy on the way is connected to through here as well, and what it was
        // told is not the request.
        self.watch.request_left.store(false, Ordering::Relaxed);
        let watch = Arc::clone(&self.watch);
        Ok(connected?.map(|transport| Watched {
            transport,
            watch,
            head: Head::Awaited(Search::default()),
        }))
    }
}

/// ureq takes a connection that was lost for the end of a body that has no other, by
/// the kind of the error: it must not see that.
fn lost(error: Error) -> Error {
    use ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ends = [UnexpectedEof, ConnectionAborted, ConnectionReset];
    match error {
        Error::Io(error) if ends.contains(&error.kind()) => Error::Io(io::Error::other(error)),
        other => other,
    }
}

pub(crate) struct Watched {
    transport: Box<dyn Transport>,
    watch: Arc<Watch>,
    head: Head,
}

/// Where the head of the answer is.
enum Head {
    /// It is still to come, in part or whole: ureq sees no input.
    Awaited(Search),
    /// ureq sees it.
    Shown(Shown),
    /// ureq took it, and sees what comes after it; or there was none.
    Passed,
}

impl Watched {
    /// Looks for a head in what was read; whether ureq has something to see.
    fn find_head(&mut self) -> Result<bool, Error> {
        let Head::Awaited(search) = &mut self.head else {
            return Ok(true);
        };
        let buffers = self.transport.buffers();
        let input = buffers.input();
        if input.is_empty() {
            return Ok(false);
        }
        let too_long = |len| Error::LargeResponseHeader(len, Config::HEAD_LIMIT);
        match search.look(input) {
            Found::Head(short) if short.len > Config::HEAD_LIMIT => Err(too_long(short.len)),
            Found::Head(short) => {
                // Which is progress: what comes after it may be used at once.
                buffers.input_consume(short.len);
                self.head = Head::Shown(Shown { short, taken: 0 });
                Ok(true)
            }
            Found::Part if input.len() > Config::HEAD_LIMIT => Err(too_long(input.len())),
            Found::Part => Ok(false),
            Found::NoHead => {
                self.head = Head::Passed;
                Ok(true)
            }
        }
    }

    fn read(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        loop {
            timeout.per_read = Some(in_seconds(self.watch.left()));
            match self.transport.await_input(timeout) {
                Err(Error::Timeout(Timeout::PerRead)) if !self.watch.left().is_zero() => {}
                waited => return waited.map_err(lost),
            }
        }
    }
}

/// A head that ureq reads instead of the one that came.
struct Shown {
    short: Short,
    taken: usize,
}

/// Nothing is written while a head is read.
impl Buffers for Shown {
    fn output(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input(&self) -> &[u8] {
        &self.short.bytes[self.taken..]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.short.bytes.len());
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], &mut [])
    }

    fn can_use_input(&self) -> bool {
        !self.input().is_empty()
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        if let Head::Shown(shown) = &self.head {
            if shown.input().is_empty() {
                self.head = if shown.short.is_interim {
                    // No progress: ureq is to wait for the next head.
                    self.transport.buffers().input_consume(0);
                    Head::Awaited(Search::default())
                } else {
                    Head::Passed
                };
            }
        }
        match &mut self.head {
            Head::Shown(shown) => shown,
            Head::Awaited(_) | Head::Passed => self.transport.buffers(),
        }
    }

    fn transmit_output(&mut self, amount: usize, mut timeout: NextTimeout) -> Result<(), Error> {
        // Before the write: one that fails may still have put bytes on the wire.
        self.watch.request_left.store(true, Ordering::Relaxed);
        timeout.per_write = Some(exactly(self.watch.left()));
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if matches!(self.head, Head::Passed) {
            return self.read(timeout);
        }
        while !self.find_head()? {
            if !self.read(timeout)? {
                self.head = Head::Passed;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}
