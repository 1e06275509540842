//! A client that closes the writing side of its connection and still reads: TCP shows the
//! same end of input for a client that is gone.
//!
//! A write shows the difference: the system of a client that is gone answers it with a
//! reset. Before the head of an answer the sandbox writes an interim `100 Continue`, inside
//! a stream a ping, once a second.

use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Version;

/// From one write that is to find out whether the client is there to the next.
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// How long before the reset that answers such a write is looked for again.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// What every HTTP/1.1 client reads over, wherever it comes (RFC 9110, 15.2).
pub(crate) const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What a connection and the answer on it know together about the client's end of input.
#[derive(Clone, Default)]
pub(crate) struct HalfClose(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// An answer is under way.
    is_answering: bool,
    /// The version of the request, while nothing of its answer was written.
    awaited: Option<Version>,
    /// The client writes nothing more.
    is_closed: bool,
    /// The stream that is to learn of it.
    waker: Option<Waker>,
}

/// An answer under way, as long as this lives.
pub(crate) struct Answering(HalfClose);

impl HalfClose {
    /// A request was read to its end, and will be answered: from here on the end of input
    /// does not end the connection.
    pub(crate) fn answer(&self, version: Version) -> Answering {
        let mut state = self.lock();
        state.is_answering = true;
        state.awaited = Some(version);
        drop(state);
        Answering(self.clone())
    }

    pub(crate) fn is_answering(&self) -> bool {
        self.lock().is_answering
    }

    /// Something of the answer was written.
    pub(crate) fn wrote(&self) {
        self.lock().awaited = None;
    }

    /// The client writes nothing more. Returns whether an interim answer may be written
    /// now.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let is_first = !core::mem::replace(&mut state.is_closed, true);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        is_first && state.awaited == Some(Version::HTTP_11)
    }

    /// Whether the client writes nothing more; wakes the task once it does not.
    pub(crate) fn poll_closed(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        if !state.is_closed {
            state.waker = Some(cx.waker().clone());
        }
        state.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        (state.is_answering, state.waker) = (false, None);
    }
}
