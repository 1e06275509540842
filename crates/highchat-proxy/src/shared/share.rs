//! How many messages this proxy may send in any span, and which it sent.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

/// The shortest margin.
const MIN_MARGIN: Duration = Duration::from_secs(2);

/// How long after the span a proxy that cannot reach Redis waits before it takes its part. The others
/// may notice that much later that Redis is away: if a report was answered just within the patience,
/// and the next one is not.
pub(super) fn margin(patience: Duration) -> Duration {
    MIN_MARGIN.max(2 * patience + Duration::from_secs(1))
}

/// This proxy's share of the messages that all proxies together may send in any span.
///
/// All shares together never exceed the limit, and each proxy keeps to its own share in every
/// span, by its own clock. So the limit holds whether Redis answers or not. Redis only moves
/// allowance from one proxy to another.
///
/// ```text
///   Reached ── lost ──▶ Away, with at most its part ── span + margin ▶ Away, with exactly its part
///      ▲                              │                                          │
///      └────────────────── found: it reports what it holds ──────────────────────┘
/// ```
///
/// When the second step comes, nobody has used more than its part for a whole span: everybody has
/// been away as long. A proxy that still reaches Redis finds the part of the lost one kept there.
#[derive(Debug)]
pub(super) struct Share {
    span: Duration,
    margin: Duration,
    /// How many messages it may send in any span, if Redis is reached.
    allowed: usize,
    /// What it may send in any span while all proxies are without Redis.
    part: usize,
    /// How many proxies there were, this one included.
    proxies: u32,
    used: VecDeque<Sent>,
    contact: Contact,
}

/// A message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) number: u64,
    pub(super) at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    Never,
    Reached(Instant),
    /// When Redis last answered.
    Away(Instant),
}

/// What a proxy reports to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// What no other proxy may use now.
    pub(super) held: usize,
    pub(super) allowed: usize,
    /// What it could give away now.
    pub(super) spare: usize,
    pub(super) part: usize,
}

/// What Redis answers to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) granted: usize,
    pub(super) lowered: usize,
    pub(super) part: usize,
    pub(super) proxies: u32,
}

impl Share {
    pub(super) const fn new(span: Duration, margin: Duration) -> Self {
        Self {
            span,
            margin,
            allowed: 0,
            part: 0,
            proxies: 1,
            used: VecDeque::new(),
            contact: Contact::Never,
        }
    }

    /// Applies Redis' answer to a report that was sent at `asked_at`.
    pub(super) fn handle_change(&mut self, report: Report, change: Change, asked_at: Instant) {
        // What it took since the report by itself is not known to Redis.
        self.allowed = (report.allowed + change.granted).saturating_sub(change.lowered);
        self.part = change.part;
        self.proxies = change.proxies.max(1);
        self.contact = Contact::Reached(asked_at);
    }

    /// Notes that Redis does not answer.
    pub(super) fn handle_loss(&mut self) {
        if let Contact::Reached(at) = self.contact {
            self.contact = Contact::Away(at);
            self.allowed = self.allowed.min(self.part);
        }
    }

    /// Returns what Redis must know.
    pub(super) fn report(&mut self, now: Instant) -> Report {
        self.forget(now);
        Report {
            held: self.allowed.max(self.used.len()),
            allowed: self.allowed,
            spare: self.allowed.saturating_sub(self.used.len()),
            part: self.part,
        }
    }

    /// Sends a message now.
    ///
    /// # Errors
    ///
    /// The share is used up. The error is when a message of it becomes free, if nothing else
    /// changes.
    pub(super) fn take(&mut self, number: u64, now: Instant) -> Result<(), Option<Instant>> {
        self.forget(now);
        if self.used.len() < self.allowed {
            self.used.push_back(Sent { number, at: now });
            return Ok(());
        }
        Err(self.free_at(0))
    }

    /// How long the message that comes after `ahead` others waits, if nothing else changes.
    pub(super) fn wait(&mut self, ahead: usize, now: Instant) -> Duration {
        self.forget(now);
        if self.used.len() + ahead < self.allowed {
            return Duration::ZERO;
        }
        // What it has lent returns.
        let each_span = self.allowed.max(self.part).max(1);
        let rounds = u32::try_from(ahead / each_span).unwrap_or(u32::MAX);
        let next = self.free_at(ahead % each_span);
        let next = next.map_or(self.span, |at| at.saturating_duration_since(now));
        next.saturating_add(self.span.saturating_mul(rounds))
    }

