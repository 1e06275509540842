//! The polls for a person's messages: when to ask, after which timestamp, and each message
//! once.
//!
//! ```text
//!   Off ── human | pending_human ──▶ Due(at) ─── at ──▶ InFlight ── 200, still wanted ──▶ Due(now + 4 s)
//!    ▲                                  ▲                 │ 429 | 5xx | lost ──▶ Due(now + back-off)
//!    │                                  │                 │ withdrawn ──▶ Due(now)
//!    └──────── bot | closed | 401 | 404 ┴─────────────────┘
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::backoff::{DelayReason, Timing, due};
use super::exchanges::Purpose;
use super::ids::MessageIds;
use super::step::{ReportedState, Step};
use super::update::Delayed;
use crate::api::{ChatMessage, MessageId, Page, Timestamp};
use crate::failure::Failure;
use crate::time::Instant;

/// The longest `Retry-After` that a poll respects.
const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// How many seen messages are remembered, whatever their timestamp.
const MAX_SEEN: usize = 256;
/// How many seen messages with the newest timestamp are remembered. The next poll asks from
/// this timestamp on, so the service may list all of them again.
const MAX_SEEN_AT_CURSOR: usize = 64 * 1024;
/// The number of seen messages above which an index is kept. Most conversations stay below it,
/// and save its memory.
const INDEX_THRESHOLD: usize = 32;

