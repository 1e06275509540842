//! Drops a visitor who reads an answer more slowly than a floor.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Measures how fast a visitor reads, only while output waits for this visitor: a slow service
/// does not count.
pub(crate) struct Floor {
    /// How long output must have waited before the visitor is judged.
    window: Duration,
    /// The fewest bytes that the visitor must have read in that time.
    least: u64,
    /// How long output has waited since the last judgement, until `waiting` began.
    waited: Duration,
    /// The bytes that were written since the last judgement.
    written: u64,
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Floor {
    /// `rate` is in bytes a second. 0 means that there is no floor.
    pub(crate) fn new(rate: u32, window: Duration) -> Self {
        let least = u128::from(rate) * window.as_millis() / 1000;
        Self {
            window,
            least: u64::try_from(least).unwrap_or(u64::MAX),
            waited: Duration::ZERO,
            written: 0,
            waiting: None,
        }
    }

    /// Records that the visitor's connection took bytes.
    pub(crate) fn wrote(&mut self, count: usize) {
        self.written = self.written.saturating_add(count as u64);
        if let Some(waiting) = self.waiting.take() {
            self.waited += waiting.since.elapsed();
        }
    }

    /// Records that output waits. Completes if the visitor is too slow. If not, the task is
    /// woken at the time when the visitor may be too slow.
    pub(crate) fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.least == 0 {
            return Poll::Pending;
        }
        loop {
            let left = self.window.saturating_sub(self.waited);
            let waiting = self.waiting.get_or_insert_with(|| {
                let since = Instant::now();
                Waiting {
                    since,
                    alarm: Box::pin(sleep_until(since + left)),
                }
            });
            if waiting.alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.written < self.least {
                return Poll::Ready(());
            }
            self.waiting = None;
            (self.waited, self.written) = (Duration::ZERO, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::task::Waker;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_too_slow(floor: &mut Floor) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        floor.poll_too_slow(&mut cx).is_ready()
    }

    /// Lets a visitor read `rate` bytes a second for a time, while output always waits.
    async fn reads(floor: &mut Floor, rate: usize, seconds: usize) -> bool {
        for _ in 0..seconds {
            if is_too_slow(floor) {
                return false;
            }
            advance(SECOND).await;
            floor.wrote(rate);
        }
        true
    }

    #[tokio::test(start_paused = true)]
    async fn a_visitor_below_the_floor_is_too_slow_after_the_window() {
        let mut floor = Floor::new(1024, 30 * SECOND);
        assert!(reads(&mut floor, 600, 30).await);
        assert!(is_too_slow(&mut floor));
    }

    #[tokio::test(start_paused = true)]
    async fn a_visitor_above_the_floor_is_never_too_slow_until_the_speed_falls() {
        let mut floor = Floor::new(1024, 30 * SECOND);
        assert!(reads(&mut floor, 1100, 3000).await);
        assert!(!reads(&mut floor, 600, 60).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_in_which_nothing_waits_does_not_count() {
        let mut floor = Floor::new(1024, 30 * SECOND);
        for _ in 0..20 {
            assert!(!is_too_slow(&mut floor));
            advance(SECOND).await;
            floor.wrote(1);
            advance(60 * SECOND).await;
        }
        assert!(!is_too_slow(&mut floor));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_floor_nobody_is_too_slow() {
        let mut floor = Floor::new(0, 30 * SECOND);
        assert!(reads(&mut floor, 0, 100).await);
        assert!(!is_too_slow(&mut floor));
    }
}
