//! Streams a reply to the visitor: the service's events, comments during silence, and an
//! `error` event if the reply does not end properly.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use bytes::Bytes;
use serde_json::json;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::front::half_close::{HalfClose, PROBE_INTERVAL};
use crate::front::refusal::Refusal;
use crate::heal::followed::Followed;
use crate::heal::search::{Rest, Search};
use crate::limits::slots::Slot;
use crate::metrics::outcome::Outcome;
use crate::metrics::request_log::RequestLog;
use crate::reply::events::Events;
use crate::upstream::{Opened, Opening, Reply};

/// A stream to one visitor.
///
/// ```text
///   Opening ── 200, event stream ──▶ Reply ── done | human | error, then end or 2 s ──▶ Over
///      │                               │                                                 ▲
///      │                 cut, silent, unusable                                           │
///      │                               ▼                                                 │
///      ├── no answer ──────────────▶ Search ── found: the rest of the reply, and done ───┤
///      │                               │                                                 │
///      └── refused, failed ────────────┴── not found, proxy ends: an error ──────────────┘
/// ```
///
/// It works only when it is polled, and hyper polls it only when the visitor's connection can
/// take more bytes. So a slow visitor slows the service down. Dropping it closes the
/// connection to the service.
pub(crate) struct Relay {
    source: Source,
    events: Events,
    clocks: Clocks,
    /// When bytes were last sent to the visitor.
    sent_at: Instant,
    received_at: Instant,
    progress_at: Instant,
    over_at: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    /// Completes when the proxy ends all streams.
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    half_close: HalfClose,
    /// The visitor has closed the writing side, and may have left.
    is_half_closed: bool,
    // Declared before `log`, so that the slot is free before the end is logged.
    _slot: Slot,
    log: RequestLog,
}

enum Source {
    Opening(Opening),
    Reply(Reply),
    /// The search for the rest, and the outcome if it finds nothing.
    Search(Search, Outcome),
    /// The rest of a reply that was found.
    Rest(Rest),
    Over,
}

/// The timeouts of [`Config`](crate::Config) that apply to streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) keepalive: Duration,
    pub(crate) idle: Duration,
    pub(crate) progress: Duration,
    pub(crate) settle: Duration,
}

const COMMENT: &[u8] = b": keepalive\n\n";

impl Relay {
    pub(crate) fn new(
        source: Result<Reply, Opening>,
        mut events: Events,
        clocks: Clocks,
        (cut, half_close): (WaitForCancellationFutureOwned, HalfClose),
        (log, slot): (RequestLog, Slot),
    ) -> Self {
        let now = Instant::now();
        let (source, sent_at) = match source {
            Ok(reply) => {
                events.begin();
                (Source::Reply(reply), now)
            }
            // The keepalive time is over already, so the first comment is due now.
            Err(opening) => (
                Source::Opening(opening),
                now.checked_sub(clocks.keepalive).unwrap_or(now),
            ),
        };
        let mut relay = Self {
            source,
            events,
            clocks,
            sent_at,
            received_at: now,
            progress_at: now,
            over_at: None,
            alarm: Box::pin(sleep_until(now)),
            cut: Box::pin(cut),
            half_close,
            is_half_closed: false,
            _slot: slot,
            log,
        };
        relay.set_alarm();
        relay
    }

