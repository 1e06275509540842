//! The poll loop: when to ask, from where on, and each message once.
//!
//! ```text
//!   Off ── human | pending_human ──▶ Due(at) ─── at ──▶ InFlight ── 200, still wanted ──▶ Due(now + 4 s)
//!    ▲                                  ▲                 │ 429 | 5xx | lost ──▶ Due(now + back-off)
//!    └──────── bot | closed | 401 | 404 ┴─────────────────┘
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::exchange::{Exchange, RequestId};
use crate::api::{ChatMessage, MessageId, Timestamp};
use crate::time::Instant;

/// How many messages are remembered as seen, whatever their time.
const REMEMBERED: usize = 256;
/// How many at the very time of the newest one: the service may be asked for that time
/// again, and give all of them again.
const REMEMBERED_AT_CURSOR: usize = 64 * 1024;
/// Up to how many they are looked through one by one: most conversations see no more, and
/// have room for no more than they saw.
const FEW: usize = 32;

#[derive(Debug)]
pub(crate) enum Phase {
    Off,
    Due(Instant),
    InFlight(Box<Exchange>),
}

#[derive(Debug)]
pub(crate) struct Handoff {
    pub(crate) phase: Phase,
    /// The newest time that messages are known of: where the next poll goes on.
    cursor: Option<Timestamp>,
    /// Oldest first.
    seen: Vec<(MessageId, Option<Timestamp>)>,
    /// Their ids, where there are more than a few.
    #[expect(clippy::box_collection, reason = "most conversations never have it")]
    index: Option<Box<BTreeSet<MessageId>>>,
    /// Polls that failed in a row.
    pub(crate) failures: u32,
    /// The poll that is under way was asked before the state changed.
    pub(crate) state_is_old: bool,
}

impl Handoff {
    pub(crate) fn new(cursor: Option<Timestamp>) -> Self {
        Self {
            phase: Phase::Off,
            cursor,
            seen: Vec::new(),
            index: None,
            failures: 0,
            state_is_old: false,
        }
    }

    pub(crate) const fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off)
    }

    pub(crate) const fn cursor(&self) -> Option<&Timestamp> {
        self.cursor.as_ref()
    }

    pub(crate) fn exchange(&self) -> Option<RequestId> {
        match &self.phase {
            Phase::InFlight(exchange) => Some(exchange.id()),
            Phase::Off | Phase::Due(_) => None,
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Off => None,
            Phase::Due(at) => Some(*at),
            Phase::InFlight(exchange) => Some(exchange.deadline()),
        }
    }

    /// Begins to poll, from that time on; where it ended before, if none is given.
    pub(crate) fn begin(&mut self, after: Option<Timestamp>, at: Instant) {
        if self.is_off() {
            if after.is_some() {
                self.cursor = after;
            }
            self.failures = 0;
            self.state_is_old = false;
            self.phase = Phase::Due(at);
        }
    }

    /// The handoff ended, and not by a poll: what was written until then is asked for once
    /// more. What a poll that is under way says of the state is older than that.
    pub(crate) fn end_with_next_poll(&mut self) {
        self.state_is_old = matches!(self.phase, Phase::InFlight(_));
    }

    /// Stops polling; the exchange that was under way is of no use any more.
    pub(crate) fn stop(&mut self) -> Option<RequestId> {
        let exchange = self.exchange();
        self.phase = Phase::Off;
        exchange
    }

    /// Takes note of a message in a page; whether it is a new one. Behind the page comes
    /// [`forget`](Self::forget): what was asked for again may stand anywhere in it.
    pub(crate) fn see(&mut self, message: &ChatMessage) -> bool {
        if message.created_at > self.cursor {
            self.cursor = message.created_at.clone();
        }
        self.note(&message.id, message.created_at.clone())
    }

    /// Takes note of a message that is known from elsewhere.
    pub(crate) fn remember(&mut self, id: &MessageId, at: Option<Timestamp>) {
        self.note(id, at);
        self.forget();
    }

    fn note(&mut self, id: &MessageId, at: Option<Timestamp>) -> bool {
        if self.has_seen(id) {
            return false;
        }
        if self.seen.len() < FEW {
            self.seen.reserve_exact(1);
        }
        self.seen.push((id.clone(), at));
        if let Some(index) = &mut self.index {
            index.insert(id.clone());
        } else if self.seen.len() > FEW {
            let ids = self.seen.iter().map(|(id, _)| id.clone());
            self.index = Some(Box::new(ids.collect()));
        }
        true
    }

    /// Forgets the oldest messages where there are too many.
    pub(crate) fn forget(&mut self) {
        let too_many = self.seen.len().saturating_sub(REMEMBERED);
        let far_too_many = self.seen.len().saturating_sub(REMEMBERED_AT_CURSOR);
        let is_at_cursor = |at: &Option<Timestamp>| at.is_some() && *at == self.cursor;
        let oldest = self.seen.iter().take(too_many).enumerate();
        let forgotten = oldest.take_while(|(n, (_, at))| *n < far_too_many || !is_at_cursor(at));
        let forgotten = forgotten.count();
        for (id, _) in self.seen.drain(..forgotten) {
            if let Some(index) = &mut self.index {
                index.remove(&id);
            }
        }
    }

    pub(crate) fn has_seen(&self, id: &MessageId) -> bool {
        match &self.index {
            Some(index) => index.contains(id),
            None => self.seen.iter().any(|(seen, _)| seen == id),
        }
    }

    /// What is remembered, oldest first.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &(MessageId, Option<Timestamp>)> {
        self.seen.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn message(id: usize, second: usize) -> ChatMessage {
        serde_json::from_str(&format!(
            r#"{{"id":"{id}","role":"assistant","content":"","created_at":"2026-06-14T10:00:{second:02}Z"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn the_newest_is_by_time_not_by_place() {
        let mut handoff = Handoff::new(None);
        for (id, second) in [(1, 5), (2, 9), (3, 7)] {
            assert!(handoff.see(&message(id, second)));
        }
        assert_eq!(handoff.cursor().unwrap().as_str(), "2026-06-14T10:00:09Z");
    }

    #[test]
    fn what_was_seen_is_forgotten_but_not_at_the_time_that_is_asked_for() {
        let mut handoff = Handoff::new(None);
        for id in 0..1000 {
            assert!(handoff.see(&message(id, 1)));
            handoff.forget();
        }
        assert!((0..1000).all(|id| !handoff.see(&message(id, 1))));
        for id in 1000..2000 {
            assert!(handoff.see(&message(id, 2)));
            handoff.forget();
        }
        assert!((1000..2000).all(|id| !handoff.see(&message(id, 2))));
        assert_eq!(handoff.seen.len(), 1000, "the older ones are forgotten");
        assert_eq!(handoff.index.unwrap().len(), 1000);
    }
}
