//! The adapter's clock.

use core::time::Duration;

use highchat_proto::time::Instant;

/// Tells the time since it was made, as the protocol wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(std::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }

    /// How long it is until then; `None`: for ever.
    pub(crate) fn left(self, deadline: Option<Instant>) -> Duration {
        deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(self.now())
        })
    }
}
