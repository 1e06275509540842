//! A browser's time.

use core::time::Duration;

use futures_util::future::LocalBoxFuture;
use gloo_timers::future::TimeoutFuture;
use web_time::Instant;

use crate::transport::Timer;

/// The longest wait of `setTimeout`. A longer one ends at once.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// A timer over `performance.now` and `setTimeout`, for a page or a worker.
#[derive(Clone, Copy, Debug)]
pub struct BrowserTimer(Instant);

impl Timer for BrowserTimer {
    type Sleep = LocalBoxFuture<'static, ()>;

    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        Box::pin(async move {
            let mut left = duration;
            while !left.is_zero() {
                let step = left.min(LONGEST);
                TimeoutFuture::new(step.as_micros().div_ceil(1000) as u32).await;
                left -= step;
            }
        })
    }
}