#[derive(Debug)]
enum Phase {
    Off,
    Due(Instant),
    InFlight {
        /// The state changed after the poll was sent.
        is_stale: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Handoff {
    phase: Phase,
    /// The newest timestamp of a known message. The next poll asks for the messages after it.
    cursor: Option<Timestamp>,
    /// The ids and timestamps of seen messages, oldest first.
    seen: Vec<(MessageId, Option<Timestamp>)>,
    /// The ids in `seen`, if there are more than `INDEX_THRESHOLD`.
    /// Boxed, because most conversations never have it.
    index: Option<Box<MessageIds>>,
    /// The number of failed polls in a row.
    failures: u32,
}

impl Handoff {
    pub(crate) const fn new(cursor: Option<Timestamp>) -> Self {
        Self {
            phase: Phase::Off,
            cursor,
            seen: Vec::new(),
            index: None,
            failures: 0,
        }
    }

    /// Begins to poll for messages after a timestamp; without one, after the last known
    /// message.
    pub(crate) fn begin(&mut self, after: Option<Timestamp>, at: Instant) {
        match self.phase {
            Phase::Off => {
                if after.is_some() {
                    self.cursor = after;
                }
                self.failures = 0;
                self.phase = Phase::Due(at);
            }
            Phase::Due(_) | Phase::InFlight { .. } => {}
        }
    }

    /// Polls now, if polling is on and no poll is in flight.
    pub(crate) fn check_now(&mut self) -> Step {
        match self.phase {
            Phase::Due(_) => {
                self.phase = Phase::InFlight { is_stale: false };
                Step::Transmit(Purpose::Poll)
            }
            Phase::Off | Phase::InFlight { .. } => Step::Nothing,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Step {
        match self.phase {
            Phase::Due(at) if at <= now => self.check_now(),
            Phase::Off | Phase::Due(_) | Phase::InFlight { .. } => Step::Nothing,
        }
    }

    /// Handles a page, or the failure to get it.
    pub(crate) fn handle_page(
        &mut self,
        page: Result<Page, Failure>,
        timing: &mut Timing<'_>,
    ) -> Step {
        let is_stale = match self.phase {
            Phase::InFlight { is_stale } => is_stale,
            Phase::Off | Phase::Due(_) => return Step::Nothing,
        };
        match page {
            Ok(page) => {
                self.failures = 0;
                self.phase = Phase::Due(timing.next_poll());
                let reported = (!is_stale).then(|| ReportedState::from(&page));
                let (mut messages, unreadable) = (page.messages, page.unreadable);
                messages.retain(|message| self.see(message));
                self.forget();
                Step::Polled {
                    messages,
                    unreadable,
                    reported,
                }
            }
            Err(failure) if failure.is_final() => {
                self.phase = Phase::Off;
                Step::HandoffFailed(failure)
            }
            Err(failure) => {
                self.failures += 1;
                let pause = pause(&failure, self.failures, timing);
                self.phase = Phase::Due(due(timing.now, pause));
                Step::Delayed(Delayed::Poll, pause, DelayReason::of(&failure))
            }
        }
    }

    /// Sends the request again soon, because the driver withdrew it.
    pub(crate) fn withdraw(&mut self, now: Instant) {
        match self.phase {
            Phase::InFlight { .. } => self.phase = Phase::Due(due(now, Duration::ZERO)),
            Phase::Off | Phase::Due(_) => {}
        }
    }

    /// Ends polling with the next poll, because an event ended the handoff: messages written
    /// until then must still be fetched. A poll already in flight may report an older state.
    pub(crate) const fn end_with_next_poll(&mut self) {
        match &mut self.phase {
            Phase::InFlight { is_stale } => *is_stale = true,
            Phase::Off | Phase::Due(_) => {}
        }
    }

    /// Stops polling. If a poll is in flight, its answer is ignored.
    pub(crate) fn stop(&mut self) {
        self.phase = Phase::Off;
    }

    pub(crate) const fn is_off(&self) -> bool {
        match self.phase {
            Phase::Off => true,
            Phase::Due(_) | Phase::InFlight { .. } => false,
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Due(at) => Some(at),
            Phase::Off | Phase::InFlight { .. } => None,
        }
    }

    pub(crate) const fn cursor(&self) -> Option<&Timestamp> {
        self.cursor.as_ref()
    }

    /// Marks a message of a page as seen. Returns whether it is new. After the whole page, the
    /// caller must call [`forget`](Self::forget): messages listed again may stand anywhere in
    /// the page.
    fn see(&mut self, message: &ChatMessage) -> bool {
        if message.created_at > self.cursor {
            self.cursor = message.created_at.clone();
        }
        self.note(&message.id, message.created_at.clone())
    }

    /// Marks a message as seen that is known from elsewhere.
    pub(crate) fn remember(&mut self, id: &MessageId, at: Option<Timestamp>) {
        self.note(id, at);
        self.forget();
    }

    fn note(&mut self, id: &MessageId, at: Option<Timestamp>) -> bool {
        if self.has_seen(id) {
            return false;
        }
        if self.seen.len() < INDEX_THRESHOLD {
            self.seen.reserve_exact(1);
        }
        self.seen.push((id.clone(), at));
        if let Some(index) = &mut self.index {
            index.insert(id);
        } else if self.seen.len() > INDEX_THRESHOLD {
            let index = self.index.insert(Box::default());
            for (id, _) in &self.seen {
                index.insert(id);
            }
        }
        true
    }

    /// Forgets the oldest messages if there are too many.
    fn forget(&mut self) {
        let too_many = self.seen.len().saturating_sub(MAX_SEEN);
        let far_too_many = self.seen.len().saturating_sub(MAX_SEEN_AT_CURSOR);
        let is_at_cursor = |at: &Option<Timestamp>| at.is_some() && *at == self.cursor;
        let oldest = self.seen.iter().take(too_many).enumerate();
        let forgotten = oldest.take_while(|(n, (_, at))| *n < far_too_many || !is_at_cursor(at));
        let forgotten = forgotten.count();
        if forgotten == 0 {
            return;
        }
        let forgotten = self.seen.drain(..forgotten);
        if let Some(index) = &mut self.index {
            index.remove(forgotten.map(|(id, _)| id));
        }
    }

    pub(crate) fn has_seen(&self, id: &MessageId) -> bool {
        match &self.index {
            Some(index) => index.contains(id),
            None => self.seen.iter().any(|(seen, _)| seen == id),
        }
    }

    /// The remembered messages, oldest first.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &(MessageId, Option<Timestamp>)> {
        self.seen.iter()
    }
}

/// The delay after a failed poll. `failures` is the number of failed polls in a row.
fn pause(failure: &Failure, failures: u32, timing: &mut Timing<'_>) -> Duration {
    let config = timing.config;
    let doubled = config
        .poll_interval
        .saturating_mul(1 << failures.min(16))
        .min(config.poll_backoff_limit.max(config.poll_interval));
    let asked_for = failure.api().and_then(|error| error.retry_after);
    let pause = timing.jitter.spread(doubled);
    pause.max(asked_for.unwrap_or_default().min(MAX_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Value;
    use alloc::format;

    use crate::config::Config;
    use crate::conversation::backoff::Jitter;
    use crate::failure::{ApiError, Cause, ResponseError};

    fn refused(status: u16, retry_after: Option<u64>) -> Failure {
        Failure::Refused(ResponseError::Api(ApiError {
            status,
            code: None,
            message: None,
            retry_after: retry_after.map(Duration::from_secs),
        }))
    }

    #[test]
    fn failed_polls_back_off_and_respect_retry_after() {
        let config = Config::default();
        let pause = |failure: &Failure, failures| {
            let mut timing = Timing {
                config: &config,
                jitter: &mut Jitter::new(0),
                now: Instant::ORIGIN,
            };
            pause(failure, failures, &mut timing).as_secs_f64()
        };
        let lost = Failure::Unanswered(Cause::UNKNOWN);
        for (failures, seconds) in [(1, 8.0), (2, 16.0), (3, 32.0), (4, 60.0), (99, 60.0)] {
            let within = seconds * 0.9..=seconds * 1.1;
            assert!(within.contains(&pause(&lost, failures)), "{failures}");
        }
        assert_eq!(pause(&refused(429, Some(90)), 1), 90.0);
        assert_eq!(pause(&refused(503, Some(u64::MAX)), 1), 3600.0);
        for seconds in [0, 1, 7, 119, 120] {
            assert!(pause(&refused(429, Some(seconds)), 1) >= seconds as f64);
        }
    }

    #[test]
    fn the_state_in_a_page_is_ignored_if_the_state_changed_after_the_poll_was_sent() {
        let config = Config::default();
        let mut jitter = Jitter::new(0);
        let mut timing = Timing {
            config: &config,
            jitter: &mut jitter,
            now: Instant::ORIGIN,
        };
        let mut handoff = Handoff::new(None);
        handoff.begin(None, Instant::ORIGIN);
        for is_stale in [false, true, false] {
            let step = handoff.check_now();
            assert!(matches!(step, Step::Transmit(Purpose::Poll)), "{step:?}");
            if is_stale {
                handoff.end_with_next_poll();
            }
            let step = handoff.handle_page(Ok(Page::default()), &mut timing);
            let Step::Polled { reported, .. } = step else {
                panic!("{step:?}");
            };
            assert_eq!(reported.is_none(), is_stale);
        }
    }

    fn message(id: usize, second: usize) -> ChatMessage {
        let json = format!(
            r#"{{"id":"{id}","role":"assistant","content":"","created_at":"2026-06-14T10:00:{second:02}Z"}}"#
        );
        ChatMessage::read(Value::read(&json).unwrap()).unwrap()
    }

    #[test]
    fn the_cursor_is_the_newest_timestamp_in_any_order_of_messages() {
        let mut handoff = Handoff::new(None);
        for (id, second) in [(1, 5), (2, 9), (3, 7)] {
            assert!(handoff.see(&message(id, second)));
        }
        assert_eq!(handoff.cursor().unwrap().as_str(), "2026-06-14T10:00:09Z");
    }

    #[test]
    fn old_messages_are_forgotten_except_with_the_timestamp_of_the_cursor() {
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
        let index = handoff.index.unwrap();
        let is_known = |id: usize| index.contains(&message(id, 0).id);
        assert!((0..1000).all(|id| !is_known(id)) && (1000..2000).all(is_known));
    }
}
