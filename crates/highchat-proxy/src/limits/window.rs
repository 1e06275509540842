//! Limits how many messages are sent to the service in any minute.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

/// At most `limit` messages in any `span`, in the order in which they ask. Each gets a time to
/// be sent at once: now or in the near future.
#[derive(Debug)]
pub(crate) struct Window {
    /// 0: no limit.
    limit: usize,
    span: Duration,
    /// The reserved times that still count, in order. Some may be in the future.
    times: VecDeque<Instant>,
}

impl Window {
    pub(crate) const fn new(limit: u32, span: Duration) -> Self {
        Self {
            limit: limit as usize,
            span,
            times: VecDeque::new(),
        }
    }

    /// Reserves the next time at which a message may be sent.
    ///
    /// # Errors
    ///
    /// The wait would be longer than `max_wait`. The error is the length of the wait.
    pub(crate) fn reserve(
        &mut self,
        now: Instant,
        max_wait: Duration,
    ) -> Result<Instant, Duration> {
        if self.limit == 0 {
            return Ok(now);
        }
        let nth_newest = self.times.len().checked_sub(self.limit);
        let at = nth_newest.map_or(now, |index| (self.times[index] + self.span).max(now));
        let wait = at - now;
        if wait > max_wait {
            return Err(wait);
        }
        while self
            .times
            .front()
            .is_some_and(|time| *time + self.span <= now)
        {
            self.times.pop_front();
        }
        // Not always at the end: a time that was given back may lie before others.
        let place = self.times.partition_point(|time| *time <= at);
        self.times.insert(place, at);
        Ok(at)
    }

    /// Gives back a time that was not used.
    pub(crate) fn give_back(&mut self, at: Instant) {
        if let Some(index) = self.times.iter().rposition(|time| *time == at) {
            self.times.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const SPAN: Duration = Duration::from_secs(60);

    #[test]
    fn no_span_has_more_messages_than_the_limit() {
        let mut window = Window::new(3, SPAN);
        let now = Instant::now();
        let mut given = Vec::new();
        for tick in 0..2000 {
            if let Ok(at) = window.reserve(now + SECOND / 4 * tick, 5 * SECOND) {
                given.push(at);
            }
        }
        assert!(given.is_sorted());
        assert!(given.windows(4).all(|four| four[3] - four[0] >= SPAN));
        assert_eq!(given.len(), 27);
    }

    #[test]
    fn times_are_reserved_in_order_and_a_long_wait_is_refused_with_its_length() {
        let mut window = Window::new(2, SPAN);
        let now = Instant::now();
        let later = now + 56 * SECOND;
        assert_eq!(window.reserve(now, SECOND), Ok(now));
        assert_eq!(window.reserve(now + SECOND, SECOND), Ok(now + SECOND));
        assert_eq!(window.reserve(now + SECOND, SECOND), Err(59 * SECOND));
        assert_eq!(window.reserve(later, 5 * SECOND), Ok(now + SPAN));
        assert_eq!(window.reserve(later, 5 * SECOND), Ok(now + SPAN + SECOND));
        assert_eq!(window.reserve(later, 5 * SECOND), Err(64 * SECOND));
    }

    #[test]
    fn a_time_that_is_given_back_can_be_reserved_again() {
        let mut window = Window::new(1, SPAN);
        let now = Instant::now();
        let at = window.reserve(now, SECOND).unwrap();
        assert!(window.reserve(now, SECOND).is_err());
        window.give_back(at);
        assert_eq!(window.reserve(now, SECOND), Ok(now));
        let ahead = window.reserve(now, SPAN).unwrap();
        window.give_back(ahead);
        assert_eq!(
            window.reserve(now, SPAN),
            Ok(ahead),
            "a used time still counts"
        );
    }

    #[test]
    fn times_older_than_the_span_are_forgotten() {
        let mut window = Window::new(2, SPAN);
        let now = Instant::now();
        for minute in 0..100 {
            window.reserve(now + minute * SPAN, SECOND).unwrap();
        }
        assert_eq!(window.times.len(), 1);
    }

    #[test]
    fn zero_means_no_limit() {
        let mut window = Window::new(0, SPAN);
        let now = Instant::now();
        assert!((0..100).all(|_| window.reserve(now, SECOND) == Ok(now)));
    }
}
