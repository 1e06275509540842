//! The sandbox's own time: how fast it runs, and what the time of day is in it.

use core::time::Duration;
use std::time::Instant;

use jiff::Timestamp;

/// How many seconds of the sandbox's time pass in one second of real time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeScale(u32);

/// The shortest wait that a timer can measure.
const SHORTEST: Duration = Duration::from_millis(1);

impl TimeScale {
    /// Nought is taken for one, which is real time.
    pub(crate) fn new(times: u32) -> Self {
        Self(times.max(1))
    }

    /// How long a span of the sandbox's time takes in real time. Only nothing takes no
    /// time: a delay of zero often means something else than a short one.
    pub(crate) fn real(self, span: Duration) -> Duration {
        span.min((span / self.0).max(SHORTEST))
    }

    /// A span of real time in the whole seconds of a `Retry-After`. A part of a second counts
    /// as a whole one; in faster time it is left out, or it would cost a test that second.
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

/// The time of day that never goes back: what the system's clock said at the start,
/// and on from there, as fast as the sandbox's time runs.
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

/// `time` and some more, in whole milliseconds: what is shown to a client, who sends
/// it back, must be what is compared.
pub(crate) fn later(time: Timestamp, more: Duration) -> Timestamp {
    time.checked_add(more)
        .and_then(|time| Timestamp::from_millisecond(time.as_millisecond()))
        .unwrap_or(Timestamp::MAX)
}

/// As the API writes it: `2026-06-14T10:00:00.000Z`.
pub(crate) fn text(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Reads a time in any of the forms in which answers give one.
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
    fn a_time_is_whole_milliseconds() {
        let time = later(Timestamp::UNIX_EPOCH, Duration::from_micros(1999));

        assert_eq!(time, "1970-01-01T00:00:00.001Z".parse().unwrap());
    }

    #[test]
    fn a_span_takes_its_part_of_the_real_time_and_only_nothing_takes_none() {
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
    fn a_part_of_a_second_is_waited_for_in_real_time_alone() {
        let told = |times, ms| TimeScale::new(times).whole_seconds(Duration::from_millis(ms));
        assert_eq!(
            [0, 1, 999, 1000, 1001].map(|ms| told(1, ms)),
            [0, 1, 1, 1, 2]
        );
        assert_eq!(
            [0, 1, 999, 1000, 1001].map(|ms| told(2, ms)),
            [0, 0, 0, 1, 1]
        );
    }

    #[test]
    fn a_time_past_the_calendar_is_its_end() {
        assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
    }
}
