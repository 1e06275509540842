//! The sandbox's clock, which can run faster than real time.

use core::time::Duration;
use std::time::Instant;

use jiff::Timestamp;

/// How many seconds of the sandbox's time pass in one second of real time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeScale(u32);

/// The shortest wait that a timer can measure.
const SHORTEST: Duration = Duration::from_millis(1);

impl TimeScale {
    /// Creates a scale. 0 means 1, which is real time.
    pub(crate) fn new(times: u32) -> Self {
        Self(times.max(1))
    }

    /// Converts a span of the sandbox's time to real time. Only zero becomes zero, because zero
    /// often has a special meaning.
    pub(crate) fn real(self, span: Duration) -> Duration {
        span.min((span / self.0).max(SHORTEST))
    }

    /// Converts a span of real time to the whole seconds of a `Retry-After`. It rounds up in
    /// real time. In faster time it rounds down, or a test would wait a second.
    pub(crate) fn whole_seconds(self, real: Duration) -> u64 {
        let part = u64::from(self.0 == 1 && real.subsec_nanos() > 0);
        real.as_secs() + part
    }

    fn passed(self, real: Duration) -> Duration {
        real.saturating_mul(self.0)
    }
}

impl Default for TimeScale {
    fn default() -> Self {
        Self::new(1)
    }
}

/// A clock that never goes back. It begins with the system time, and then runs as fast as the
/// sandbox's time.
pub(crate) struct Clock {
    wall: Timestamp,
    started: Instant,
    scale: TimeScale,
}

impl Clock {
    pub(crate) fn start(scale: TimeScale) -> Self {
        Self {
            wall: Timestamp::now(),
            started: Instant::now(),
            scale,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        later(self.wall, self.scale.passed(self.started.elapsed()))
    }

    pub(crate) fn scale(&self) -> TimeScale {
        self.scale
    }
}

/// Adds a span to a time, and rounds down to whole milliseconds. Clients see milliseconds and
/// send them back in `after`, so stored times must not be more exact.
pub(crate) fn later(time: Timestamp, more: Duration) -> Timestamp {
    time.checked_add(more)
        .and_then(|time| Timestamp::from_millisecond(time.as_millisecond()))
        .unwrap_or(Timestamp::MAX)
}

/// Formats a time as the API does: `2026-06-14T10:00:00.000Z`.
pub(crate) fn text(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Parses a time in each of the forms that answers can have.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let number = text.parse().ok();
    let number = number.and_then(|time| Timestamp::from_millisecond(time).ok());
    number.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_milliseconds_and_z() {
        let time: Timestamp = "2026-06-14T12:00:00.5+02:00".parse().unwrap();

        assert_eq!(text(time), "2026-06-14T10:00:00.500Z");
    }

    #[test]
    fn times_are_rounded_down_to_milliseconds() {
        let time = later(Timestamp::UNIX_EPOCH, Duration::from_micros(1999));

        assert_eq!(time, "1970-01-01T00:00:00.001Z".parse().unwrap());
    }

    #[test]
    fn spans_are_divided_by_the_scale_and_only_zero_becomes_zero() {
        let ms = Duration::from_millis;
        let scale = TimeScale::new(50);
        for (span, real) in [
            (ms(0), ms(0)),
            (ms(60_000), ms(1200)),
            (ms(40), ms(1)),
            (Duration::from_micros(9), Duration::from_micros(9)),
        ] {
            assert_eq!(scale.real(span), real, "{span:?}");
        }
        assert_eq!(TimeScale::new(0).real(ms(40)), ms(40));
    }

    #[test]
    fn a_part_of_a_second_counts_only_in_real_time() {
        let seconds = |times, ms| TimeScale::new(times).whole_seconds(Duration::from_millis(ms));
        assert_eq!(
            [0, 1, 999, 1000, 1001].map(|ms| seconds(1, ms)),
            [0, 1, 1, 1, 2]
        );
        assert_eq!(
            [0, 1, 999, 1000, 1001].map(|ms| seconds(2, ms)),
            [0, 0, 0, 1, 1]
        );
    }

    #[test]
    fn a_time_after_the_end_of_the_calendar_becomes_its_end() {
        assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
    }
}
