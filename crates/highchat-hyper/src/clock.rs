//! The adapter's clock.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use highchat_proto::time::Instant;
use tokio::time::{Sleep, sleep};

/// Measures time as the protocol needs it, from its own start, and wakes a task at a given
/// time. It uses tokio's time, so that a test can pause it.
pub(crate) struct Clock {
    origin: tokio::time::Instant,
    /// A timer for the last deadline, or for an earlier one.
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            origin: tokio::time::Instant::now(),
            alarm: None,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
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
                    ready!(alarm.as_mut().poll(cx));
                    let is_due = *set == when;
                    self.alarm = None;
                    if is_due {
                        return Poll::Ready(self.now().max(when));
                    }
                }
                alarm => {
                    let wait = when.saturating_duration_since(now);
                    *alarm = Some((when, Box::pin(sleep(wait))));
                }
            }
        }
    }
}
