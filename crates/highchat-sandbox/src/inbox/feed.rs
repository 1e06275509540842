//! The live feed of the inbox: an event stream of changed conversations.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::entry::Entry;
use crate::clock::text;
use crate::conversation::store::{Changes, Conversations};
use crate::net::answer::{self, Body};

/// How often the feed checks for actions of the built-in person, which do not wake it.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The longest time without an event or a comment.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The shortest time between two events.
const MIN_INTERVAL: Duration = Duration::from_millis(50);

/// The live feed of the inbox: an event stream of changed conversations.
///
/// The first event is `snapshot`, with all conversations. Later `changed` events have the
/// conversations that have changed since the event before. There is no queue: a page that reads
/// slowly gets the current state in the next event. While a feed is open, handoffs go to the
/// inbox, and the built-in person does nothing.
pub(crate) struct Feed {
    next: Pin<Box<dyn Future<Output = (Bytes, FeedState)> + Send>>,
}

/// What a feed has sent so far.
struct FeedState {
    inbox: OpenInbox,
    revisions: watch::Receiver<u64>,
    shown: Option<u64>,
    last: Instant,
}

/// Keeps the inbox open until it is dropped.
struct OpenInbox {
    conversations: Arc<Conversations>,
}

impl Feed {
    pub(crate) fn new(conversations: Arc<Conversations>) -> Self {
        let state = FeedState {
            revisions: conversations.revisions(),
            inbox: OpenInbox::new(conversations),
            shown: None,
            last: Instant::now(),
        };
        Self {
            next: Box::pin(state.next()),
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = answer::empty(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.map(|_| self.boxed_unsync())
    }
}

impl hyper::body::Body for Feed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let (bytes, state) = ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(state.next());
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl FeedState {
    /// Waits for the next event.
    async fn next(mut self) -> (Bytes, Self) {
        if self.shown.is_some() {
            sleep(MIN_INTERVAL).await;
        }
        loop {
            self.revisions.mark_unchanged();
            let changes = self.inbox.conversations.changes(self.shown, Entry::of);
            let has_news = changes.everything || !changes.conversations.is_empty();
            self.shown = Some(changes.revision);
            if has_news {
                self.last = Instant::now();
                return (event(changes), self);
            }
            if self.last.elapsed() >= KEEPALIVE {
                self.last = Instant::now();
                return (Bytes::from_static(b": still here\n\n"), self);
            }
            // Both a timeout and a change mean that the loop must check again. The sender lives as
            // long as the conversations, so it cannot be gone.
            let scale = self.inbox.conversations.scale();
            let interval = scale.real(CHECK_INTERVAL).max(MIN_INTERVAL);
            let _ = timeout(interval, self.revisions.changed()).await;
        }
    }
}

impl OpenInbox {
    fn new(conversations: Arc<Conversations>) -> Self {
        conversations.open_inbox();
        Self { conversations }
    }
}

impl Drop for OpenInbox {
    fn drop(&mut self) {
        self.conversations.close_inbox();
    }
}

fn event(changes: Changes<Entry>) -> Bytes {
    let name = match changes.everything {
        true => "snapshot",
        false => "changed",
    };
    let data = json!({ "conversations": changes.conversations, "ts": text(changes.ts) });
    format!("event: {name}\ndata: {data}\n\n").into()
}
