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
    alarm: Option<Alarm<T>>,
    /// A wait until a later deadline, which takes the place of a wait that is over. A runtime
    /// may need a system call for a wait that ends before all others, as tokio does.
    later: Option<Alarm<T>>,
}

type Alarm<T> = (Instant, <T as Timer>::Sleep);

impl<T: Timer> Clock<T> {
    pub(crate) fn start() -> Self {
        Self {
            timer: T::start(),
            alarm: None,
            later: None,
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
            match &mut self.alarm {
                Some((set, alarm)) if *set <= when => {
                    ready!(alarm.poll_unpin(cx));
                    let is_due = *set == when;
                    self.alarm = self.later.take();
                    if is_due {
                        return Poll::Ready(self.now().max(when));
                    }
                }
                _ => {
                    let wait = when.saturating_duration_since(self.now());
                    self.later = self
                        .alarm
                        .replace((when, T::sleep(wait)))
                        .or(self.later.take());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::future::poll_fn;
    use core::pin::Pin;
    use core::task::Waker;
    use core::time::Duration;

    use super::*;

    thread_local! {
        static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static TIMERS: Cell<usize> = const { Cell::new(0) };
    }

    /// A timer whose time a test sets.
    struct Set;

    impl Timer for Set {
        type Sleep = Pin<Box<dyn Future<Output = ()>>>;

        fn start() -> Self {
            Self
        }

        fn elapsed(&self) -> Duration {
            NOW.get()
        }

        fn sleep(duration: Duration) -> Self::Sleep {
            TIMERS.set(TIMERS.get() + 1);
            let end = NOW.get().saturating_add(duration);
            Box::pin(poll_fn(move |_| {
                if NOW.get() < end {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            }))
        }
    }

    /// Polls at the given second. Returns whether the deadline was reached.
    fn is_reached(clock: &mut Clock<Set>, now: u64, when: u64) -> bool {
        NOW.set(Duration::from_secs(now));
        let when = Instant::from_origin(Duration::from_secs(when));
        let reached = clock.poll_until(when, &mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(time) = reached {
            assert!(time >= when);
        }
        reached.is_ready()
    }

    #[test]
    fn a_deadline_is_reached_at_its_time_whatever_was_awaited_before() {
        let mut clock = Clock::start();
        assert!(!is_reached(&mut clock, 0, 60));
        assert!(!is_reached(&mut clock, 1, 9));
        assert!(!is_reached(&mut clock, 2, 5));
        assert!(!is_reached(&mut clock, 4, 7), "moved later");
        assert!(!is_reached(&mut clock, 6, 7));
        assert!(is_reached(&mut clock, 7, 7));
        assert!(!is_reached(&mut clock, 8, 10));
        assert!(is_reached(&mut clock, 70, 70));
        assert!(is_reached(&mut clock, 71, 0), "in the past");
    }

    /// As in a handoff: a poll has a long timeout, and a short wait follows it.
    #[test]
    fn a_far_deadline_keeps_its_timer_during_nearer_ones() {
        TIMERS.set(0);
        let mut clock = Clock::start();
        for poll in 0..10 {
            let now = 4 * poll;
            assert!(!is_reached(&mut clock, now, now + 60));
            assert!(!is_reached(&mut clock, now, now + 4));
            assert!(is_reached(&mut clock, now + 4, now + 4));
        }
        assert_eq!(TIMERS.get(), 11);
    }
}
