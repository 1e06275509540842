//! The adapter's clock.

use highchat_proto::time::Instant;

/// Tells the time since it was made, as the protocol wants it; tokio's time, so that a
/// test can stop it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }
}
