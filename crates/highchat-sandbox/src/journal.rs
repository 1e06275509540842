use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Response, StatusCode};

use crate::state::State;

/// How many requests are remembered.
const MAX_REQUESTS: usize = 1000;

/// One request as the sandbox received it, and what became of it.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use highchat_sandbox::Sandbox;
///
/// let sandbox = Sandbox::start()?;
/// // … the program under test talks to `sandbox.base_url()` …
/// let sent = sandbox.requests();
/// assert!(sent.iter().all(|request| request.path == "/v1/chat"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// When it had arrived whole, counted from the start of the sandbox.
    pub at: Duration,
    /// Which connection it came on, in the order in which they were accepted, from 0.
    pub connection: u64,
    /// Its method.
    pub method: Method,
    /// Its path as it was sent, still percent-encoded.
    pub path: String,
    /// What came after the `?`, still percent-encoded. A key of the sandbox in it is
    /// replaced by `[redacted]`.
    pub query: Option<String>,
    /// Its headers. The value of `authorization` is replaced: `Bearer [redacted]`
    /// where it began like that, else `[redacted]`; so is any value that holds a key of
    /// the sandbox.
    pub headers: HeaderMap,
    /// Its body: at most the first 65,536 bytes of one that was refused as too large.
    pub body: Bytes,
    /// When the head of its answer was there, counted like `at`.
    pub answered_at: Option<Duration>,
    /// The status of its answer.
    pub status: Option<StatusCode>,
    /// The `Retry-After` of its answer.
    pub retry_after: Option<HeaderValue>,
    /// When and how its answer ended; `None` while it has not.
    pub ended: Option<(Duration, End)>,
    pub(crate) told: Told,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// It was given to its end.
    Whole,
    /// The client left before.
    ClientLeft,
    /// A fault ended it.
    Fault,
}

/// What an answer said, as far as a client is to be judged by it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The conversation it was about.
    pub(crate) conversation_id: Option<String>,
    /// The state that a page showed.
    pub(crate) state: Option<State>,
    /// Whether the event that ends a reply was given, with nothing wrong before it.
    pub(crate) is_over: Arc<AtomicBool>,
    /// When it was asked with a key in a place where none belongs.
    pub(crate) key_in_query: bool,
}

impl Request {
    pub(crate) fn new(connection: u64, head: http::request::Parts, body: Bytes) -> Self {
        Self {
            at: Duration::ZERO,
            connection,
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            answered_at: None,
            status: None,
            retry_after: None,
            ended: None,
            told: Told::default(),
        }
    }

    /// Whether the whole of a reply was given to the client.
    pub(crate) fn reply_is_over(&self) -> bool {
        self.told.is_over.load(Ordering::Relaxed)
    }
}

/// What the sandbox was asked, newest last.
pub(crate) struct Journal {
    started: Instant,
    keys: Vec<String>,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    requests: VecDeque<Request>,
    /// How many were forgotten.
    forgotten: usize,
}

impl Journal {
    /// `keys` are never kept.
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self {
            started: Instant::now(),
            keys,
            pages: Mutex::default(),
        }
    }

    /// The time by which everything here is told.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes a request; its number.
    pub(crate) fn record(&self, mut request: Request) -> usize {
        self.redact(&mut request);
        let mut pages = self.pages();
        // Under the lock, so that the order is that of the times.
        request.at = self.now();
        if pages.requests.len() == MAX_REQUESTS {
            pages.requests.pop_front();
            pages.forgotten += 1;
        }
        pages.requests.push_back(request);
        pages.forgotten + pages.requests.len() - 1
    }

    pub(crate) fn answered<B>(&self, number: usize, answer: &Response<B>, told: Told) {
        let now = self.now();
        if let Some(request) = self.pages().find(number) {
            request.answered_at = Some(now);
            request.status = Some(answer.status());
            request.retry_after = answer.headers().get(RETRY_AFTER).cloned();
            request.told = Told {
                key_in_query: request.told.key_in_query,
                ..told
            };
        }
    }

    /// An answer is over; only its first end counts.
    pub(crate) fn ended(&self, number: usize, end: End) {
        let now = self.now();
        if let Some(request) = self.pages().find(number) {
            request.ended.get_or_insert((now, end));
        }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.pages().requests.iter().cloned().collect()
    }

    fn redact(&self, request: &mut Request) {
        for (name, value) in &mut request.headers {
            if name == AUTHORIZATION {
                *value = redacted(value);
            } else if self.keys.iter().any(|key| holds(value.as_bytes(), key)) {
                *value = HeaderValue::from_static("[redacted]");
            }
        }
        for key in self.keys.iter().filter(|key| !key.is_empty()) {
            if let Some(query) = request.query.as_mut().filter(|query| query.contains(key)) {
                *query = query.replace(key, "[redacted]");
                request.told.key_in_query = true;
            }
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn find(&mut self, number: usize) -> Option<&mut Request> {
        self.requests.get_mut(number.checked_sub(self.forgotten)?)
    }
}

fn holds(value: &[u8], key: &str) -> bool {
    !key.is_empty() && value.windows(key.len()).any(|part| part == key.as_bytes())
}

fn redacted(value: &HeaderValue) -> HeaderValue {
    let bearer = value
        .as_bytes()
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    HeaderValue::from_static(if bearer {
        "Bearer [redacted]"
    } else {
        "[redacted]"
    })
}
