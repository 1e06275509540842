//! Closes a connection from another thread.

use core::{fmt, mem};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ureq::Error;
use ureq::unversioned::transport::ShutdownHandle;

/// Closes one [`Connection`](super::Connection) from another thread, at any time. Clones close
/// the same connection.
#[derive(Clone, Default)]
pub struct Closer(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Unconnected,
    Open(Weak<dyn ShutdownHandle>),
    Closed,
}

impl Closer {
    /// Closes the connection. A blocked read or write ends at once, with an error or as if the
    /// other side had closed it.
    ///
    /// If there is no connection yet, none is made. A TLS or proxy handshake ends at once. A
    /// name lookup or a TCP connection attempt is not interrupted; it ends at its own timeout.
    pub fn close(&self) {
        let state = mem::replace(&mut *self.lock(), State::Closed);
        if let State::Open(socket) = state {
            if let Some(socket) = socket.upgrade() {
                socket.shutdown();
            }
        }
    }

    /// Fails if [`close`](Self::close) was called before.
    pub(super) fn check(&self) -> Result<(), Error> {
        match *self.lock() {
            State::Closed => Err(closed()),
            State::Unconnected | State::Open(_) => Ok(()),
        }
    }

    /// Stores the socket of a connection; fails if [`close`](Self::close) was called before.
    pub(super) fn open(&self, socket: Weak<dyn ShutdownHandle>) -> Result<(), Error> {
        let mut state = self.lock();
        if let State::Closed = *state {
            return Err(closed());
        }
        *state = State::Open(socket);
        Ok(())
    }

    /// Moves the socket to `other`, so that only `other` closes it. Fails if
    /// [`close`](Self::close) was called before on one of them.
    pub(super) fn pass_to(&self, other: &Self) -> Result<(), Error> {
        let mut state = self.lock();
        match mem::take(&mut *state) {
            State::Open(socket) => {
                drop(state);
                other.open(socket)
            }
            before @ (State::Unconnected | State::Closed) => {
                *state = before;
                Err(closed())
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    io::Error::new(ErrorKind::NotConnected, "closed by another thread").into()
}

impl fmt::Debug for Closer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closer").finish_non_exhaustive()
    }
}
