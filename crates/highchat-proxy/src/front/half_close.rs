//! Half-closed connections: the visitor has closed the writing side and may still read.
//!
//! TCP reports the same end of input if the visitor has left. A write shows the difference:
//! the system of a visitor who has left answers it with a reset. So the proxy writes an
//! interim `100 Continue` before the head of an answer, and a comment once a second in a
//! stream.
//!
//! The sandbox has its own version of this code, because it shares no code with the programs
//! that are tested against it.

use core::mem;
use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Version;

/// The time between two comments that test whether the visitor is still there.
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The state that a connection shares with the answer on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct HalfClose(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The head of a request was read, and not all of its answer was written.
    has_answer: bool,
    /// A request is being answered.
    is_open: bool,
    /// The next request is served even while the proxy drains.
    is_admitted: bool,
    /// A whole request was read, and is being answered.
    is_awaited: bool,
    /// The HTTP version of the request, until the first byte of its answer is written.
    unwritten: Option<Version>,
    /// The visitor has closed the writing side.
    is_closed: bool,
    /// The task of the stream, to wake when the visitor closes the writing side.
    waker: Option<Waker>,
}

/// Marks a request as being answered until it is dropped.
#[derive(Debug)]
pub(crate) struct Answering {
    half_close: HalfClose,
    is_admitted: bool,
}

impl HalfClose {
    /// The state of a connection whose first request is served even while the proxy drains. The
    /// client may have connected before the proxy stopped listening. Its request must not be
    /// refused, because no load balancer sends a message again after it was sent once.
    pub(crate) fn admitted() -> Self {
        let this = Self::default();
        this.lock().is_admitted = true;
        this
    }

    /// Whether the connection is [admitted](Self::admitted) and has had no request yet.
    pub(crate) fn awaits_first(&self) -> bool {
        self.lock().is_admitted
    }

    /// Records that the head of a request was read.
    pub(crate) fn begin(&self, version: Version) -> Answering {
        let mut state = self.lock();
        (state.has_answer, state.is_open) = (true, true);
        state.unwritten = Some(version);
        Answering {
            half_close: self.clone(),
            is_admitted: mem::take(&mut state.is_admitted),
        }
    }

    /// Whether the bytes being written are the answer to a request. If not, they are hyper's
    /// own refusal of input that it cannot parse.
    pub(crate) fn has_answer(&self) -> bool {
        self.lock().has_answer
    }

    /// Whether a visitor may still read the answer to a whole request.
    pub(crate) fn is_awaited(&self) -> bool {
        self.lock().is_awaited
    }

    /// Records that a part of the answer was written.
    pub(crate) fn wrote(&self) {
        self.lock().unwritten = None;
    }

    /// Records that all bytes so far were flushed.
    pub(crate) fn flushed(&self) {
        let mut state = self.lock();
        state.has_answer = state.is_open;
    }

    /// Records that the visitor has closed the writing side. Returns whether an interim answer
    /// may be written now.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let is_first = !mem::replace(&mut state.is_closed, true);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        is_first && state.unwritten == Some(Version::HTTP_11)
    }

    /// Whether the visitor has closed the writing side. If not, the task is woken when that
    /// happens.
    pub(crate) fn poll_closed(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        if !state.is_closed {
            match &mut state.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        state.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering {
    /// Records that the whole request was read. From now on the end of input does not end
    /// the connection.
    pub(crate) fn read_whole(&self) {
        self.half_close.lock().is_awaited = true;
    }

    /// Whether the request is served even while the proxy drains.
    pub(crate) const fn is_admitted(&self) -> bool {
        self.is_admitted
    }

    pub(crate) const fn half_close(&self) -> &HalfClose {
        &self.half_close
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.half_close.lock();
        (state.is_open, state.is_awaited) = (false, false);
        state.waker = None;
    }
}
