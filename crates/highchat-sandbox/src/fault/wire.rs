//! Faults of the bytes of a connection: shared by the answer and the transport.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Fault, Faults};
use crate::clock::TimeScale;
use crate::net::half_close::HalfClose;

/// How the bytes of a connection end before their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a FIN.
    Cut,
    /// With a RST.
    Reset,
    /// Not at all: nothing more comes.
    Stall,
}

/// What is to happen to the bytes of the answer that is being written on a connection:
/// set by those who know the answer, looked at by its [`Transport`](super::Transport).
#[derive(Clone, Default)]
pub(crate) struct Wire {
    course: Arc<Mutex<Course>>,
    scale: TimeScale,
    half_close: HalfClose,
}

/// What is still to happen.
#[derive(Debug, Default)]
pub(crate) struct Course {
    /// Before the first byte.
    pub(crate) delay: Option<Duration>,
    pub(crate) one_byte: bool,
    pub(crate) end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) ending: Ending,
    /// After this number of bytes; `None`: once everything so far was written.
    pub(crate) after: Option<u64>,
}

impl Wire {
    pub(crate) fn new(scale: TimeScale) -> Self {
        Self {
            course: Arc::default(),
            scale,
            half_close: HalfClose::default(),
        }
    }

    pub(crate) fn half_close(&self) -> &HalfClose {
        &self.half_close
    }

    /// An answer begins to which only this happens.
    pub(crate) fn begin(&self, faults: &Faults) {
        let mut course = Course::default();
        for injection in faults.iter() {
            let ending = match injection.fault {
                Fault::OneByte => {
                    course.one_byte = true;
                    continue;
                }
                Fault::SlowHead => {
                    let given = injection.amount.map(Duration::from_millis);
                    let delay = given.unwrap_or_else(|| self.scale.real(SLOW_HEAD));
                    course.delay = Some(delay.min(MAX_DELAY));
                    continue;
                }
                fault => Ending::of(fault),
            };
            if let (Some(ending), Some(bytes)) = (ending, injection.amount) {
                course.end = Some(End {
                    ending,
                    after: Some(bytes),
                });
            }
        }
        *self.course() = course;
    }

    /// Ends the bytes once those there are now were written.
    pub(crate) fn end(&self, ending: Ending) {
        self.course().end = Some(End {
            ending,
            after: None,
        });
    }

    /// Whether the sandbox ends, or ended, the connection before the answer's end.
    pub(crate) fn breaks(&self) -> bool {
        let end = self.course().end;
        end.is_some_and(|end| end.ending != Ending::Stall)
    }

    /// Whether nothing more comes, though the connection stays.
    pub(crate) fn is_stalled(&self) -> bool {
        let end = self.course().end;
        end.is_some_and(|end| end.ending == Ending::Stall && matches!(end.after, None | Some(0)))
    }

    pub(crate) fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
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

/// How long an answer is held back, by default and at most.
const SLOW_HEAD: Duration = Duration::from_secs(3);
const MAX_DELAY: Duration = Duration::from_secs(600);
