//! A reply that is read event by event.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;
use highchat_proto::failure::Cut;
use highchat_proto::reply::Reader;
use highchat_proto::session::ReplyCollector;
use highchat_proto::{Answered, AskError, Config, Endpoint, Event, Failure};

use crate::clock::Clock;
use crate::transport::Transport;

/// A reply stream. Dropping it ends the exchange and closes the connection.
///
/// [`next_event`](Self::next_event) returns borrowed events. As a [`Stream`], a reply yields
/// owned events and ends after a failure. A reply reads no further than the next event, so a
/// slow application slows the service down. Its connection makes progress only while an event
/// is awaited.
///
/// A whole reply ends after a `done`, `human` or `error` event. A reply that was cut ends in
/// [`Failure::Cut`], and so does one that reaches
/// [`Config::idle_timeout`](highchat_proto::config::Config::idle_timeout) or
/// [`progress_timeout`](highchat_proto::config::Config::progress_timeout). The time between an
/// event and the next call does not count towards these timeouts.
pub struct Reply<T: Transport> {
    reader: Reader,
    /// `None` when nothing is left to read.
    body: Option<T::Body>,
    clock: Clock<T::Timer>,
    /// Whether the last poll waited for the service, so that the time since then counts.
    is_waiting: bool,
    has_failed: bool,
}

impl<T: Transport> Reply<T> {
    pub(crate) fn new(endpoint: &Endpoint, config: &Config, body: T::Body) -> Self {
        let clock = Clock::start();
        Self {
            reader: Reader::new(endpoint, config, clock.now()),
            body: Some(body),
            clock,
            is_waiting: false,
            has_failed: false,
        }
    }

    /// Waits for the next event. `None` means that the reply is over. It is whole unless its
    /// last event was an `error`.
    ///
    /// Cancel safe: dropping the future loses nothing, and the timeouts continue to run.
    ///
    /// # Errors
    ///
    /// The reply was cut: [`Failure::Cut`]. Each further call returns the same error.
    pub async fn next_event(&mut self) -> Result<Option<Event<'_>>, Failure> {
        let advanced = poll_fn(|cx| self.poll_advance(cx)).await;
        self.event(advanced)
    }

    /// Reads the reply to its end, and returns the whole answer.
    ///
    /// # Errors
    ///
    /// The reply was cut, or ended with an `error` event. The error contains the text that
    /// arrived, which is never returned as a whole answer.
    pub async fn collect_text(mut self) -> Result<Answered, AskError> {
        let mut collector = ReplyCollector::default();
        loop {
            if let Some(answered) = collector.handle_event(self.next_event().await) {
                return answered;
            }
        }
    }

    /// Reads up to the next event. The caller must take that event before the next read.
    fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        if !core::mem::take(&mut self.is_waiting) {
            self.reader.resume(self.clock.now());
        }
        while let Some(deadline) = self.reader.advance(self.clock.now())? {
            let chunk = match &mut self.body {
                Some(body) => body.poll_next_unpin(cx),
                None => Poll::Ready(None),
            };
            match chunk {
                Poll::Ready(Some(Ok(chunk))) => self.reader.handle_body(chunk),
                Poll::Ready(Some(Err(_))) => self.reader.handle_interruption(),
                Poll::Ready(None) => self.reader.handle_end(),
                Poll::Pending => {
                    let due = self.clock.poll_until(deadline, cx);
                    self.is_waiting = due.is_pending();
                    self.reader.handle_timeout(ready!(due));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn event(&mut self, advanced: Result<(), Cut>) -> Result<Option<Event<'_>>, Failure> {
        let event = advanced.and_then(|()| self.reader.event(self.clock.now()));
        if !matches!(&event, Ok(Some(event)) if !event.ends_reply()) {
            self.body = None;
        }
        Ok(event?)
    }
}

impl<T: Transport> Stream for Reply<T>
where
    Self: Unpin,
{
    type Item = Result<Event<'static>, Failure>;

    /// Returns the next event, owned, or `None` after a failure.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_failed {
            return Poll::Ready(None);
        }
        let advanced = ready!(self.poll_advance(cx));
        let item = self
            .event(advanced)
            .map(|event| event.map(Event::into_owned));
        self.has_failed = item.is_err();
        Poll::Ready(item.transpose())
    }
}

impl<T: Transport> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}
