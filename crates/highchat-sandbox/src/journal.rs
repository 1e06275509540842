//! The journal: every request of the API, and what became of it.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Response, StatusCode};

use crate::api::access::Credential;
use crate::api::state::State;

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
    pub(crate) facts: AnswerFacts,
    /// When the service is to be asked again at the earliest.
    pub(crate) come_again_at: Option<Duration>,
    started: Instant,
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

/// What an answer said that a verdict on the client needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerFacts {
    /// The conversation it was about.
    pub(crate) conversation_id: Option<String>,
    /// The state that a page showed.
    pub(crate) state: Option<State>,
    /// The end of a reply, once it was given with nothing wrong before it.
    pub(crate) over: Arc<OnceLock<Instant>>,
    /// The times that were given, as they were written.
    pub(crate) times: Vec<String>,
    /// Timestamp of the event that ended the reply; unset until then.
    pub(crate) last_time: Arc<OnceLock<String>>,
    /// Its path is the API's.
    pub(crate) is_known_path: bool,
    /// It was asked with a key in its query.
    pub(crate) key_in_query: bool,
    /// The key or the slug it was asked with, if that was right.
    pub(crate) credential: Option<Credential>,
}

impl AnswerFacts {
    /// Of a conversation.
    pub(crate) fn of(conversation_id: &str) -> Self {
        Self {
            conversation_id: Some(conversation_id.to_owned()),
            ..Self::default()
        }
    }
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
            facts: AnswerFacts::default(),
            come_again_at: None,
            started: Instant::now(),
        }
    }

    /// When the whole of a reply had been given to the client.
    pub(crate) fn over_at(&self) -> Option<Duration> {
        let over = self.facts.over.get()?;
        Some(over.duration_since(self.started))
    }

    #[cfg(test)]
    pub(crate) fn be_over_at(&self, at: Duration) {
        self.facts.over.get_or_init(|| self.started + at);
    }

    /// The times that its answer gave, as they were written.
    pub(crate) fn times(&self) -> impl Iterator<Item = &String> {
        self.facts.times.iter().chain(self.facts.last_time.get())
    }
}

/// What the sandbox was asked, newest last.
pub(crate) struct Journal {
    started: Instant,
    keys: Vec<String>,
    pages: Mutex<Pages>,
    changed: Condvar,
}

#[derive(Default)]
struct Pages {
    requests: VecDeque<Request>,
    /// When a client said that it cancelled what was under way.
    cancels: VecDeque<Duration>,
    /// How many were forgotten.
    forgotten: usize,
}

impl Journal {
    /// `keys` are never stored.
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self {
            started: Instant::now(),
            keys,
            pages: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The time since the start, by which everything here is dated.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes a request; its number.
    pub(crate) fn record(&self, mut request: Request) -> usize {
        self.redact(&mut request);
        let mut pages = self.pages();
        // Under the lock, so that the order is that of the times.
        request.at = self.now();
        request.started = self.started;
        if pages.requests.len() == MAX_REQUESTS {
            pages.requests.pop_front();
            pages.forgotten += 1;
        }
        pages.requests.push_back(request);
        self.changed.notify_all();
        pages.forgotten + pages.requests.len() - 1
    }

    pub(crate) fn answered<B>(&self, number: usize, answer: &Response<B>, facts: AnswerFacts) {
        let now = self.now();
        if let Some(request) = self.pages().find(number) {
            request.answered_at = Some(now);
            request.status = Some(answer.status());
            request.retry_after = answer.headers().get(RETRY_AFTER).cloned();
            let wait = request.retry_after.as_ref().and_then(wait);
            request.come_again_at = wait.and_then(|wait| now.checked_add(wait));
            request.facts = AnswerFacts {
                key_in_query: request.facts.key_in_query,
                ..facts
            };
            self.changed.notify_all();
        }
    }

    /// An answer is over; only its first end counts.
    pub(crate) fn ended(&self, number: usize, end: End) {
        let now = self.now();
        if let Some(request) = self.pages().find(number) {
            request.ended.get_or_insert((now, end));
            self.changed.notify_all();
        }
    }

    /// The client says that it wants nothing more of what is under way.
    pub(crate) fn cancelled(&self) {
        let now = self.now();
        let mut pages = self.pages();
        if pages.cancels.len() == MAX_REQUESTS {
            pages.cancels.pop_front();
        }
        pages.cancels.push_back(now);
    }

    pub(crate) fn cancels(&self) -> Vec<Duration> {
        self.pages().cancels.iter().copied().collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.pages().requests.iter().cloned().collect()
    }

    /// Waits until `holds` does of what was asked, at most for `timeout`; whether it does.
    pub(crate) fn wait(&self, timeout: Duration, holds: impl Fn(&[Request]) -> bool) -> bool {
        // Without a deadline if the clock cannot represent it.
        let deadline = Instant::now().checked_add(timeout);
        let mut pages = self.pages();
        while !holds(pages.requests.make_contiguous()) {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(pages, left);
            (pages, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        true
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
                request.facts.key_in_query = true;
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

/// What a `Retry-After` asks for, from now on.
fn wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
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
