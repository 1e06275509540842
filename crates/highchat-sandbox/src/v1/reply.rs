//! The event stream of a reply.

use core::convert::Infallible;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::time::{Instant, Sleep, sleep};

use crate::bot::turn::{Ending, Tempo, Turn};
use crate::clock::TimeScale;
use crate::conversation::TurnOutcome;
use crate::conversation::store::Conversations;
use crate::fault::{AfterEvent, Damage, Position, Wire};
use crate::journal::AnswerFacts;
use crate::net::answer::{self, Body};
use crate::net::half_close::PROBE_INTERVAL;
use crate::v1::reading::{Reading, Readings};

/// How long a halted reply stays open if the client stays.
const MAX_HALT: Duration = Duration::from_secs(600);

/// The delays and intervals of the sandbox, in its own time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The delay before each word. Zero: as fast as the client reads.
    pub(crate) token_delay: Duration,
    /// The silence after which a ping is sent. Zero: no pings.
    pub(crate) ping_interval: Duration,
    /// The poll interval that the verdict expects.
    pub(crate) poll_interval: Duration,
    /// The time limit for clients, in real time.
    pub(crate) patience: Duration,
    pub(crate) scale: TimeScale,
}

impl Pace {
    fn between_words(self, tempo: Tempo) -> Duration {
        self.scale.real(match tempo {
            Tempo::Normal | Tempo::Lines => self.token_delay,
            Tempo::Slow if self.ping_interval.is_zero() => Duration::from_secs(3),
            // Long enough for one ping, and too short for two.
            Tempo::Slow => self.ping_interval.saturating_mul(3) / 2,
        })
    }
}

/// The options of a reply.
pub(crate) struct ReplyOptions {
    pub(crate) pace: Pace,
    pub(crate) damage: Damage,
    pub(crate) wire: Wire,
    pub(crate) readings: Readings,
    /// Whether it is the first reply of its conversation.
    pub(crate) is_first: bool,
    /// Data for the journal.
    pub(crate) facts: AnswerFacts,
}

/// The event stream of one reply.
///
/// It makes events only when hyper polls it, and buffers nothing except the current event. hyper
/// drops it when the connection ends, which ends all of its work.
pub(crate) struct Reply {
    conversations: Arc<Conversations>,
    conversation_id: String,
    turn: Turn,
    options: ReplyOptions,
    at: Progress,
    /// When the next event is due.
    due: Option<Instant>,
    /// When a ping is due, if no other event comes before.
    ping_due: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    open_replies: Arc<AtomicUsize>,
    is_settled: bool,
    /// The client has closed the writing side, and may have left.
    is_half_closed: bool,
    /// The message id and the time of the `human` event.
    human: Option<(String, Value)>,
}

/// The progress of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// `meta` is next.
    Meta,
    /// The text from this byte is next.
    Text(usize),
    /// A `done` after `human` is next.
    Done,
    /// Nothing more is sent, or only pings.
    Halted,
    /// The stream has ended.
    Over,
}

