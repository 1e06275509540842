//! tokio's time.

use core::pin::Pin;
use core::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::transport::Timer;

/// A timer over tokio's time, so that a test can pause it. It needs a tokio runtime with time
/// enabled.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer(Instant);

impl Timer for TokioTimer {
    type Sleep = Pin<Box<Sleep>>;

    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        Box::pin(sleep(duration))
    }
}
