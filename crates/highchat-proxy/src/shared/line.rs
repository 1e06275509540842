//! The messages that wait for their time, and the share of messages that this proxy may send.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use redis::{FromRedisValue, Value};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::sleep_until;

use crate::shared::call::{self, Call};
use crate::shared::names::Names;
use crate::shared::share::{Change, Report, Share};

/// After this silence of all proxies together nobody counts as dead. Redis was away.
const GAP: Duration = Duration::from_secs(2);

/// The time in which all proxies return after a gap. Nobody gets more until then. A link makes
/// at least one attempt in it.
const SETTLE: Duration = Duration::from_secs(2);

/// How many messages are restored at most after Redis was away, and the largest number of bytes
/// that this takes is some 40 each. Their order is lost if there are more, not the limit.
const MAX_RESTORED: usize = 1000;

/// The line of this proxy. Redis gives each message a time, in one order for all proxies. When the
/// time has come, the message takes its place in the share of this proxy.
pub(super) struct Line {
    pub(super) limit: usize,
    pub(super) span: Duration,
    /// How long after the span it takes its part without Redis.
    margin: Duration,
    state: Mutex<State>,
    /// Redis should hear a report soon.
    report_wanted: Notify,
}

struct State {
    names: Arc<Names>,
    /// The name of this proxy.
    proxy: String,
    share: Share,
    /// The waiting messages by their numbers, which is the order in which they are sent.
    waiting: BTreeMap<u64, Waiting>,
    last_number: u64,
    /// How often the key has changed.
    key_count: u64,
}

/// A message that waits.
struct Waiting {
    /// When it, or one before it, may be sent.
    at: Instant,
    /// It has become the first, or the share has changed.
    signal: Arc<Notify>,
}

/// A message in the line. When it is dropped, it leaves the line.
pub(super) struct Place<'l> {
    line: &'l Line,
    pub(super) number: u64,
    pub(super) is_sent: bool,
}

/// A report that was sent.
#[derive(Clone, Copy)]
pub(super) struct Reported {
    report: Report,
    at: Instant,
    /// How often the key had changed.
    key_count: u64,
}

impl Line {
    pub(super) fn new(limit: u32, span: Duration, margin: Duration, names: Names) -> Self {
        let state = State {
            proxy: names.unique(),
            names: Arc::new(names),
            share: Share::new(span, margin),
            waiting: BTreeMap::new(),
            last_number: 0,
            key_count: 0,
        };
        Self {
            limit: limit as usize,
            span,
            margin,
            state: Mutex::new(state),
            report_wanted: Notify::new(),
        }
    }

    pub(super) fn names(&self) -> Arc<Names> {
        Arc::clone(&self.lock().names)
    }

    /// The name of this proxy.
    pub(super) fn proxy(&self) -> String {
        self.lock().proxy.clone()
    }

    /// Changes to the names of another key. Returns the call with which the proxy leaves the old
    /// ones. The new key has limits of its own.
    pub(super) fn rename(&self, names: Names) -> Option<Call> {
        if self.lock().names.is_same(&names) {
            return None;
        }
        let leave = self.leave();
        let mut state = self.lock();
        state.proxy = names.unique();
        state.names = Arc::new(names);
        state.share = Share::new(self.span, self.margin);
        state.key_count += 1;
        Some(leave)
    }

    /// How many proxies there were when Redis last answered.
    pub(super) fn proxies(&self) -> u32 {
        self.lock().share.proxies()
    }

    /// How many messages this proxy may send in any span now.
    pub(super) fn allowed(&self) -> usize {
        self.lock().share.report(Instant::now()).allowed
    }