impl Reply {
    /// Creates a reply. It counts itself in `open_replies` until it is dropped.
    pub(crate) fn new(
        conversations: Arc<Conversations>,
        conversation_id: String,
        turn: Turn,
        options: ReplyOptions,
        open_replies: Arc<AtomicUsize>,
    ) -> Self {
        open_replies.fetch_add(1, Ordering::Relaxed);
        Self {
            conversations,
            conversation_id,
            turn,
            at: if options.is_first || !options.readings.has(Reading::MetaOnce) {
                Progress::Meta
            } else {
                Progress::Text(0)
            },
            options,
            due: Some(Instant::now()),
            ping_due: None,
            timer: Box::pin(sleep(Duration::ZERO)),
            open_replies,
            is_settled: false,
            is_half_closed: false,
            human: None,
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let facts = self.options.facts.clone();
        let mut response = answer::empty(StatusCode::OK);
        response.extensions_mut().insert(facts);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.map(|_| self.boxed_unsync())
    }

    /// Returns the bytes of the next event other than a ping.
    fn advance(&mut self) -> Bytes {
        let length = self.turn.text.len();
        let (name, data, position, next) = match self.at {
            Progress::Meta => {
                let data = json!({ "conversation_id": self.conversation_id });
                ("meta", data, Position::Normal, Progress::Text(0))
            }
            Progress::Text(start) => match self.token(start) {
                Some(token) => {
                    let end = start + token.len();
                    let is_middle = (start..end).contains(&(length / 2));
                    let position = if is_middle {
                        Position::Middle
                    } else {
                        Position::Normal
                    };
                    (
                        "delta",
                        json!({ "text": token }),
                        position,
                        Progress::Text(end),
                    )
                }
                None => {
                    let (name, data) = self.last();
                    let goes_on = matches!(self.turn.ending, Ending::Human(_))
                        && self.options.readings.has(Reading::DoneAfterHuman);
                    let (position, next) = match (length, goes_on) {
                        (0, true) => (Position::Middle, Progress::Done),
                        (_, true) => (Position::Normal, Progress::Done),
                        (0, false) => (Position::MiddleAndLast, Progress::Over),
                        (_, false) => (Position::Last, Progress::Over),
                    };
                    (name, data, position, next)
                }
            },
            Progress::Done => {
                let (data, position) = (self.done_after_human(), Position::Last);
                ("done", data, position, Progress::Over)
            }
            // A halted reply ends after `MAX_HALT`.
            Progress::Halted | Progress::Over => {
                self.at = Progress::Over;
                return Bytes::new();
            }
        };
        let (bytes, then) = self.options.damage.write(name, data, position);
        self.at = match then {
            AfterEvent::GoesOn => next,
            AfterEvent::Pings => Progress::Halted,
            AfterEvent::Halts(ending) => {
                self.options.wire.end(ending);
                Progress::Halted
            }
        };
        if next == Progress::Over && self.options.damage.is_whole() {
            self.options.facts.over.get_or_init(std::time::Instant::now);
        }
        bytes
    }

    /// Returns the text of the next delta, which begins at `start`.
    fn token(&self, start: usize) -> Option<&str> {
        let end = match self.turn.tempo {
            Tempo::Normal | Tempo::Slow => ' ',
            Tempo::Lines => '\n',
        };
        self.turn.text[start..].split_inclusive(end).next()
    }

    /// Ends the turn. Returns the event that ends the text.
    fn last(&mut self) -> (&'static str, Value) {
        let TurnOutcome {
            message_id,
            state,
            ts,
        } = self.settle();
        let ts = self.options.readings.time(ts);
        let written = ts.as_str().map_or_else(|| ts.to_string(), str::to_owned);
        self.options.facts.last_time.get_or_init(|| written);
        let message_id = self.options.readings.message_id(&message_id);
        match self.turn.ending {
            Ending::Done(_) => (
                "done",
                json!({ "message_id": message_id, "state": state, "ts": ts }),
            ),
            Ending::Human(message) => {
                self.human = Some((message_id, ts.clone()));
                ("human", json!({ "message": message, "ts": ts }))
            }
            Ending::Error(message) => ("error", json!({ "message": message })),
        }
    }

    /// Returns the data of a `done` after `human`. The state in `done` cannot be `human`.
    fn done_after_human(&self) -> Value {
        let (message_id, ts) = self.human.clone().unwrap_or_default();
        json!({ "message_id": message_id, "state": "pending_human", "ts": ts })
    }

    fn settle(&mut self) -> TurnOutcome {
        self.is_settled = true;
        self.conversations.settle(&self.conversation_id, &self.turn)
    }

    /// Whether nothing more is sent, not even pings.
    fn is_stalled(&self) -> bool {
        self.at == Progress::Halted && self.options.wire.state().end.is_some()
    }

    /// The time from the last event to the next ping. `None`: no pings.
    fn ping_interval(&self) -> Option<Duration> {
        let interval = self.options.pace.ping_interval;
        let interval = match self.at {
            // `stall` has no pings, and `stall-pings` always has some.
            Progress::Halted if self.is_stalled() => None,
            Progress::Halted if interval.is_zero() => Some(Duration::from_secs(1)),
            _ => Some(interval).filter(|interval| !interval.is_zero()),
        };
        let interval = interval.map(|interval| self.options.pace.scale.real(interval));
        match interval {
            // Writing pings shows whether the client is still there.
            _ if self.is_half_closed && !self.is_stalled() => {
                Some(interval.map_or(PROBE_INTERVAL, |interval| interval.min(PROBE_INTERVAL)))
            }
            interval => interval,
        }
    }

    /// The time from the last event to the next event.
    fn delay(&self) -> Duration {
        match self.at {
            Progress::Meta | Progress::Done | Progress::Halted | Progress::Over => Duration::ZERO,
            // The end of a reply comes without a delay after the last word.
            Progress::Text(start) if start == self.turn.text.len() => Duration::ZERO,
            Progress::Text(0) => self.options.pace.between_words(Tempo::Normal),
            Progress::Text(_) => self.options.pace.between_words(self.turn.tempo),
        }
    }
}

impl hyper::body::Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if self.is_end_stream() {
                return Poll::Ready(None);
            }
            let now = Instant::now();
            if !self.is_half_closed && self.options.wire.half_close().poll_closed(cx) {
                self.is_half_closed = true;
                self.ping_due = (!self.is_stalled()).then_some(now);
            }
            let is_due = |time: Option<Instant>| time.is_some_and(|time| time <= now);
            // If both are late, the one that was due first comes first.
            let is_ping = is_due(self.ping_due) && (self.due.is_none() || self.ping_due < self.due);
            let bytes = if is_ping {
                self.options
                    .damage
                    .write("ping", json!({}), Position::Normal)
                    .0
            } else if is_due(self.due) {
                let bytes = self.advance();
                self.due = match self.at {
                    Progress::Halted => now.checked_add(MAX_HALT),
                    _ => now.checked_add(self.delay()),
                };
                bytes
            } else {
                match [self.due, self.ping_due].into_iter().flatten().min() {
                    Some(wake) => self.timer.as_mut().reset(wake),
                    // The clock cannot represent either time, so only the client can end the
                    // reply.
                    None => return Poll::Pending,
                }
                match self.timer.as_mut().poll(cx) {
                    Poll::Ready(()) => continue,
                    Poll::Pending => return Poll::Pending,
                }
            };
            self.ping_due = self
                .ping_interval()
                .and_then(|interval| now.checked_add(interval));
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.at == Progress::Over
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        // The reply is stored even if the client has left, so that the client can find it by
        // polling.
        if !self.is_settled {
            let _ = self.settle();
        }
        self.open_replies.fetch_sub(1, Ordering::Relaxed);
    }
}