    /// Returns the next bytes for the visitor. They always end at the end of an event.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            let arrived = match &mut self.source {
                Source::Opening(opening) => opening.as_mut().poll(cx).map(Arrived::Opened),
                Source::Reply(reply) => reply.poll_next(cx).map(Arrived::Piece),
                Source::Search(search, otherwise) => {
                    let otherwise = *otherwise;
                    let found = search.as_mut().poll(cx);
                    found.map(|rest| Arrived::Found(rest, otherwise))
                }
                Source::Rest(rest) => Poll::Ready(Arrived::Rest(rest.next())),
                Source::Over => return Poll::Ready(None),
            };
            let bytes = match arrived {
                Poll::Ready(Arrived::Opened(opened)) => self.opened(opened),
                Poll::Ready(Arrived::Piece(Some(Ok(piece)))) => self.piece(piece),
                Poll::Ready(Arrived::Piece(Some(Err(_)) | None)) => Some(self.end_of_body()),
                Poll::Ready(Arrived::Found(rest, otherwise)) => Some(self.found(rest, otherwise)),
                Poll::Ready(Arrived::Rest(event)) => self.rest(event),
                Poll::Pending if self.cut.as_mut().poll(cx).is_ready() => {
                    Some(self.end_with(Refusal::ENDING.message(), Outcome::Ended))
                }
                Poll::Pending if !self.is_half_closed && self.half_close.poll_closed(cx) => {
                    self.is_half_closed = true;
                    self.set_alarm();
                    self.over_at.is_none().then(|| Bytes::from_static(COMMENT))
                }
                Poll::Pending => match self.alarm.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => self.handle_alarm(),
                },
            };
            if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
                self.sent_at = Instant::now();
                self.log.passed(bytes.len());
                return Poll::Ready(Some(bytes));
            }
        }
    }

    fn opened(&mut self, opened: Opened) -> Option<Bytes> {
        match opened {
            Opened::Reply(reply) => {
                let now = Instant::now();
                (self.received_at, self.progress_at) = (now, now);
                self.source = Source::Reply(reply);
                self.events.begin();
                self.set_alarm();
                None
            }
            // The head was sent long ago, so the refusal becomes an event.
            Opened::Refused(answer) => {
                let message = answer.message();
                let message = message.as_deref().unwrap_or(Refusal::NO_ANSWER.message());
                if let Some(mut followed) = self.events.take_followed() {
                    followed.handle_refusal(answer.status.as_u16());
                }
                Some(self.end_with(message, Outcome::Refused))
            }
            Opened::Failed(no_answer) => {
                if no_answer.may_have_a_reply {
                    if let Some(mut followed) = self.events.take_followed() {
                        if followed.handle_no_answer() {
                            return Some(self.search(followed, Outcome::Cut));
                        }
                    }
                }
                Some(self.end_with(no_answer.refusal.message(), Outcome::Cut))
            }
        }
    }

    fn piece(&mut self, piece: Bytes) -> Option<Bytes> {
        let now = Instant::now();
        self.received_at = now;
        let Source::Reply(reply) = &self.source else {
            return None;
        };
        let bytes = self.events.push(piece, reply.key());
        if self.shows_key(&bytes) {
            return Some(self.error(Refusal::CUT.message(), Outcome::Cut));
        }
        if self.events.take_progress() {
            self.progress_at = now;
        }
        if self.events.is_over() && self.over_at.is_none() {
            self.over_at = Some(now);
            self.log.outcome(Outcome::Whole);
            self.set_alarm();
        }
        if self.events.is_broken() {
            return Some(joined(bytes, self.cut_off(Outcome::Cut)));
        }
        // If bytes arrive without a pause, the alarm is never polled.
        if now >= self.progress_at + self.clocks.progress {
            return Some(joined(bytes, self.cut_off(Outcome::Silent)));
        }
        Some(bytes)
    }

    /// Whether the bytes still contain the key after it was replaced in the data of events.
    /// Logs an error for a key in either place.
    fn shows_key(&mut self, bytes: &[u8]) -> bool {
        if self.events.take_redacted() {
            log::error!("THE SERVICE SHOWED THE KEY in a reply; it was replaced");
        }
        let is_shown = self.events.has_split_key()
            || matches!(&self.source, Source::Reply(reply) if reply.key().is_in(bytes));
        if is_shown {
            log::error!("THE SERVICE SHOWED THE KEY in a reply; the reply was ended there");
        }
        is_shown
    }

    /// Handles the end of the body. Only an event ends a reply, so without one it was cut.
    fn end_of_body(&mut self) -> Bytes {
        let last = match &self.source {
            Source::Reply(reply) => self.events.finish(reply.key()),
            Source::Opening(_) | Source::Search(..) | Source::Rest(_) | Source::Over => {
                Bytes::new()
            }
        };
        if self.shows_key(&last) {
            return self.error(Refusal::CUT.message(), Outcome::Cut);
        }
        if self.events.is_over() {
            self.source = Source::Over;
            self.log.outcome(Outcome::Whole);
            return last;
        }
        joined(last, self.cut_off(Outcome::Cut))
    }

    /// Ends a reply that is cut: begins the search for its rest if there can be one. If not, it
    /// returns an `error` event.
    fn cut_off(&mut self, outcome: Outcome) -> Bytes {
        if self.events.is_over() {
            self.source = Source::Over;
            return Bytes::new();
        }
        if let Some(mut followed) = self.events.take_followed() {
            if followed.handle_cut() {
                return self.search(followed, outcome);
            }
        }
        self.error(Refusal::CUT.message(), outcome)
    }

    /// Begins the search for the rest of a reply. `outcome` is how the stream ends if nothing
    /// is found.
    fn search(&mut self, followed: Box<Followed>, outcome: Outcome) -> Bytes {
        self.source = Source::Search(followed.search(), outcome);
        self.set_alarm();
        // The first comment shows at once that the connection is alive.
        Bytes::from_static(COMMENT)
    }

    /// Handles the end of a search.
    fn found(&mut self, rest: Option<Rest>, otherwise: Outcome) -> Bytes {
        match rest {
            Some(rest) => {
                self.source = Source::Rest(rest);
                Bytes::new()
            }
            None => self.error(Refusal::CUT.message(), otherwise),
        }
    }

    /// Handles the next event of the rest of a reply.
    fn rest(&mut self, event: Option<Bytes>) -> Option<Bytes> {
        if matches!(&self.source, Source::Rest(rest) if rest.is_over()) {
            self.source = Source::Over;
            self.log.outcome(Outcome::Healed);
        }
        event
    }

    /// Ends the stream, with an `error` event if the reply is not over.
    fn end_with(&mut self, message: &str, outcome: Outcome) -> Bytes {
        if self.events.is_over() {
            self.source = Source::Over;
            return Bytes::new();
        }
        self.error(message, outcome)
    }

    fn error(&mut self, message: &str, outcome: Outcome) -> Bytes {
        self.source = Source::Over;
        self.log.outcome(outcome);
        let data = json!({ "message": message });
        format!("event: error\ndata: {data}\n\n").into()
    }

    /// When the alarm must go off.
    fn due(&self) -> Instant {
        if let Some(over_at) = self.over_at {
            return over_at + self.clocks.settle;
        }
        let comment = self.sent_at + self.keepalive();
        match self.source {
            // Opening a reply has its own timeout.
            Source::Opening(_) | Source::Search(..) | Source::Rest(_) => comment,
            Source::Reply(_) | Source::Over => comment
                .min(self.received_at + self.clocks.idle)
                .min(self.progress_at + self.clocks.progress),
        }
    }

    /// The silence after which a comment is written.
    fn keepalive(&self) -> Duration {
        if self.is_half_closed {
            // Writing comments shows whether the visitor is still there.
            self.clocks.keepalive.min(PROBE_INTERVAL)
        } else {
            self.clocks.keepalive
        }
    }

    fn handle_alarm(&mut self) -> Option<Bytes> {
        let now = Instant::now();
        let is_reply = matches!(self.source, Source::Reply(_));
        if self
            .over_at
            .is_some_and(|over_at| now >= over_at + self.clocks.settle)
        {
            self.source = Source::Over;
            return None;
        }
        let is_dead = now >= self.received_at + self.clocks.idle
            || now >= self.progress_at + self.clocks.progress;
        if is_reply && is_dead {
            return Some(self.cut_off(Outcome::Silent));
        }
        let comment = (self.over_at.is_none() && now >= self.sent_at + self.keepalive())
            .then(|| Bytes::from_static(COMMENT));
        if comment.is_some() {
            self.sent_at = now;
        }
        self.set_alarm();
        comment
    }

    /// Must be called when something may be due earlier than before. If something is due
    /// later, the alarm goes off once too early and is set again.
    fn set_alarm(&mut self) {
        let due = self.due();
        self.alarm.as_mut().reset(due);
    }
}

/// Input from the service.
enum Arrived {
    Opened(Opened),
    Piece(Option<io::Result<Bytes>>),
    /// The result of a search, and the outcome if it found nothing.
    Found(Option<Rest>, Outcome),
    /// The next event of the rest.
    Rest(Option<Bytes>),
}

fn joined(bytes: Bytes, more: Bytes) -> Bytes {
    if bytes.is_empty() {
        return more;
    }
    [bytes, more].concat().into()
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}
