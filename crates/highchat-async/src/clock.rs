//! The clock of a session or a reply.

use core::task::{Context, Poll, ready};

use futures_util::FutureExt;
use highchat_proto::time::Instant;

use crate::transport::Timer;

/// Measures time as the protocol needs it, from its own start, and wakes a task at a given
/// time.
pub(crate) struct Clock<T: Timer> {
    timer: T,
    /// A wait until the deadline of the last call, or until an earlier one.
    alarm: Option<(Instant, T::Sleep)>,
}

impl<T: Timer> Clock<T> {
    pub(crate) fn start() -> Self {
        Self {
            timer: T::start(),
            alarm: None,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_origin(self.timer.elapsed())
    }

    /// Waits until `when`, and returns the time then, which is `when` or later.
    ///
    /// Even a deadline in the past needs a timer. When tokio forces a task to yield, waiting
    /// bytes look absent, but no timer fires either.
    ///
    /// A deadline that moves later keeps the old timer, and sets a new one only when the old
    /// one fires.
    pub(crate) fn poll_until(&mut self, when: Instant, cx: &mut Context<'_>) -> Poll<Instant> {
        loop {
            let now = self.now();
            match &mut self.alarm {
                Some((set, alarm)) if *set <= when => {
                    ready!(alarm.poll_unpin(cx));
                    let is_due = *set == when;
                    self.alarm = None;
                    if is_due {
                        return Poll::Ready(self.now().max(when));
                    }
                }
                alarm => {
                    let wait = when.saturating_duration_since(now);
                    *alarm = Some((when, T::sleep(wait)));
                }
            }
        }
    }
}
