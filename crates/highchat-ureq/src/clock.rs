//! The adapter's clock.

use core::time::Duration;

use highchat_proto::time::Instant;

/// Measures time as the protocol needs it, from its own start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(std::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }

    /// Returns an instant of this clock as the standard library's.
    pub(crate) fn std(self, instant: Instant) -> std::time::Instant {
        self.0 + instant.since_origin()
    }

    /// Returns the time left until `deadline`: [`Duration::MAX`] if there is none.
    pub(crate) fn left(self, deadline: Option<Instant>) -> Duration {
        deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(self.now())
        })
    }
}
