//! A visitor who closes the writing side of the connection and still reads: TCP shows the
//! same end of input for a visitor who left.
//!
//! A write shows the difference: the system of a visitor who is gone answers it with a
//! reset. Before the head of an answer the proxy writes an interim `100 Continue`, inside a
//! stream a comment, once a second.
//!
//! The sandbox has the same in its own words: it shares no code with what is tested
//! against it.

use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Version;

/// From one write that is to find out whether the visitor is there to the next.
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// What a connection and the answer on it know together.
#[derive(Clone, Debug, Default)]
pub(crate) struct HalfClose(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// A request was read, and its answer is not all written.
    has_answer: bool,
    /// A request is being answered.
    is_open: bool,
    /// A request was read to its end, and is being answered.
    is_awaited: bool,
    /// The version of the request, while nothing of its answer was written.
    unwritten: Option<Version>,
    /// The visitor writes nothing more.
    is_closed: bool,
    /// The stream that is to learn of it.
    waker: Option<Waker>,
}

/// A request that is being answered, as long as this lives.
#[derive(Debug)]
pub(crate) struct Answering(HalfClose);

impl HalfClose {
    /// The head of a request was read.
    pub(crate) fn begin(&self, version: Version) -> Answering {
        let mut state = self.lock();
        (state.has_answer, state.is_open) = (true, true);
        state.unwritten = Some(version);
        drop(state);
        Answering(self.clone())
    }

    /// Whether the bytes being written are the answer to a request. If not, hyper itself
    /// refuses input that it cannot parse.
    pub(crate) fn has_answer(&self) -> bool {
        self.lock().has_answer
    }

    /// Whether a visitor may still read the answer to a whole request.
    pub(crate) fn is_awaited(&self) -> bool {
        self.lock().is_awaited
    }

    /// Something of the answer was written.
    pub(crate) fn wrote(&self) {
        self.lock().unwritten = None;
    }

    /// Everything there is was written.
    pub(crate) fn flushed(&self) {
        let mut state = self.lock();
        state.has_answer = state.is_open;
    }

    /// The visitor writes nothing more. Returns whether an interim answer may be written
    /// now.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let is_first = !core::mem::replace(&mut state.is_closed, true);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        is_first && state.unwritten == Some(Version::HTTP_11)
    }

    /// Whether the visitor writes nothing more; wakes the task once it does not.
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

impl Answering {
    /// The request was read to its end: from here on the end of input does not end the
    /// connection.
    pub(crate) fn read_whole(&self) {
        self.0.lock().is_awaited = true;
    }

    pub(crate) fn half_close(&self) -> &HalfClose {
        &self.0
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        (state.is_open, state.is_awaited) = (false, false);
        state.waker = None;
    }
}
