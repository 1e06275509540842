//! Half-closed connections: the client has closed the writing side and may still read.
//!
//! TCP reports the same end of input if the client has left. A write shows the difference: the
//! system of a client that has left answers it with a reset. So the sandbox writes an interim
//! `100 Continue` before the head of an answer, and a ping once a second in a stream.

use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Version;

/// The time between two pings that test whether the client is still there.
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The time between two checks for a reset.
pub(crate) const RESET_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// An interim response. Every HTTP/1.1 client must accept one and wait for the final response
/// (RFC 9110, section 15.2).
pub(crate) const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The state that a connection shares with the answer on it.
#[derive(Clone, Default)]
pub(crate) struct HalfClose(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// An answer is under way.
    is_answering: bool,
    /// The HTTP version of the request, until the first byte of its answer is written.
    awaited: Option<Version>,
    /// The client has closed the writing side.
    is_closed: bool,
    /// The task of the stream, to wake when the client closes the writing side.
    waker: Option<Waker>,
}

/// Marks an answer as under way until it is dropped.
pub(crate) struct Answering(HalfClose);

impl HalfClose {
    /// Records that a whole request was read and is being answered. From now on the end of
    /// input does not end the connection.
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

    /// Records that a part of the answer was written.
    pub(crate) fn wrote(&self) {
        self.lock().awaited = None;
    }

    /// Records that the client has closed the writing side. Returns whether an interim answer may
    /// be written now.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let is_first = !core::mem::replace(&mut state.is_closed, true);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        is_first && state.awaited == Some(Version::HTTP_11)
    }

    /// Whether the client has closed the writing side. If not, the task is woken when that
    /// happens.
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
