//! A reply together with the current chunk of its body.

use bytes::Bytes;

use super::{Ready, ReadyApart, Reply};
use crate::api::Event;
use crate::config::Config;
use crate::failure::{Cut, Secret};
use crate::time::Instant;

/// A [`Reply`] for a driver that returns one event at a time. It keeps the last chunk of the
/// body, and asks for another one only after it read this chunk to its end. So a slow
/// application slows the service down.
///
/// ```
/// # use highchat_proto::reply::Reader;
/// # use highchat_proto::time::Instant;
/// # use highchat_proto::{Config, Credentials, Endpoint};
/// # let endpoint = Endpoint::new("https://chat.example", Credentials::none())?;
/// # let now = || Instant::ORIGIN;
/// # let mut body = [": hello\n\n", "event: delta\ndata: {\"text\":\"a\"}\n\n"].into_iter();
/// let mut reader = Reader::new(&endpoint, &Config::default(), now());
/// // For each event:
/// reader.resume(now());
/// while let Some(_until) = reader.advance(now())? {
///     match body.next() {
///         Some(chunk) => reader.handle_body(chunk.into()),
///         None => reader.handle_end(),
///         // Or `handle_interruption`. If no chunk comes until `_until`: `handle_timeout`.
///     }
/// }
/// assert!(reader.event(now())?.is_some());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    reply: Reply,
    /// The key, which no error text may show.
    secret: Secret,
    chunk: Bytes,
    /// Where the input of the last step began in the chunk.
    shown: usize,
    /// The end of the part of the chunk that was read.
    taken: usize,
    found: Option<ReadyApart>,
    /// The event found at the end of the body.
    last: Option<Event<'static>>,
    is_ended: bool,
    /// The time since when the application has the last event.
    left: Instant,
}

impl Reader {
    /// Creates a reader, when the head of the reply has just come. `endpoint` is where it came
    /// from; its key is hidden in error texts.
    #[must_use]
    pub fn new(endpoint: impl Into<Secret>, config: &Config, now: Instant) -> Self {
        Self {
            reply: Reply::new(config, now),
            secret: endpoint.into(),
            chunk: Bytes::new(),
            shown: 0,
            taken: 0,
            found: None,
            last: None,
            is_ended: false,
            left: now,
        }
    }

    /// Notes that the driver reads again after its application had an event. The time since
    /// [`event`](Self::event) does not count for the timeouts; the time to find an event does. Do
    /// not call it after a wait for the service: that time must count.
    pub fn resume(&mut self, now: Instant) {
        self.reply.excuse(now.saturating_duration_since(self.left));
        self.left = now;
    }

    /// Reads on to the next event. `None` means that [`event`](Self::event) has a result. A
    /// time means that the next chunk of the body is needed, at most until then.
    ///
    /// # Errors
    ///
    /// The reply is cut. Later calls return the same error.
    pub fn advance(&mut self, now: Instant) -> Result<Option<Instant>, Cut> {
        self.shown = self.taken;
        let mut input = &self.chunk[self.taken..];
        let advanced = self.reply.advance(&mut input, now);
        let found = advanced.map(|ready| ready.map(Ready::without_chunk));
        self.taken = self.chunk.len() - input.len();
        self.found = found?;
        match self.reply.deadline() {
            _ if self.found.is_some() => Ok(None),
            Some(deadline) if !self.is_ended => Ok(Some(deadline)),
            _ => {
                self.last = self.reply.finish()?;
                Ok(None)
            }
        }
    }

    /// Takes the event that was found, to give it to the application now; `None` if the reply is
    /// over. If the service repeats the endpoint's key in an `error`, the key is hidden.
    ///
    /// # Errors
    ///
    /// The API's text does not allow this event, or it is a ping after the progress timeout. The
    /// reply is cut.
    pub fn event(&mut self, now: Instant) -> Result<Option<Event<'_>>, Cut> {
        self.left = now;
        let event = match self.found.take() {
            Some(found) => {
                let ready = found.with_chunk(&self.chunk[self.shown..]);
                Some(self.reply.event(ready, now)?)
            }
            None => self.last.take(),
        };
        Ok(match event {
            Some(Event::Error { message }) => Some(Event::Error {
                message: message.map(|message| self.secret.hide_in(message)),
            }),
            event => event,
        })
    }

    /// Handles a chunk of the body, after [`advance`](Self::advance) asked for one.
    pub fn handle_body(&mut self, chunk: Bytes) {
        (self.chunk, self.taken) = (chunk, 0);
    }

    /// Handles the end of the body.
    pub const fn handle_end(&mut self) {
        self.is_ended = true;
    }

    /// Handles a lost connection. The next [`advance`](Self::advance) returns the error.
    pub fn handle_interruption(&mut self) {
        // `advance` returns this error again.
        let _ = self.reply.handle_interruption();
    }

    /// Handles the passing of time. Call it at the time that [`advance`](Self::advance)
    /// returned; an earlier call does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = self.reply.handle_timeout(now);
    }
}
