//! The search for a cut reply, as a future.

use core::pin::Pin;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use highchat_proto::failure::TransportFailure;
use highchat_proto::{Event, Head, Output, Page, RequestId, TurnEnd, Update};
use tokio::time::{sleep_until, timeout};

use crate::heal::followed::{Followed, TextHash};
use crate::limits::held::HeldBytes;

/// The longest time of a search, in all. The delays between its requests are 20 s by default.
const MAX_TIME: Duration = Duration::from_secs(60);

/// The longest text of one delta, in bytes. A client may refuse a very long event.
const MAX_DELTA: usize = 16 * 1024;

/// A search under way. Its result is `None` if the reply was not found. Dropping it ends the
/// search.
pub(crate) type Search = Pin<Box<dyn Future<Output = Option<Rest>> + Send>>;

/// The events that complete a visitor's stream. They count as held until they are read.
pub(crate) struct Rest {
    events: VecDeque<Bytes>,
    _held: HeldBytes,
}

impl Rest {
    /// Returns the next event.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        self.events.pop_front()
    }

    /// Whether no event is left.
    pub(crate) fn is_over(&self) -> bool {
        self.events.is_empty()
    }
}

impl Followed {
    /// Searches for the reply, after [`handle_cut`](Self::handle_cut) returned true.
    pub(crate) fn search(self: Box<Self>) -> Search {
        Box::pin(async move {
            let (metrics, trace) = (Arc::clone(&self.healer.metrics), self.trace);
            let found = timeout(MAX_TIME, find(*self)).await.ok().flatten();
            metrics.searched(found.is_some());
            match &found {
                Some(rest) => {
                    let bytes: usize = rest.events.iter().map(Bytes::len).sum();
                    log::info!(bytes, trace:%; "a cut reply was completed: {bytes}B trace={trace}");
                }
                None => log::warn!(trace:%; "a cut reply could not be completed trace={trace}"),
            }
            found
        })
    }
}

async fn find(mut turn: Followed) -> Option<Rest> {
    let mut rest = None;
    if !turn.is_newest().await {
        return None;
    }
    loop {
        match turn.conversation.poll_output() {
            Output::Transmit(id, request) if turn.conversation.is_of_turn(id) => {
                let (access, visitor) = (&turn.access, turn.visitor);
                let request = request.with_traceparent(&turn.trace.for_service());
                let answer = turn.healer.fetch(request, access, visitor).await;
                if !turn.is_newest().await {
                    return None;
                }
                let status = answer.as_ref().map_or(502, |answer| answer.status.as_u16());
                let body = answer.map(|answer| answer.body).unwrap_or_default();
                handle_page(&mut turn, id, status, &body);
            }
            Output::Transmit(..) | Output::Abort(_) => {}
            Output::Update => match turn.conversation.update() {
                Some(Update::Recovered { message, missing }) => {
                    let id = message.id.clone();
                    rest = Some((missing.into_owned(), id, message.created_at.clone()));
                }
                Some(Update::TurnEnded { end, .. }) => {
                    let is_found = *end == TurnEnd::Recovered;
                    let (missing, message_id, ts) = rest.filter(|_| is_found)?;
                    let done = Event::Done {
                        message_id: Some(message_id),
                        state: Some(turn.conversation.state().clone()),
                        ts,
                    };
                    let events = events(&missing, &done);
                    let len = events.iter().map(Bytes::len).sum();
                    // Without room, the visitor gets an error, as any other visitor does now.
                    let held = turn.healer.held.take(len)?;
                    return Some(Rest {
                        events,
                        _held: held,
                    });
                }
                _ => {}
            },
            Output::Wait(at) => {
                let at = turn.healer.origin + at?.since_origin();
                sleep_until(at.into()).await;
                let now = turn.healer.now();
                turn.conversation.handle_timeout(now);
            }
        }
    }
}

/// Passes the answer of the service to the conversation. If the page does not list the message,
/// the reply is not looked for in it: unlike a client, the proxy does not see the answers to the
/// visitor's other requests, so it does not know to which message a reply belongs.
fn handle_page(turn: &mut Followed, id: RequestId, status: u16, body: &[u8]) {
    let now = turn.healer.now();
    let text = turn.text();
    let conversation = &mut turn.conversation;
    match serde_json::from_slice::<Page>(body) {
        Ok(page) if status == 200 && !lists(&page, text) => {
            let failure = TransportFailure::Interrupted(Default::default());
            conversation.handle_failure(id, failure, now);
        }
        _ => {
            let mut head = Head::new(status);
            head.header("content-type", b"application/json");
            conversation.handle_response(id, head, now);
            conversation.handle_body(id, body, now);
            conversation.handle_end(id, now);
        }
    }
}

fn lists(page: &Page, text: TextHash) -> bool {
    let mut messages = page.messages.iter();
    messages.any(|message| message.role.is_user() && TextHash::of(&message.content) == text)
}

/// The rest of a reply as events.
fn events(mut missing: &str, done: &Event<'_>) -> VecDeque<Bytes> {
    let mut events = VecDeque::new();
    let mut push = |event: &Event<'_>| {
        let (name, data) = (event.name(), event.data());
        events.push_back(format!("event: {name}\ndata: {data}\n\n").into());
    };
    while !missing.is_empty() {
        let end = (1..=missing.len().min(MAX_DELTA))
            .rev()
            .find(|end| missing.is_char_boundary(*end))
            .unwrap_or(missing.len());
        let (text, rest) = missing.split_at(end);
        push(&Event::Delta { text: text.into() });
        missing = rest;
    }
    push(done);
    events
}