    /// The messages of the last span.
    pub(super) fn used(&mut self, now: Instant) -> impl ExactSizeIterator<Item = Sent> + '_ {
        self.forget(now);
        self.used.iter().copied()
    }

    pub(super) const fn proxies(&self) -> u32 {
        self.proxies
    }

    /// When one more message than now and `ahead` others are free.
    fn free_at(&self, ahead: usize) -> Option<Instant> {
        let aged = (self.used.len() + ahead).checked_sub(self.allowed);
        let aged = aged.and_then(|index| self.used.get(index));
        let aged = aged.map(|sent| sent.at + self.span);
        match self.contact {
            Contact::Away(at) if self.allowed < self.part => {
                let part_at = at + self.span + self.margin;
                Some(aged.map_or(part_at, |aged| aged.min(part_at)))
            }
            _ if self.allowed == 0 => None,
            _ => aged,
        }
    }

    /// Forgets messages older than the span, and takes the part when it is time.
    fn forget(&mut self, now: Instant) {
        let span = self.span;
        while self.used.front().is_some_and(|sent| sent.at + span <= now) {
            self.used.pop_front();
        }
        if let Contact::Away(at) = self.contact {
            if now >= at + span + self.margin {
                self.allowed = self.part;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const SPAN: Duration = Duration::from_secs(60);
    const MARGIN: Duration = Duration::from_secs(2);

    fn share(allowed: usize, part: usize, now: Instant) -> Share {
        let mut share = Share::new(SPAN, MARGIN);
        let change = Change {
            granted: allowed,
            lowered: 0,
            part,
            proxies: 3,
        };
        let report = share.report(now);
        share.handle_change(report, change, now);
        share
    }

    fn take_all(share: &mut Share, now: Instant) -> usize {
        (0..)
            .take_while(|number| share.take(*number, now).is_ok())
            .count()
    }

    #[test]
    fn the_margin_is_longer_than_two_reports_may_take() {
        assert_eq!(margin(Duration::from_millis(100)), 2 * SECOND);
        assert_eq!(margin(5 * SECOND), 11 * SECOND);
    }

    #[test]
    fn a_proxy_that_never_reached_redis_sends_nothing() {
        let mut share = Share::new(SPAN, MARGIN);
        let now = Instant::now();
        share.handle_loss();
        assert_eq!(share.take(1, now + 10 * SPAN), Err(None));
        assert_eq!(share.wait(0, now), SPAN);
    }

    #[test]
    fn no_span_has_more_messages_than_are_allowed() {
        let now = Instant::now();
        let mut share = share(3, 3, now);
        assert_eq!(take_all(&mut share, now), 3);
        assert_eq!(share.take(9, now + SECOND), Err(Some(now + SPAN)));
        assert_eq!(take_all(&mut share, now + SPAN - SECOND), 0);
        assert_eq!(take_all(&mut share, now + SPAN), 3);
    }

    #[test]
    fn what_was_used_is_held_until_it_is_older_than_the_span() {
        let now = Instant::now();
        let mut share = share(10, 3, now);
        assert_eq!(take_all(&mut share, now), 10);
        let lowered = Change {
            granted: 0,
            lowered: 7,
            part: 3,
            proxies: 3,
        };
        let report = share.report(now + SECOND);
        share.handle_change(report, lowered, now + SECOND);
        let report = share.report(now + SECOND);
        assert_eq!((report.held, report.allowed, report.spare), (10, 3, 0));
        assert_eq!(take_all(&mut share, now + SECOND), 0);
        assert_eq!(share.report(now + SPAN).held, 3);
    }

    #[test]
    fn without_redis_a_proxy_keeps_to_its_part_and_takes_all_of_it_after_the_span() {
        let now = Instant::now();
        let mut rich = share(28, 10, now);
        let mut poor = share(2, 10, now);
        assert_eq!(take_all(&mut rich, now), 28);
        rich.handle_loss();
        poor.handle_loss();
        let before = now + SPAN + SECOND;
        assert_eq!(take_all(&mut poor, before), 2);
        assert_eq!(rich.report(now + SECOND).held, 28);
        assert_eq!(take_all(&mut rich, before), 10);
        let after = now + SPAN + MARGIN;
        assert_eq!(take_all(&mut poor, after), 8);
        assert_eq!(take_all(&mut rich, after), 0);
        assert_eq!(poor.report(after).held + rich.report(after).held, 20);
    }

    #[test]
    fn a_part_that_is_not_taken_yet_is_in_the_wait() {
        let now = Instant::now();
        let mut share = share(0, 2, now);
        assert_eq!(share.wait(0, now), SPAN, "Redis may grant more at any time");
        share.handle_loss();
        assert_eq!(share.take(1, now), Err(Some(now + SPAN + MARGIN)));
        assert_eq!(share.wait(1, now), SPAN + MARGIN);
        assert_eq!(share.wait(2, now), 2 * SPAN + MARGIN);
    }

    #[test]
    fn the_wait_grows_with_the_messages_ahead() {
        let now = Instant::now();
        let mut share = share(2, 2, now);
        assert_eq!(share.wait(1, now), Duration::ZERO);
        assert_eq!(take_all(&mut share, now), 2);
        assert_eq!(share.wait(0, now), SPAN);
        assert_eq!(share.wait(1, now), SPAN);
        assert_eq!(share.wait(2, now), 2 * SPAN);
    }
}
