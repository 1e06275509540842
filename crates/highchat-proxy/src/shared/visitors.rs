//! The limit of each visitor, as this proxy knows it.

use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::limits::visitor_rate::{Rate, VisitorRate};
use crate::shared::call::Call;
use crate::visitor::Identity;

/// The limit of each visitor. Redis counts the requests at all proxies, and this proxy remembers
/// what Redis last said about its visitors. So what was sent before still counts while Redis is
/// away, and also if Redis has lost it.
pub(super) struct Visitors {
    rate: Option<Rate>,
    known: Mutex<VisitorRate>,
}

impl Visitors {
    /// `None`: no limit.
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            known: Mutex::new(VisitorRate::new(rate)),
        }
    }

    pub(super) const fn are_limited(&self) -> bool {
        self.rate.is_some()
    }

    /// Adds the interval and the slack of the rate, and what this proxy knows about the visitor.
    pub(super) fn describe(&self, call: Call, visitor: Identity) -> Call {
        let [interval, slack, until_full] = self.rate.map_or([Duration::ZERO; 3], |rate| {
            let until_full = self.lock().until_full(visitor, Instant::now());
            [rate.interval, rate.slack(), until_full]
        });
        call.args([interval, slack, until_full].map(micros))
    }

    /// Notes what Redis said about the visitor: after how many microseconds the allowance is full
    /// again, from a time that is not before `asked_at`.
    pub(super) fn handle_answer(&self, visitor: Identity, until_full: u64, asked_at: Instant) {
        let Some(rate) = self.rate else { return };
        // No entry in Redis can refuse a visitor for longer than the rate can.
        let until_full = Duration::from_micros(until_full).min(rate.slack() + rate.interval);
        // Not from now: Redis hears this time back, and each request would cost the visitor the
        // time of the answer too.
        let full_at = asked_at + until_full;
        self.lock().handle_taken(visitor, full_at, Instant::now());
    }

    /// Takes a request from the visitor's allowance at this proxy, one of several, without Redis.
    ///
    /// # Errors
    ///
    /// The limit is reached. The error is the time to wait.
    pub(super) fn take_without_redis(
        &self,
        visitor: Identity,
        proxies: u32,
    ) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let rate = rate.divided_by(proxies);
        self.lock().take_at(rate, visitor, Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, VisitorRate> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
