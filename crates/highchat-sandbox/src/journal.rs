use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Method};

/// How many requests are remembered.
const MAX_REQUESTS: usize = 1000;

/// One request as the sandbox received it.
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
    /// Its method.
    pub method: Method,
    /// Its path as it was sent, still percent-encoded.
    pub path: String,
    /// What came after the `?`, still percent-encoded.
    pub query: Option<String>,
    /// Its headers. The value of `authorization` is replaced: `Bearer [redacted]`
    /// where it began like that, else `[redacted]`.
    pub headers: HeaderMap,
    /// Its body: at most the first 65,536 bytes of one that was refused as too large.
    pub body: Bytes,
}

/// What the sandbox was asked, newest last.
#[derive(Default)]
pub(crate) struct Journal {
    requests: VecDeque<Request>,
}

impl Journal {
    pub(crate) fn record(&mut self, mut request: Request) {
        for (name, value) in &mut request.headers {
            if name == AUTHORIZATION {
                *value = redacted(value);
            }
        }
        if self.requests.len() == MAX_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }
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
