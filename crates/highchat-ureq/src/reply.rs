//! A reply that is read event by event.

use core::fmt;

use bytes::Bytes;
use highchat_proto::failure::Cut;
use highchat_proto::reply::Reader;
use highchat_proto::session::ReplyCollector;
use highchat_proto::time::Instant;
use highchat_proto::{Answered, AskError, Config, Endpoint, Event, Failure};

use crate::clock::Clock;
use crate::exchange::{Body, is_timeout};

/// A reply stream. Dropping it ends the exchange and closes the connection.
///
/// [`next_event`](Self::next_event) returns borrowed events. As an iterator, a reply yields
/// owned events and ends after a failure. A reply reads no further than the next event, so a
/// slow application slows the service down.
///
/// A whole reply ends after a `done`, `human` or `error` event. A reply that was cut ends in
/// [`Failure::Cut`], and so does one that reaches
/// [`Config::idle_timeout`](highchat_proto::config::Config::idle_timeout) or
/// [`progress_timeout`](highchat_proto::config::Config::progress_timeout).
pub struct Reply {
    reader: Reader,
    /// `None` when nothing is left to read.
    body: Option<Body>,
    clock: Clock,
    has_failed: bool,
}

impl Reply {
    pub(crate) fn new(endpoint: &Endpoint, config: &Config, clock: Clock, body: Body) -> Self {
        Self {
            reader: Reader::new(endpoint, config, clock.now()),
            body: Some(body),
            clock,
            has_failed: false,
        }
    }

    /// Waits for the next event. `None` means that the reply is over. It is whole unless its
    /// last event was an `error`.
    ///
    /// # Errors
    ///
    /// The reply was cut: [`Failure::Cut`]. Each further call returns the same error.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Failure> {
        let advanced = self.advance();
        let event = advanced.and_then(|()| self.reader.event(self.clock.now()));
        if !matches!(event, Ok(Some(_))) {
            self.body = None;
        }
        Ok(event?)
    }

    /// Reads the reply to its end, and returns the whole answer.
    ///
    /// # Errors
    ///
    /// The reply was cut, or ended with an `error` event. The error contains the text that
    /// arrived, which is never returned as a whole answer.
    pub fn collect_text(mut self) -> Result<Answered, AskError> {
        let mut collector = ReplyCollector::default();
        loop {
            if let Some(answered) = collector.handle_event(self.next_event()) {
                return answered;
            }
        }
    }

    /// Reads until the reader has an event, or the end of the reply.
    fn advance(&mut self) -> Result<(), Cut> {
        let mut now = self.clock.now();
        self.reader.resume(now);
        while let Some(deadline) = self.reader.advance(now)? {
            self.read(deadline, now);
            now = self.clock.now();
        }
        Ok(())
    }

    /// Reads the next bytes of the body, or waits for them until `deadline`.
    fn read(&mut self, deadline: Instant, now: Instant) {
        let left = deadline.saturating_duration_since(now);
        let now = self.clock.std(now);
        let body = self.body.as_mut();
        match body.map(|body| body.read(now, left, Bytes::copy_from_slice)) {
            None | Some(Ok(None)) => self.reader.handle_end(),
            Some(Ok(Some(chunk))) => self.reader.handle_body(chunk),
            // A read may time out slightly before the deadline.
            Some(Err(error)) if is_timeout(&error) => {
                self.reader.handle_timeout(deadline.max(self.clock.now()));
            }
            Some(Err(_)) => self.reader.handle_interruption(),
        }
    }
}

impl Iterator for Reply {
    type Item = Result<Event<'static>, Failure>;

    /// Returns the next event, owned, or `None` after a failure.
    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let item = self.next_event().map(|event| event.map(Event::into_owned));
        self.has_failed = item.is_err();
        item.transpose()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}
