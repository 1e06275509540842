//! A reply as an event stream.

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
use crate::conversation::Settled;
use crate::conversation::store::Conversations;
use crate::fault::{Damage, Moment, Then, Wire};
use crate::journal::AnswerFacts;
use crate::net::answer::{self, Body};
use crate::net::half_close::PROBE_INTERVAL;
use crate::v1::reading::{Reading, Readings};

/// How long a halted reply is kept open for a client that stays.
const MAX_HALT: Duration = Duration::from_secs(600);

/// How fast things go, in the sandbox's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Zero: as fast as they are read.
    pub(crate) token_delay: Duration,
    /// Zero: no pings.
    pub(crate) ping_interval: Duration,
    /// From the end of a poll to the next one.
    pub(crate) poll_interval: Duration,
    /// How long a client may take.
    /// In real time.
    pub(crate) patience: Duration,
    pub(crate) scale: TimeScale,
}

impl Pace {
    fn between_words(self, tempo: Tempo) -> Duration {
        self.scale.real(match tempo {
            Tempo::Usual | Tempo::Lines => self.token_delay,
            Tempo::Slow if self.ping_interval.is_zero() => Duration::from_secs(3),
            // Longer than the silence that brings a ping, and too short for a second.
            Tempo::Slow => self.ping_interval.saturating_mul(3) / 2,
        })
    }
}

/// How a reply is given.
pub(crate) struct ReplyOptions {
    pub(crate) pace: Pace,
    pub(crate) damage: Damage,
    pub(crate) wire: Wire,
    pub(crate) readings: Readings,
    /// It is the first of its conversation.
    pub(crate) is_first: bool,
    /// What is noted of it.
    pub(crate) facts: AnswerFacts,
}

/// The event stream of one reply.
///
/// It is written as it is read: nothing runs and nothing is kept for a client beyond
/// the event in hand, and dropping it, which is what hyper does with the body of a
/// connection that ended, ends all of its work.
pub(crate) struct Reply {
    conversations: Arc<Conversations>,
    conversation_id: String,
    turn: Turn,
    options: ReplyOptions,
    at: Progress,
    /// When the next event is due.
    due: Option<Instant>,
    /// When a ping is due, if nothing else comes before.
    ping_due: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    open: Arc<AtomicUsize>,
    is_settled: bool,
    /// The client writes nothing more, and may be gone.
    is_half_closed: bool,
    /// The message id and the time of its `human`.
    human: Option<(String, Value)>,
}

/// How far a reply was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Meta,
    /// From this byte of the text on.
    Text(usize),
    /// Behind a `human`.
    Done,
    /// Nothing more comes, or nothing but pings.
    Halted,
    Over,
}

impl Reply {
    /// Counts itself in `open` for as long as it lives.
    pub(crate) fn new(
        conversations: Arc<Conversations>,
        conversation_id: String,
        turn: Turn,
        options: ReplyOptions,
        open: Arc<AtomicUsize>,
    ) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
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
            open,
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

    /// The next event that is no ping.
    fn advance(&mut self) -> Bytes {
        let length = self.turn.text.len();
        let (name, data, moment, next) = match self.at {
            Progress::Meta => {
                let data = json!({ "conversation_id": self.conversation_id });
                ("meta", data, Moment::Usual, Progress::Text(0))
            }
            Progress::Text(start) => match self.token(start) {
                Some(token) => {
                    let end = start + token.len();
                    let is_middle = (start..end).contains(&(length / 2));
                    let moment = if is_middle {
                        Moment::Middle
                    } else {
                        Moment::Usual
                    };
                    (
                        "delta",
                        json!({ "text": token }),
                        moment,
                        Progress::Text(end),
                    )
                }
                None => {
                    let (name, data) = self.last();
                    let goes_on = matches!(self.turn.ending, Ending::Human(_))
                        && self.options.readings.has(Reading::DoneAfterHuman);
                    let (moment, next) = match (length, goes_on) {
                        (0, true) => (Moment::Middle, Progress::Done),
                        (_, true) => (Moment::Usual, Progress::Done),
                        (0, false) => (Moment::MiddleAndLast, Progress::Over),
                        (_, false) => (Moment::Last, Progress::Over),
                    };
                    (name, data, moment, next)
                }
            },
            Progress::Done => {
                let (data, moment) = (self.done_after_human(), Moment::Last);
                ("done", data, moment, Progress::Over)
            }
            // Nobody waits that long for what never comes.
            Progress::Halted | Progress::Over => {
                self.at = Progress::Over;
                return Bytes::new();
            }
        };
        let (bytes, then) = self.options.damage.write(name, data, moment);
        self.at = match then {
            Then::GoesOn => next,
            Then::Pings => Progress::Halted,
            Then::Halts(ending) => {
                self.options.wire.end(ending);
                Progress::Halted
            }
        };
        if next == Progress::Over && self.options.damage.is_whole() {
            self.options.facts.over.get_or_init(std::time::Instant::now);
        }
        bytes
    }

    /// What is said at once, from there on.
    fn token(&self, start: usize) -> Option<&str> {
        let end = match self.turn.tempo {
            Tempo::Usual | Tempo::Slow => ' ',
            Tempo::Lines => '\n',
        };
        self.turn.text[start..].split_inclusive(end).next()
    }

    fn last(&mut self) -> (&'static str, Value) {
        let Settled {
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

    /// The state has no `human` there.
    fn done_after_human(&self) -> Value {
        let (message_id, ts) = self.human.clone().unwrap_or_default();
        json!({ "message_id": message_id, "state": "pending_human", "ts": ts })
    }

    fn settle(&mut self) -> Settled {
        self.is_settled = true;
        self.conversations.settle(&self.conversation_id, &self.turn)
    }

    /// Whether nothing more comes of it, not even pings.
    fn is_stalled(&self) -> bool {
        self.at == Progress::Halted && self.options.wire.course().end.is_some()
    }

    /// How long after the last event a ping is due.
    fn ping_interval(&self) -> Option<Duration> {
        let interval = self.options.pace.ping_interval;
        let interval = match self.at {
            // A stall is no ping's business; a stall with pings must have some.
            Progress::Halted if self.is_stalled() => None,
            Progress::Halted if interval.is_zero() => Some(Duration::from_secs(1)),
            _ => Some(interval).filter(|interval| !interval.is_zero()),
        };
        let interval = interval.map(|interval| self.options.pace.scale.real(interval));
        match interval {
            // By the pings it is seen whether the client is there.
            _ if self.is_half_closed && !self.is_stalled() => {
                Some(interval.map_or(PROBE_INTERVAL, |interval| interval.min(PROBE_INTERVAL)))
            }
            interval => interval,
        }
    }

    /// How long after the last event the next is due.
    fn delay(&self) -> Duration {
        match self.at {
            Progress::Meta | Progress::Done | Progress::Halted | Progress::Over => Duration::ZERO,
            // What ends a reply comes with its last word.
            Progress::Text(start) if start == self.turn.text.len() => Duration::ZERO,
            Progress::Text(0) => self.options.pace.between_words(Tempo::Usual),
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
            // Where both are late, the silence came first.
            let pings = is_due(self.ping_due) && (self.due.is_none() || self.ping_due < self.due);
            let bytes = if pings {
                self.options
                    .damage
                    .write("ping", json!({}), Moment::Usual)
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
                    // The clock can represent neither time; only the client's leaving can
                    // happen.
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
        // A reply whose client left is kept like any other: the service had it to
        // say, and the client finds it in the messages.
        if !self.is_settled {
            let _ = self.settle();
        }
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
