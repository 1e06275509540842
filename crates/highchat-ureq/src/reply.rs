//! A reply as it comes in.

use core::fmt;

use bytes::Bytes;
use highchat_proto::failure::Cut;
use highchat_proto::reply::Reader;
use highchat_proto::session::ReplyCollector;
use highchat_proto::time::Instant;
use highchat_proto::{Answered, AskError, Config, Endpoint, Event, Failure};

use crate::clock::Clock;
use crate::exchange::{Body, is_timeout};

/// A reply that is being read. Dropping it ends the exchange.
///
/// It gives its events one by one, borrowed ([`next_event`](Self::next_event)), or as
/// an iterator of owned ones. Nothing is read ahead of what is asked for: an
/// application that takes its time slows the service down.
///
/// The end of the events is the end of a reply: `done`, `human` or `error` came last.
/// A reply that was cut ends in [`Failure::Cut`] instead, and so does one on which
/// [`Config::idle_timeout`](highchat_proto::config::Config::idle_timeout) or
/// [`progress_timeout`](highchat_proto::config::Config::progress_timeout) runs out.
pub struct Reply {
    reader: Reader,
    /// `None` once there is nothing more to be read.
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

    /// Waits for the next event; `None`: the reply is over, and whole unless its last
    /// event was an `error`.
    ///
    /// # Errors
    ///
    /// The reply was cut: [`Failure::Cut`], again at each further call.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Failure> {
        let advanced = self.advance();
        let event = advanced.and_then(|()| self.reader.event());
        if !matches!(event, Ok(Some(_))) {
            self.body = None;
        }
        Ok(event?)
    }

    /// Reads the reply to its end: the whole answer.
    ///
    /// # Errors
    ///
    /// The reply was cut, or ended with an `error`: what came of it stands in the error, and
    /// is never passed off as the whole.
    pub fn collect_text(mut self) -> Result<Answered, AskError> {
        let mut collector = ReplyCollector::default();
        loop {
            if let Some(answered) = collector.handle_event(self.next_event()) {
                return answered;
            }
        }
    }

    /// Reads up to the next event.
    fn advance(&mut self) -> Result<(), Cut> {
        self.reader.resume(self.clock.now());
        while let Some(deadline) = self.reader.advance(self.clock.now())? {
            self.read(deadline);
        }
        Ok(())
    }

    /// Reads what there is, waiting until then.
    fn read(&mut self, deadline: Instant) {
        let now = self.clock.now();
        let left = deadline.saturating_duration_since(now);
        let read = self.body.as_mut().map(|it| it.read(left));
        match read {
            None | Some(Ok([])) => self.reader.handle_end(),
            // A service that always has something to read never makes a read wait.
            Some(Ok(_)) if deadline <= now => self.reader.handle_timeout(now),
            Some(Ok(chunk)) => self.reader.handle_body(Bytes::copy_from_slice(chunk)),
            // The clock may be a little short of the deadline.
            Some(Err(error)) if is_timeout(&error) => {
                self.reader.handle_timeout(deadline.max(self.clock.now()));
            }
            Some(Err(_)) => self.reader.handle_interruption(),
        }
    }
}

impl Iterator for Reply {
    type Item = Result<Event<'static>, Failure>;

    /// The next event, owned; after a failure there is none.
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
