//! A reply together with the piece of its body that is being looked through.

use bytes::Bytes;

use super::{Ready, ReadyApart, Reply};
use crate::api::Event;
use crate::config::Config;
use crate::failure::{Cut, Secret};
use crate::time::Instant;

/// A [`Reply`] for a driver that hands on one event at a time: it keeps the piece of the
/// body that was read last, and asks for another one only when that is used up, which is
/// how an application that takes its time slows the service down.
///
/// ```
/// # use highchat_proto::reply::Reader;
/// # use highchat_proto::time::Instant;
/// # use highchat_proto::{Config, Credentials, Endpoint};
/// # let endpoint = Endpoint::new("https://chat.example", Credentials::none())?;
/// # let now = || Instant::ORIGIN;
/// # let mut body = [": hello\n\n", "event: delta\ndata: {\"text\":\"a\"}\n\n"].into_iter();
/// let mut reader = Reader::new(&endpoint, &Config::default(), now());
/// // Each time an event is asked for:
/// reader.resume(now());
/// while let Some(_until) = reader.advance(now())? {
///     match body.next() {
///         Some(chunk) => reader.handle_body(chunk.into()),
///         None => reader.handle_end(),
///         // Or `handle_interruption`; or, at that moment, `handle_timeout`.
///     }
/// }
/// assert!(reader.event()?.is_some());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    reply: Reply,
    /// What no error is to show.
    secret: Secret,
    chunk: Bytes,
    /// Where the event that was found is looked up.
    shown: usize,
    /// As far as the chunk was taken.
    taken: usize,
    found: Option<ReadyApart>,
    /// What the end of the body gave.
    last: Option<Event<'static>>,
    is_ended: bool,
    now: Instant,
}

impl Reader {
    /// A reply whose head has just come from this endpoint, whose key no error shows.
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
            now,
        }
    }

    /// As [`Reply::resume`].
    pub fn resume(&mut self, now: Instant) {
        self.reply.resume(now);
    }

    /// Goes on to the next event; `None`: look with [`event`](Self::event). Otherwise a
    /// piece of the body is wanted, until that moment.
    ///
    /// # Errors
    ///
    /// The reply is cut, from here on.
    pub fn advance(&mut self, now: Instant) -> Result<Option<Instant>, Cut> {
        (self.shown, self.now) = (self.taken, now);
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

    /// The event that was found, once; `None`: the reply is over. An `error` does not show
    /// the endpoint's key, even if the service repeats it.
    ///
    /// # Errors
    ///
    /// The event is not what the API's text says: the reply is cut, from here on.
    pub fn event(&mut self) -> Result<Option<Event<'_>>, Cut> {
        let event = match self.found.take() {
            Some(found) => {
                let ready = found.with_chunk(&self.chunk[self.shown..]);
                Some(self.reply.event(ready, self.now)?)
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

    /// A piece of the body came, where [`advance`](Self::advance) asked for one.
    pub fn handle_body(&mut self, chunk: Bytes) {
        (self.chunk, self.taken) = (chunk, 0);
    }

    /// The body ended.
    pub const fn handle_end(&mut self) {
        self.is_ended = true;
    }

    /// The connection was lost; `advance` tells what it means.
    pub fn handle_interruption(&mut self) {
        // It is told again.
        let _ = self.reply.handle_interruption();
    }

    /// The moment that `advance` told has come, or may have.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = self.reply.handle_timeout(now);
    }
}
