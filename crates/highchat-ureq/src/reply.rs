//! A reply as it comes in.

use core::fmt;
use std::io::Read;
use std::sync::Arc;

use highchat_proto::event::Event;
use highchat_proto::failure::Failure;
use highchat_proto::reply::{self, Ready};
use ureq::BodyReader;

use crate::clock::Clock;
use crate::watch::{Watch, is_timeout};

/// What is read from the connection at a time, at most.
const BUFFER_LEN: usize = 16 * 1024;

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
    reply: reply::Reply,
    /// `None` once there is nothing more to be read.
    body: Option<BodyReader<'static>>,
    watch: Arc<Watch>,
    clock: Clock,
    buffer: Box<[u8]>,
    /// The part of the buffer that was read and not taken yet.
    start: usize,
    end: usize,
    has_failed: bool,
}

impl Reply {
    pub(crate) fn new(
        reply: reply::Reply,
        body: BodyReader<'static>,
        watch: Arc<Watch>,
        clock: Clock,
    ) -> Self {
        Self {
            reply,
            body: Some(body),
            watch,
            clock,
            buffer: vec![0; BUFFER_LEN].into(),
            start: 0,
            end: 0,
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
        self.reply.resume(self.clock.now());
        let (ready, start) = match self.advance() {
            Ok(Some(found)) => found,
            ended => {
                self.body = None;
                ended?;
                return Ok(self.reply.finish()?);
            }
        };
        let chunk = &self.buffer[start..self.end];
        let event = self.reply.event(ready, chunk, self.clock.now());
        if event.is_err() {
            self.body = None;
        }
        Ok(Some(event?))
    }

    /// Reads up to the next event, and where in the buffer it was looked for; `None`:
    /// there is nothing more to be read.
    fn advance(&mut self) -> Result<Option<(Ready, usize)>, Failure> {
        loop {
            let start = self.start;
            let mut input = &self.buffer[start..self.end];
            let advanced = self.reply.advance(&mut input, self.clock.now());
            self.start = self.end - input.len();
            if let Some(ready) = advanced? {
                return Ok(Some((ready, start)));
            }
            if self.reply.is_over() || !self.read()? {
                return Ok(None);
            }
        }
    }

    /// Reads what there is, waiting until there is something; `false` at the end.
    fn read(&mut self) -> Result<bool, Failure> {
        let Some(body) = &mut self.body else {
            return Ok(false);
        };
        if let Some(deadline) = self.reply.deadline() {
            let now = self.clock.now();
            if deadline <= now {
                // A service that always has something to read never makes a read wait.
                self.body = None;
                self.reply.handle_timeout(now)?;
                return Ok(false);
            }
            let wait = deadline.saturating_duration_since(now);
            self.watch.set_timeout(wait);
        }
        match body.read(&mut self.buffer) {
            Ok(0) => {
                self.body = None;
                Ok(false)
            }
            Ok(len) => {
                (self.start, self.end) = (0, len);
                Ok(true)
            }
            Err(error) => {
                self.body = None;
                if is_timeout(&error) {
                    // The read was to end at the deadline, and the clock may be a
                    // little short of it.
                    let due = self.reply.deadline().unwrap_or_default();
                    self.reply.handle_timeout(due.max(self.clock.now()))?;
                }
                self.reply.handle_interruption()?;
                Ok(false)
            }
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
        f.debug_struct("Reply")
            .field("is_over", &self.reply.is_over())
            .finish_non_exhaustive()
    }
}
