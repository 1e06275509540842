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

use crate::answer::{self, Body};
use crate::clock::text;
use crate::conversation::Settled;
use crate::conversations::Conversations;
use crate::turn::{Ending, Tempo, Turn};

/// How fast replies come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Zero: as fast as they are read.
    pub(crate) token_delay: Duration,
    /// Zero: no pings.
    pub(crate) ping_interval: Duration,
}

impl Pace {
    fn between_words(self, tempo: Tempo) -> Duration {
        match tempo {
            Tempo::Usual => self.token_delay,
            Tempo::Slow if self.ping_interval.is_zero() => Duration::from_secs(3),
            // Longer than the silence that brings a ping, and too short for a second.
            Tempo::Slow => self.ping_interval.saturating_mul(3) / 2,
        }
    }
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
    pace: Pace,
    at: Place,
    /// When the next event is due.
    due: Option<Instant>,
    /// When a ping is due, if nothing else comes before.
    ping_due: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    open: Arc<AtomicUsize>,
}

/// How far a reply was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Meta,
    /// From this byte of the text on.
    Text(usize),
    Over,
}

impl Reply {
    /// Counts itself in `open` for as long as it lives.
    pub(crate) fn new(
        conversations: Arc<Conversations>,
        conversation_id: String,
        turn: Turn,
        pace: Pace,
        open: Arc<AtomicUsize>,
    ) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self {
            conversations,
            conversation_id,
            turn,
            pace,
            at: Place::Meta,
            due: Some(Instant::now()),
            ping_due: None,
            timer: Box::pin(sleep(Duration::ZERO)),
            open,
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = answer::empty(StatusCode::OK);
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
        let (event, next) = match self.at {
            Place::Meta => (
                event("meta", &json!({ "conversation_id": self.conversation_id })),
                Place::Text(0),
            ),
            Place::Text(start) => match self.turn.text[start..].split_inclusive(' ').next() {
                Some(token) => (
                    event("delta", &json!({ "text": token })),
                    Place::Text(start + token.len()),
                ),
                None => (self.last(), Place::Over),
            },
            Place::Over => (Bytes::new(), Place::Over),
        };
        self.at = next;
        event
    }

    fn last(&self) -> Bytes {
        let Settled {
            message_id,
            state,
            ts,
        } = self.settle();
        let ts = text(ts);
        match self.turn.ending {
            Ending::Done(_) => event(
                "done",
                &json!({ "message_id": message_id, "state": state, "ts": ts }),
            ),
            Ending::Human(message) => event("human", &json!({ "message": message, "ts": ts })),
            Ending::Error(message) => event("error", &json!({ "message": message })),
        }
    }

    fn settle(&self) -> Settled {
        self.conversations.settle(&self.conversation_id, &self.turn)
    }

    /// How long after the last event the next is due.
    fn delay(&self) -> Duration {
        match self.at {
            Place::Meta | Place::Over => Duration::ZERO,
            // What ends a reply comes with its last word.
            Place::Text(start) if start == self.turn.text.len() => Duration::ZERO,
            Place::Text(0) => self.pace.token_delay,
            Place::Text(_) => self.pace.between_words(self.turn.tempo),
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
            let is_due = |time: Option<Instant>| time.is_some_and(|time| time <= now);
            // Where both are late, the silence came first.
            let pings = is_due(self.ping_due) && (self.due.is_none() || self.ping_due < self.due);
            let bytes = if pings {
                event("ping", &json!({}))
            } else if is_due(self.due) {
                let bytes = self.advance();
                self.due = now.checked_add(self.delay());
                bytes
            } else {
                match [self.due, self.ping_due].into_iter().flatten().min() {
                    Some(wake) => self.timer.as_mut().reset(wake),
                    // Both lie past what the clock can tell; the client's leaving is
                    // all that can happen.
                    None => return Poll::Pending,
                }
                match self.timer.as_mut().poll(cx) {
                    Poll::Ready(()) => continue,
                    Poll::Pending => return Poll::Pending,
                }
            };
            let interval = self.pace.ping_interval;
            self.ping_due = match interval.is_zero() {
                true => None,
                false => now.checked_add(interval),
            };
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.at == Place::Over
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        // A reply whose client left is kept like any other: the service had it to
        // say, and the client finds it in the messages.
        if self.at != Place::Over {
            let _ = self.settle();
        }
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The bytes of one event.
fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
