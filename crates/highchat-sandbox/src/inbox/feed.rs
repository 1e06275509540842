//! The inbox, live: an event stream of the conversations that changed.

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

/// How often the built-in person's acts are looked for: nothing wakes a watcher for them.
const LOOK: Duration = Duration::from_secs(1);

/// The longest silence.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The shortest time between two events.
const PAUSE: Duration = Duration::from_millis(50);

/// The inbox, live: an event stream of the conversations that changed.
///
/// `snapshot` has them all and comes first; `changed` has those that are other than
/// they were in the event before. Nothing is queued for a page that reads slowly: what
/// it gets next is how things are then. While a feed is open the inbox is staffed, so
/// the built-in person keeps out of what is handed over.
pub(crate) struct Feed {
    next: Pin<Box<dyn Future<Output = (Bytes, FeedState)> + Send>>,
}

/// What a feed has shown so far.
struct FeedState {
    inbox: Staffed,
    revisions: watch::Receiver<u64>,
    shown: Option<u64>,
    last: Instant,
}

/// A desk with somebody at it, as long as this lives.
struct Staffed {
    conversations: Arc<Conversations>,
}

impl Feed {
    pub(crate) fn new(conversations: Arc<Conversations>) -> Self {
        let watch = FeedState {
            revisions: conversations.revisions(),
            inbox: Staffed::new(conversations),
            shown: None,
            last: Instant::now(),
        };
        Self {
            next: Box::pin(watch.next()),
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
        let (bytes, watch) = ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(watch.next());
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl FeedState {
    /// Waits for the next event.
    async fn next(mut self) -> (Bytes, Self) {
        if self.shown.is_some() {
            sleep(PAUSE).await;
        }
        loop {
            self.revisions.mark_unchanged();
            let changes = self.inbox.conversations.changes(self.shown, Entry::of);
            let news = changes.everything || !changes.of.is_empty();
            self.shown = Some(changes.revision);
            if news {
                self.last = Instant::now();
                return (event(changes), self);
            }
            if self.last.elapsed() >= KEEPALIVE {
                self.last = Instant::now();
                return (Bytes::from_static(b": still here\n\n"), self);
            }
            // The sender lives as long as the conversations do, so either it is time to
            // look or there is something to see.
            let look = self.inbox.conversations.scale().real(LOOK).max(PAUSE);
            let _ = timeout(look, self.revisions.changed()).await;
        }
    }
}

impl Staffed {
    fn new(conversations: Arc<Conversations>) -> Self {
        conversations.open_inbox();
        Self { conversations }
    }
}

impl Drop for Staffed {
    fn drop(&mut self) {
        self.conversations.close_inbox();
    }
}

fn event(changes: Changes<Entry>) -> Bytes {
    let name = match changes.everything {
        true => "snapshot",
        false => "changed",
    };
    let data = json!({ "conversations": changes.of, "ts": text(changes.ts) });
    format!("event: {name}\ndata: {data}\n\n").into()
}
