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
    rate: Option<Rate>,
    /// When the allowance of each visitor is full again.
    full_at: HashMap<Identity, Instant>,
    swept_at: Option<Instant>,
}

/// How often one visitor may send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// The average time between two requests.
    pub(crate) interval: Duration,
    /// How many requests may come at once.
    burst: u32,
}

impl Rate {
    /// Half of the requests of a minute may come at once. Returns `None` for 0: no limit.
    pub(crate) fn a_minute(limit: u32) -> Option<Self> {
        (limit > 0).then(|| Self {
            interval: Duration::from_secs(60) / limit,
            burst: limit.div_ceil(2),
        })
    }

    /// How far a visitor may be ahead of the average rate.
    pub(crate) fn slack(self) -> Duration {
        self.interval * self.burst.saturating_sub(1)
    }

    /// The rate at one of several proxies, if a visitor uses all of them alike.
    #[cfg(feature = "redis")]
    pub(crate) fn divided_by(self, proxies: u32) -> Self {
        Self {
            interval: self.interval * proxies.max(1),
            burst: self.burst.div_ceil(proxies.max(1)),
        }
    }
}

/// The shortest time between two searches for visitors to remove from a full table.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl VisitorRate {
    /// `None`: no limit.
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
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
        self.rate
            .map_or(Ok(()), |rate| self.take_at(rate, visitor, now))
    }

    /// Takes one request at the given rate instead of the table's own.
    ///
    /// # Errors
    ///
    /// As for [`take`](Self::take).
    pub(crate) fn take_at(
        &mut self,
        rate: Rate,
        visitor: Identity,
        now: Instant,
    ) -> Result<(), Duration> {
        let full_at = self.full_at.get(&visitor).copied().unwrap_or(now).max(now);
        let ahead = full_at - now;
        if ahead > rate.slack() {
            return Err(ahead - rate.slack());
        }
        self.keep(visitor, full_at + rate.interval, now);
        Ok(())
    }

    /// How long the visitor's allowance takes to be full again.
    #[cfg(feature = "redis")]
    pub(crate) fn until_full(&self, visitor: Identity, now: Instant) -> Duration {
        let full_at = self.full_at.get(&visitor);
        full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// Notes that the visitor's allowance is not full before `full_at`: others have taken from it.
    #[cfg(feature = "redis")]
    pub(crate) fn handle_taken(&mut self, visitor: Identity, full_at: Instant, now: Instant) {
        let is_known = |known: &Instant| *known >= full_at;
        if full_at > now && !self.full_at.get(&visitor).is_some_and(is_known) {
            self.keep(visitor, full_at, now);
        }
    }

    /// If the table is full, a visitor that is not in it counts as new. The limit for all visitors
    /// together still applies.
    fn keep(&mut self, visitor: Identity, full_at: Instant, now: Instant) {
        if self.has_room(now) || self.full_at.contains_key(&visitor) {
            self.full_at.insert(visitor, full_at);
        }
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
        let mut rate = VisitorRate::new(Rate::a_minute(6));
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(rate.take(visitor(1), now), Ok(()));
        }
        assert_eq!(rate.take(visitor(1), now), Err(Duration::from_secs(10)));
        assert_eq!(rate.take(visitor(2), now), Ok(()), "another visitor");
        let later = now + Duration::from_secs(10);
        assert_eq!(rate.take(visitor(1), later), Ok(()));
        assert_eq!(rate.take(visitor(1), later), Err(Duration::from_secs(10)));
        let much_later = now + Duration::from_secs(600);
        for _ in 0..3 {
            assert_eq!(rate.take(visitor(1), much_later), Ok(()));
        }
        assert!(rate.take(visitor(1), much_later).is_err());
    }

    #[test]
    fn the_table_is_bounded_and_drops_visitors_whose_allowance_is_full() {
        let mut rate = VisitorRate::new(Rate::a_minute(60));
        let now = Instant::now();
        for number in 0..70_000 {
            assert_eq!(rate.take(visitor(number), now), Ok(()));
        }
        assert_eq!(rate.full_at.len(), MAX_VISITORS);
        let later = now + Duration::from_secs(2);
        assert_eq!(rate.take(visitor(100_000), later), Ok(()));
        assert_eq!(rate.full_at.len(), 1);
    }

    #[cfg(feature = "redis")]
    #[test]
    fn what_others_have_taken_counts_and_never_makes_the_allowance_larger() {
        const SECOND: Duration = Duration::from_secs(1);
        let mut rate = VisitorRate::new(Rate::a_minute(6));
        let now = Instant::now();
        assert_eq!(rate.until_full(visitor(1), now), Duration::ZERO);
        rate.handle_taken(visitor(1), now + 20 * SECOND, now);
        assert_eq!(rate.take(visitor(1), now), Ok(()));
        assert_eq!(rate.take(visitor(1), now), Err(10 * SECOND));
        rate.handle_taken(visitor(1), now + 20 * SECOND, now);
        assert_eq!(rate.until_full(visitor(1), now), 30 * SECOND);
        let later = now + 31 * SECOND;
        assert_eq!(rate.until_full(visitor(1), later), Duration::ZERO);
        rate.handle_taken(visitor(2), now, later);
        assert_eq!(
            rate.full_at.len(),
            1,
            "an allowance that is full needs no entry"
        );
    }

    #[test]
    fn zero_means_no_limit() {
        let mut rate = VisitorRate::new(Rate::a_minute(0));
        let now = Instant::now();
        assert!((0..1000).all(|_| rate.take(visitor(1), now).is_ok()));
        assert!(rate.full_at.is_empty());
    }
}
