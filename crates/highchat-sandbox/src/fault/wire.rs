//! Faults of the bytes of a connection. The answer sets them, and the transport applies them.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Fault, Faults};
use crate::clock::TimeScale;
use crate::net::half_close::HalfClose;

/// How a connection ends before the end of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a FIN.
    Cut,
    /// With a RST.
    Reset,
    /// It stays open, but nothing more is sent.
    Stall,
}

/// The faults of the bytes of the current answer on a connection. The code that makes the answer
/// sets them, and [`Transport`](super::Transport) applies them. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Wire {
    state: Arc<Mutex<WireState>>,
    scale: TimeScale,
    half_close: HalfClose,
}

/// The faults that still have to be applied.
#[derive(Debug, Default)]
pub(crate) struct WireState {
    /// The delay before the first byte.
    pub(crate) delay: Option<Duration>,
    /// Each byte is written separately.
    pub(crate) one_byte: bool,
    pub(crate) end: Option<End>,
}

/// How and when the connection ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) ending: Ending,
    /// After this number of bytes. `None`: when all output so far is written.
    pub(crate) after: Option<u64>,
}

impl Wire {
    pub(crate) fn new(scale: TimeScale) -> Self {
        Self {
            state: Arc::default(),
            scale,
            half_close: HalfClose::default(),
        }
    }

    pub(crate) fn half_close(&self) -> &HalfClose {
        &self.half_close
    }

    /// Sets the faults of a new answer. Replaces the faults of the previous answer.
    pub(crate) fn begin(&self, faults: &Faults) {
        let mut state = WireState::default();
        for injection in faults.iter() {
            let ending = match injection.fault {
                Fault::OneByte => {
                    state.one_byte = true;
                    continue;
                }
                Fault::SlowHead => {
                    let given = injection.amount.map(Duration::from_millis);
                    let delay = given.unwrap_or_else(|| self.scale.real(SLOW_HEAD));
                    state.delay = Some(delay.min(MAX_DELAY));
                    continue;
                }
                fault => Ending::of(fault),
            };
            if let (Some(ending), Some(bytes)) = (ending, injection.amount) {
                state.end = Some(End {
                    ending,
                    after: Some(bytes),
                });
            }
        }
        *self.state() = state;
    }

    /// Ends the connection when all output so far is written.
    pub(crate) fn end(&self, ending: Ending) {
        self.state().end = Some(End {
            ending,
            after: None,
        });
    }

    /// Whether a fault ends the connection before the end of the answer.
    pub(crate) fn breaks(&self) -> bool {
        let end = self.state().end;
        end.is_some_and(|end| end.ending != Ending::Stall)
    }

    /// Whether the connection stays open but nothing more is sent.
    pub(crate) fn is_stalled(&self) -> bool {
        let end = self.state().end;
        end.is_some_and(|end| end.ending == Ending::Stall && matches!(end.after, None | Some(0)))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, WireState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ending {
    pub(crate) const fn of(fault: Fault) -> Option<Self> {
        match fault {
            Fault::Cut => Some(Self::Cut),
            Fault::Reset => Some(Self::Reset),
            Fault::Stall => Some(Self::Stall),
            _ => None,
        }
    }
}

/// The default and the longest delay before the head of an answer.
const SLOW_HEAD: Duration = Duration::from_secs(3);
const MAX_DELAY: Duration = Duration::from_secs(600);
