//! The time as the driver tells it.

use core::ops::Add;
use core::time::Duration;

/// A moment: a [`Duration`] since an origin that the driver picks once.
///
/// The protocol never reads a clock. A driver with an operating system passes the
/// time elapsed since it started; a small machine its ticks; a test whatever it
/// likes. Moments of two origins must not be mixed. Source: our decision (the
/// standard library's `Instant` cannot be made up, and is not there without `std`).
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
    /// The driver's origin itself.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// The moment this long after the origin.
    #[must_use]
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the origin this moment is.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this moment is; zero where it is not after it.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The moment that much later; the latest there is where that would overflow.
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
    fn adding_past_the_end_of_time_stays_at_its_end() {
        let end = Instant::from_origin(Duration::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
    }
}
