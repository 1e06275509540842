//! Points in time, which the driver supplies.

use core::ops::Add;
use core::time::Duration;

/// A point in time: a [`Duration`] since an origin that the driver chooses once.
///
/// The protocol never reads a clock. On an operating system, a driver passes the time since it
/// started; on a small machine, its ticks; in a test, any value. Do not mix values that have
/// different origins. Source: our decision, because the standard library's `Instant` cannot be
/// made from a number, and does not exist without `std`.
///
/// ```
/// use core::time::Duration;
/// use highchat_proto::time::Instant;
///
/// let now = Instant::ORIGIN + Duration::from_secs(3);
/// assert_eq!(now.since_origin(), Duration::from_secs(3));
/// assert_eq!(Instant::ORIGIN.saturating_duration_since(now), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The origin itself.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// The instant `elapsed` after the origin.
    #[must_use]
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time from the origin to this instant.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The instant `later` after this one; the latest possible instant if the sum overflows.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_the_latest_instant_is_the_latest_instant() {
        let end = Instant::from_origin(Duration::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
    }
}
