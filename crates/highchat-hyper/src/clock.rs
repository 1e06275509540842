//! The adapter's clock.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use highchat_proto::time::Instant;
use tokio::time::{Sleep, sleep};

/// Tells the time since it was made, as the protocol wants it, and wakes at a moment;
/// tokio's time, so that a test can stop it.
pub(crate) struct Clock {
    origin: tokio::time::Instant,
    /// Until some moment that was waited for, or an earlier one.
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

    /// Waits until then, and tells what it is then; by a timer even where that is past:
    /// where the runtime wants the task to pause, bytes may be there and not be seen, but
    /// no timer ends. One that is put off again and again is set anew only when it rings.
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
