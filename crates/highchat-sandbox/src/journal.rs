//! The journal: all requests to the API, with their answers.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Response, StatusCode};

use crate::api::access::Credential;
use crate::api::state::State;

/// How many requests are stored.
const MAX_REQUESTS: usize = 1000;

/// A request that the sandbox received, and data of its answer.
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
    /// The time at which the whole request had arrived, since the start of the sandbox.
    pub at: Duration,
    /// The number of its connection. Connections are numbered from 0 in the order in which they
    /// were accepted.
    pub connection: u64,
    /// The method.
    pub method: Method,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The query as it was sent, still percent-encoded. Keys of the sandbox are replaced by
    /// `[redacted]`.
    pub query: Option<String>,
    /// The headers. The value of `authorization` is replaced by `Bearer [redacted]` if it began
    /// with `Bearer`, otherwise by `[redacted]`. Any other value that contains a key of the
    /// sandbox is replaced by `[redacted]` too.
    pub headers: HeaderMap,
    /// The body. If it was refused as too large, the first 65,536 bytes.
    pub body: Bytes,
    /// The time at which the head of the answer was ready, since the start of the sandbox.
    pub answered_at: Option<Duration>,
    /// The status of the answer.
    pub status: Option<StatusCode>,
    /// The `Retry-After` of the answer.
    pub retry_after: Option<HeaderValue>,
    /// When and how the answer ended. `None` if it has not ended.
    pub ended: Option<(Duration, End)>,
    pub(crate) facts: AnswerFacts,
    /// The earliest time at which the client may repeat the request.
    pub(crate) retry_at: Option<Duration>,
    started: Instant,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The whole answer was sent.
    Whole,
    /// The client left before the end of the answer.
    ClientLeft,
    /// A fault ended the answer.
    Fault,
}

/// Data of a request and its answer that the verdict needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerFacts {
    /// The conversation of the request.
    pub(crate) conversation_id: Option<String>,
    /// The state in the answer to a poll.
    pub(crate) state: Option<State>,
    /// When the end of a reply was sent, if no fault came before it.
    pub(crate) over: Arc<OnceLock<Instant>>,
    /// The times in the answer, as they were written.
    pub(crate) times: Vec<String>,
    /// Timestamp of the event that ended the reply; unset until then.
    pub(crate) last_time: Arc<OnceLock<String>>,
    /// Whether the API has the path of the request.
    pub(crate) is_known_path: bool,
    /// Whether the query contained a key.
    pub(crate) key_in_query: bool,
    /// The credential of the request, if it was valid.
    pub(crate) credential: Option<Credential>,
}

impl AnswerFacts {
    /// Creates facts about a conversation.
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
            retry_at: None,
            started: Instant::now(),
        }
    }

    /// The time at which the whole reply had been sent, since the start of the sandbox.
    pub(crate) fn over_at(&self) -> Option<Duration> {
        let over = self.facts.over.get()?;
        Some(over.duration_since(self.started))
    }

    #[cfg(test)]
    pub(crate) fn be_over_at(&self, at: Duration) {
        self.facts.over.get_or_init(|| self.started + at);
    }

    /// All times in the answer, as they were written.
    pub(crate) fn times(&self) -> impl Iterator<Item = &String> {
        self.facts.times.iter().chain(self.facts.last_time.get())
    }
}

/// The requests to the sandbox, oldest first.
pub(crate) struct Journal {
    started: Instant,
    keys: Vec<String>,
    records: Mutex<Records>,
    changed: Condvar,
}

#[derive(Default)]
struct Records {
    requests: VecDeque<Request>,
    /// The times at which a client said that it cancelled its requests.
    cancels: VecDeque<Duration>,
    /// The number of requests that were removed.
    removed: usize,
}

impl Journal {
    /// Creates a journal. `keys` are replaced in all stored requests.
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self {
            started: Instant::now(),
            keys,
            records: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The time since the start of the sandbox. All times of the journal count from there.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Stores a request. Returns its number.
    pub(crate) fn record(&self, mut request: Request) -> usize {
        self.redact(&mut request);
        let mut records = self.records();
        // The lock is held, so that the requests are in the order of their times.
        request.at = self.now();
        request.started = self.started;
        if records.requests.len() == MAX_REQUESTS {
            records.requests.pop_front();
            records.removed += 1;
        }
        records.requests.push_back(request);
        self.changed.notify_all();
        records.removed + records.requests.len() - 1
    }

    /// Stores the data of an answer.
    pub(crate) fn answered<B>(&self, number: usize, answer: &Response<B>, facts: AnswerFacts) {
        let now = self.now();
        if let Some(request) = self.records().find(number) {
            request.answered_at = Some(now);
            request.status = Some(answer.status());
            request.retry_after = answer.headers().get(RETRY_AFTER).cloned();
            let wait = request.retry_after.as_ref().and_then(wait);
            request.retry_at = wait.and_then(|wait| now.checked_add(wait));
            request.facts = AnswerFacts {
                key_in_query: request.facts.key_in_query,
                ..facts
            };
            self.changed.notify_all();
        }
    }

    /// Stores the end of an answer. Only the first call for a request has an effect.
    pub(crate) fn ended(&self, number: usize, end: End) {
        let now = self.now();
        if let Some(request) = self.records().find(number) {
            request.ended.get_or_insert((now, end));
            self.changed.notify_all();
        }
    }

    /// Records that the client has cancelled its requests.
    pub(crate) fn cancelled(&self) {
        let now = self.now();
        let mut records = self.records();
        if records.cancels.len() == MAX_REQUESTS {
            records.cancels.pop_front();
        }
        records.cancels.push_back(now);
    }

    pub(crate) fn cancels(&self) -> Vec<Duration> {
        self.records().cancels.iter().copied().collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.records().requests.iter().cloned().collect()
    }

    /// Waits until `condition` is true for the requests, at most for `timeout`. Returns whether
    /// it is true.
    pub(crate) fn wait(&self, timeout: Duration, condition: impl Fn(&[Request]) -> bool) -> bool {
        // No deadline if the clock cannot represent it.
        let deadline = Instant::now().checked_add(timeout);
        let mut records = self.records();
        while !condition(records.requests.make_contiguous()) {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(records, left);
            (records, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    fn redact(&self, request: &mut Request) {
        for (name, value) in &mut request.headers {
            if name == AUTHORIZATION {
                *value = redacted_authorization(value);
            } else if self
                .keys
                .iter()
                .any(|key| contains_key(value.as_bytes(), key))
            {
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

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn find(&mut self, number: usize) -> Option<&mut Request> {
        self.requests.get_mut(number.checked_sub(self.removed)?)
    }
}

/// Returns the time from now that a `Retry-After` asks the client to wait.
fn wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

fn contains_key(value: &[u8], key: &str) -> bool {
    !key.is_empty() && value.windows(key.len()).any(|part| part == key.as_bytes())
}

fn redacted_authorization(value: &HeaderValue) -> HeaderValue {
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