    /// Takes a place in the line.
    pub(super) fn enter(&self) -> Place<'_> {
        let mut state = self.lock();
        state.last_number += 1;
        Place {
            line: self,
            number: state.last_number,
            is_sent: false,
        }
    }

    /// Returns when a new message may be sent without Redis: after all that wait.
    ///
    /// # Errors
    ///
    /// The wait would be longer than `patience`. The error is the length of the wait.
    pub(super) fn time_without_redis(&self, patience: Duration) -> Result<Instant, Duration> {
        let now = Instant::now();
        if self.limit == 0 {
            return Ok(now);
        }
        let mut state = self.lock();
        let ahead = state.waiting.len();
        let wait = state.share.wait(ahead, now);
        let last = state.waiting.last_key_value();
        let at = last.map_or(now, |(_, last)| last.at.max(now));
        let wait = wait.max(at - now);
        if wait > patience { Err(wait) } else { Ok(at) }
    }

    /// The next report, and what is needed to apply its answer.
    pub(super) fn report(&self) -> (Call, Reported) {
        let now = Instant::now();
        let mut state = self.lock();
        let report = state.share.report(now);
        let need = state.due(now).saturating_sub(report.spare);
        let dead = 2 * self.span.max(GAP);
        let call = keys(Call::new(&call::SYNC), &state.names, &SHARES)
            .key(state.names.plain("state"))
            .arg(&state.proxy)
            .args([report.held, report.allowed, need, report.spare, report.part])
            .arg(self.limit)
            .args([self.span, GAP, SETTLE, dead].map(millis));
        let reported = Reported {
            report,
            at: now,
            key_count: state.key_count,
        };
        (call, reported)
    }

    /// Applies the answer to a report. Returns whether the next one should follow soon.
    pub(super) fn handle_change(&self, reported: Reported, answer: Value) -> bool {
        let Ok((granted, lowered, part, proxies)) = FromRedisValue::from_redis_value(answer) else {
            return false;
        };
        let mut state = self.lock();
        if reported.key_count != state.key_count {
            // What belonged to the old key means nothing for the new one.
            return true;
        }
        let change = Change {
            granted,
            lowered,
            part,
            proxies,
        };
        state
            .share
            .handle_change(reported.report, change, reported.at);
        let now = Instant::now();
        let needs_more = state.due(now) > state.share.report(now).spare;
        state.wake_first();
        drop(state);
        lowered > 0 || needs_more
    }

    /// Waits until a report is wanted soon.
    pub(super) fn report_wanted(&self) -> Notified<'_> {
        self.report_wanted.notified()
    }

    /// The call that restores the times that Redis may have lost.
    pub(super) fn restore(&self) -> Option<Call> {
        let now = Instant::now();
        let mut state = self.lock();
        let sent: Vec<_> = state.share.used(now).collect();
        let sent = sent
            .into_iter()
            .map(|sent| (sent.number, -millis(now - sent.at)));
        let ahead = |at: Instant| millis(at.saturating_duration_since(now));
        let waiting = state
            .waiting
            .iter()
            .map(|(number, waiting)| (*number, ahead(waiting.at)));
        let times: Vec<_> = sent.chain(waiting).take(MAX_RESTORED).collect();
        if self.limit == 0 || times.is_empty() {
            return None;
        }
        let call = Call::new(&call::RESTORE).key(state.names.plain("times"));
        let call = call.arg(&state.proxy).arg(millis(self.span));
        Some(
            times
                .into_iter()
                .fold(call, |call, (number, at)| call.arg(number).arg(at)),
        )
    }

    /// The call with which this proxy leaves. It sends no message after it.
    pub(super) fn leave(&self) -> Call {
        let mut state = self.lock();
        let used = state.share.used(Instant::now()).len();
        let call = keys(Call::new(&call::LEAVE), &state.names, &SHARES);
        let call = call.arg(&state.proxy).arg(used);
        state.share = Share::new(self.span, self.margin);
        call
    }

    /// Notes that Redis is away.
    pub(super) fn handle_loss(&self) {
        let mut state = self.lock();
        state.share.handle_loss();
        state.wake_first();
    }

    /// The call that gives a message its time.
    pub(super) fn admit(&self, number: u64, visitor: &str, conversation: &str) -> Call {
        let state = self.lock();
        Call::new(&call::ADMIT)
            .key(visitor)
            .key(state.names.plain("times"))
            .key(state.names.plain("seen"))
            .key(conversation)
            .arg(self.limit)
            .arg(millis(self.span))
            .arg(millis(GAP + SETTLE))
            .arg(&state.proxy)
            .arg(number)
    }

    /// The call that gives the time of a message back.
    pub(super) fn give_back(&self, number: u64) -> Call {
        let state = self.lock();
        let call = Call::new(&call::GIVE_BACK).key(state.names.plain("times"));
        call.arg(&state.proxy).arg(number)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Waits for the time and then for the share. Messages go in the order in which they came, so
    /// the first one may use the time of a later one.
    ///
    /// # Errors
    ///
    /// `deadline` has come. The error is the time to wait from then.
    pub(super) async fn wait(&mut self, at: Instant, deadline: Instant) -> Result<(), Duration> {
        let line = self.line;
        if line.limit == 0 {
            self.is_sent = true;
            return Ok(());
        }
        let signal = Arc::new(Notify::new());
        let waiting = Waiting {
            at,
            signal: Arc::clone(&signal),
        };
        line.lock().waiting.insert(self.number, waiting);
        loop {
            let now = Instant::now();
            let wake = match line.lock().send(self.number, now) {
                Attempt::Sent => {
                    self.is_sent = true;
                    return Ok(());
                }
                Attempt::ShareUsedUp(free_at) => {
                    line.report_wanted.notify_one();
                    free_at
                }
                Attempt::Early(at) => Some(at),
                Attempt::NotFirst => None,
            };
            if now >= deadline {
                return Err(line.lock().share.wait(0, now));
            }
            let wake = wake.map_or(deadline, |wake| wake.min(deadline));
            tokio::select! {
                () = signal.notified() => {}
                () = sleep_until(wake.into()) => {}
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        if state.waiting.remove(&self.number).is_some() {
            state.wake_first();
        }
    }
}

/// What came of an attempt to send a message.
enum Attempt {
    Sent,
    /// When a message of the share becomes free, if nothing else changes.
    ShareUsedUp(Option<Instant>),
    /// When the first time comes.
    Early(Instant),
    NotFirst,
}

impl State {
    fn send(&mut self, number: u64, now: Instant) -> Attempt {
        let Some((first, Waiting { at, .. })) = self.waiting.first_key_value() else {
            return Attempt::NotFirst;
        };
        if *first != number {
            return Attempt::NotFirst;
        }
        let own = *at;
        let next = self.waiting.values_mut().min_by_key(|waiting| waiting.at);
        let Some(next) = next.filter(|next| next.at <= now) else {
            let at = self.waiting.values().map(|waiting| waiting.at).min();
            return Attempt::Early(at.unwrap_or(own));
        };
        match self.share.take(number, now) {
            Ok(()) => {
                next.at = own;
                Attempt::Sent
            }
            Err(free_at) => Attempt::ShareUsedUp(free_at),
        }
    }

    /// How many messages only wait for the share.
    fn due(&self, now: Instant) -> usize {
        let is_due = |waiting: &&Waiting| waiting.at <= now;
        self.waiting.values().filter(is_due).count()
    }

    fn wake_first(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.signal.notify_one();
        }
    }
}

const SHARES: [&str; 4] = ["held", "need", "seen", "part"];

fn keys(call: Call, names: &Names, keys: &[&str]) -> Call {
    keys.iter()
        .fold(call, |call, key| call.key(names.plain(key)))
}

/// Whole milliseconds, rounded up, so that no time in Redis is shorter than it should be.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}
