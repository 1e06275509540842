use core::time::Duration;
use std::time::Instant;

use jiff::Timestamp;

/// The time of day that never goes back: what the system's clock said at the start,
/// and on from there.
pub(crate) struct Clock {
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            wall: Timestamp::now(),
            started: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        later(self.wall, self.started.elapsed())
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
    fn a_time_past_the_calendar_is_its_end() {
        assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
    }
}
