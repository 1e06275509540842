//! Limits how often one visitor may ask.

use core::time::Duration;
use std::collections::HashMap;
use std::time::Instant;

use crate::visitor::Network;

/// How many visitors are remembered; each until its allowance is whole again.
const MAX_VISITORS: usize = 65_536;

/// Each visitor's allowance of requests a minute, some of them at once: the generic cell rate
/// algorithm, which keeps one instant a visitor.
///
/// Our own instead of a crate: it is these few lines, and has to be bounded.
#[derive(Debug)]
pub(crate) struct VisitorRate {
    /// From one request to the next; `None`: no limit.
    interval: Option<Duration>,
    /// How far ahead of its rate a visitor may be.
    slack: Duration,
    /// When each visitor's allowance is whole again.
    whole_at: HashMap<Network, Instant>,
    swept_at: Option<Instant>,
}

/// How often the table is looked through for visitors to forget, at most.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl VisitorRate {
    /// `burst` of them at once; 0 a minute: no limit.
    pub(crate) fn new(a_minute: u32, burst: u32) -> Self {
        let interval = (a_minute > 0).then(|| Duration::from_secs(60) / a_minute);
        Self {
            interval,
            slack: interval.unwrap_or_default() * burst.saturating_sub(1),
            whole_at: HashMap::new(),
            swept_at: None,
        }
    }

    /// Takes one request of a visitor's allowance.
    ///
    /// # Errors
    ///
    /// Nothing of it is left; returns how long until there is.
    pub(crate) fn take(&mut self, visitor: Network, now: Instant) -> Result<(), Duration> {
        let Some(interval) = self.interval else {
            return Ok(());
        };
        let whole_at = self.whole_at.get(&visitor).copied().unwrap_or(now).max(now);
        let ahead = whole_at - now;
        if ahead > self.slack {
            return Err(ahead - self.slack);
        }
        if self.has_room(now) || self.whole_at.contains_key(&visitor) {
            self.whole_at.insert(visitor, whole_at + interval);
        }
        // Beyond the table a visitor is taken as new: what holds for all holds still.
        Ok(())
    }

    fn has_room(&mut self, now: Instant) -> bool {
        let is_due = self.swept_at.is_none_or(|at| now - at >= SWEEP_INTERVAL);
        if self.whole_at.len() >= MAX_VISITORS && is_due {
            self.whole_at.retain(|_, whole_at| *whole_at > now);
            self.swept_at = Some(now);
        }
        self.whole_at.len() < MAX_VISITORS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

    fn visitor(number: u32) -> Network {
        IpAddr::from(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn some_come_at_once_and_the_rest_at_the_pace() {
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
    fn the_table_is_bounded_and_forgets_who_is_gone() {
        let mut rate = VisitorRate::new(60, 1);
        let now = Instant::now();
        for number in 0..70_000 {
            assert_eq!(rate.take(visitor(number), now), Ok(()));
        }
        assert_eq!(rate.whole_at.len(), MAX_VISITORS);
        let later = now + Duration::from_secs(2);
        assert_eq!(rate.take(visitor(100_000), later), Ok(()));
        assert_eq!(rate.whole_at.len(), 1);
    }

    #[test]
    fn nought_is_no_limit() {
        let mut rate = VisitorRate::new(0, 0);
        let now = Instant::now();
        assert!((0..1000).all(|_| rate.take(visitor(1), now).is_ok()));
        assert!(rate.whole_at.is_empty());
    }
}
