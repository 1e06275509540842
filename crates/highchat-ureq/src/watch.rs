//! What the adapter must know of a connection that ureq does not tell: whether a byte
//! of the request left, and until when to wait for the next byte of the answer.
//!
//! ureq's traits for this do not follow semantic versioning yet; the tests of this
//! crate pin what is relied on here.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use ureq::Error;
use ureq::unversioned::transport::time::Duration as UreqDuration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

/// Shared by one exchange and its connection.
#[derive(Debug)]
pub(crate) struct Watch {
    request_left: AtomicBool,
    /// How long the next read may take, in milliseconds.
    read_millis: AtomicU64,
}

impl Watch {
    pub(crate) fn new(read_timeout: Duration) -> Arc<Self> {
        let watch = Self {
            request_left: AtomicBool::new(false),
            read_millis: AtomicU64::new(0),
        };
        watch.set_read_timeout(read_timeout);
        Arc::new(watch)
    }

    /// Whether any byte of the request may have reached the service.
    pub(crate) fn request_left(&self) -> bool {
        self.request_left.load(Ordering::Relaxed)
    }

    /// How long the next reads may take each; at least a millisecond.
    pub(crate) fn set_read_timeout(&self, timeout: Duration) {
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.read_millis.store(millis.max(1), Ordering::Relaxed);
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
        f.debug_struct("Watching").finish_non_exhaustive()
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
        Ok(connected?.map(|transport| Watched {
            transport,
            watch: Arc::clone(&self.watch),
        }))
    }
}

/// ureq takes a connection that was lost for the end of a body that has no other, by
/// the kind of the error: it must not see that.
fn lost(error: Error) -> Error {
    match error {
        Error::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::UnexpectedEof
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset
            ) =>
        {
            Error::Io(io::Error::other(error))
        }
        other => other,
    }
}

pub(crate) struct Watched {
    transport: Box<dyn Transport>,
    watch: Arc<Watch>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        // Before the write: one that fails may still have put bytes on the wire.
        self.watch.request_left.store(true, Ordering::Relaxed);
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        let millis = self.watch.read_millis.load(Ordering::Relaxed);
        timeout.per_read = Some(UreqDuration::from_millis(millis));
        self.transport.await_input(timeout).map_err(lost)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}
