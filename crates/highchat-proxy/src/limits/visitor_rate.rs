//! Limits how many requests one visitor may send in a minute.

use core::time::Duration;
use std::collections::HashMap;
use std::time::Instant;

use crate::visitor::Identity;

/// How many visitors the table can hold. A visitor is removed when its allowance is full.
const MAX_VISITORS: usize = 65_536;

/// A limit of requests a minute for each visitor, with bursts: the generic cell rate
/// algorithm, which keeps one instant for each visitor.
///
/// Written here instead of taken from a crate, because it is short and its table must be
/// bounded.
#[derive(Debug)]
pub(crate) struct VisitorRate {
    /// The average time between two requests. `None`: no limit.
    interval: Option<Duration>,
    /// How far a visitor may be ahead of the average rate.
    slack: Duration,
    /// When the allowance of each visitor is full again.
    full_at: HashMap<Identity, Instant>,
    swept_at: Option<Instant>,
}

/// The shortest time between two searches for visitors to remove from a full table.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl VisitorRate {
    /// `burst` requests may come at once. If `a_minute` is 0, there is no limit.
    pub(crate) fn new(a_minute: u32, burst: u32) -> Self {
        let interval = (a_minute > 0).then(|| Duration::from_secs(60) / a_minute);
        Self {
            interval,
            slack: interval.unwrap_or_default() * burst.saturating_sub(1),
            full_at: HashMap::new(),
            swept_at: None,
        }
    }

    /// Takes one request from the visitor's allowance.
    ///
    /// # Errors
    ///
    /// The allowance is used up. The error is the time until one more request is allowed.
    pub(crate) fn take(&mut self, visitor: Identity, now: Instant) -> Result<(), Duration> {
        let Some(interval) = self.interval else {
            return Ok(());
        };
        let full_at = self.full_at.get(&visitor).copied().unwrap_or(now).max(now);
        let ahead = full_at - now;
        if ahead > self.slack {
            return Err(ahead - self.slack);
        }
        if self.has_room(now) || self.full_at.contains_key(&visitor) {
            self.full_at.insert(visitor, full_at + interval);
        }
        // If the table is full, a visitor that is not in it counts as new. The limit for all
        // visitors together still applies.
        Ok(())
    }

    fn has_room(&mut self, now: Instant) -> bool {
        let is_due = self.swept_at.is_none_or(|at| now - at >= SWEEP_INTERVAL);
        if self.full_at.len() >= MAX_VISITORS && is_due {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.swept_at = Some(now);
        }
        self.full_at.len() < MAX_VISITORS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

    fn visitor(number: u32) -> Identity {
        IpAddr::from(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_average_rate_applies() {
        let mut rate = VisitorRate::new(10, 3);
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(rate.take(visitor(1), now), Ok(()));
        }
        assert_eq!(rate.take(visitor(1), now), Err(Duration::from_secs(6)));
        assert_eq!(rate.take(visitor(2), now), Ok(()), "another visitor");
        let later = now + Duration::from_secs(6);
        assert_eq!(rate.take(visitor(1), later), Ok(()));
        assert_eq!(rate.take(visitor(1), later), Err(Duration::from_secs(6)));
        let much_later = now + Duration::from_secs(600);
        for _ in 0..3 {
            assert_eq!(rate.take(visitor(1), much_later), Ok(()));
        }
        assert!(rate.take(visitor(1), much_later).is_err());
    }

    #[test]
    fn the_table_is_bounded_and_drops_visitors_whose_allowance_is_full() {
        let mut rate = VisitorRate::new(60, 1);
        let now = Instant::now();
        for number in 0..70_000 {
            assert_eq!(rate.take(visitor(number), now), Ok(()));
        }
        assert_eq!(rate.full_at.len(), MAX_VISITORS);
        let later = now + Duration::from_secs(2);
        assert_eq!(rate.take(visitor(100_000), later), Ok(()));
        assert_eq!(rate.full_at.len(), 1);
    }

    #[test]
    fn zero_means_no_limit() {
        let mut rate = VisitorRate::new(0, 0);
        let now = Instant::now();
        assert!((0..1000).all(|_| rate.take(visitor(1), now).is_ok()));
        assert!(rate.full_at.is_empty());
    }
}
