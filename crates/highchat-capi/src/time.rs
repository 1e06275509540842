//! Times and durations as C has them: in milliseconds.

use core::time::Duration;

use highchat_proto::time::Instant;

/// A time that never comes, and a number of milliseconds that is not known.
pub const NEVER: u64 = u64::MAX;

/// A duration in milliseconds, rounded up, so that a deadline has come when it says.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(NEVER - 1)
}

/// A time on the caller's clock.
pub(crate) const fn instant(now_ms: u64) -> Instant {
    Instant::from_origin(Duration::from_millis(now_ms))
}
