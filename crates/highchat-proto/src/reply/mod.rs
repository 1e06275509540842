//! One reply: the body of `POST /v1/chat`, from bytes to events, and whether it was whole.

mod reader;

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use crate::api::{Event, Joiner};
use crate::config::Config;
use crate::failure::Cut;
use crate::sse::{self, Decoder};
use crate::time::Instant;

pub use self::reader::Reader;
/// The answer of [`Reply::advance`]: an event can be taken with [`Reply::event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready<'c>(Source<'c>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source<'c> {
    Decoder(sse::Ready<'c>),
    Queue,
}

/// A [`Ready`] without the chunk, for the reader that owns it.
#[derive(Clone, Copy, Debug)]
enum ReadyApart {
    Decoder(sse::ReadyApart),
    Queue,
}

impl Ready<'_> {
    const fn without_chunk(self) -> ReadyApart {
        match self.0 {
            Source::Decoder(ready) => ReadyApart::Decoder(ready.without_chunk()),
            Source::Queue => ReadyApart::Queue,
        }
    }
}

impl ReadyApart {
    /// With the input as it stood before the step.
    const fn with_chunk(self, chunk: &[u8]) -> Ready<'_> {
        Ready(match self {
            Self::Decoder(ready) => Source::Decoder(ready.with_chunk(chunk)),
            Self::Queue => Source::Queue,
        })
    }
}

/// ```text
///            done | human | error
///  Reading ───────────────────────▶ Over
///     │
///     └── end | deadline | broken ─▶ Cut
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Reading,
    Over,
    Cut(Cut),
}

/// The reading of one reply: chunks of the body go in, events come out.
///
/// Only `done`, `human` or `error` ends a reply (our decision, on the API's text); the
/// end of the body without one of them is a [`Cut`], and so is a body on which a clock
/// runs out. A reply that is over is over: what comes behind is not looked at.
///
/// ```text
/// loop {
///     while let Some(ready) = reply.advance(&mut input, now)? {
///         show(reply.event(ready, now)?);
///     }
///     if reply.is_over() { break }
///     // Read more until `reply.deadline()`: at that time `handle_timeout`, at the
///     // end of the body `finish`.
/// }
/// ```
#[derive(Debug)]
pub struct Reply {
    decoder: Decoder<'static>,
    /// For a text that has escapes.
    buffer: String,
    joiner: Joiner,
    /// What waits behind a half of a surrogate pair that turned out to be alone.
    queued: Option<Box<Event<'static>>>,
    phase: Phase,
    idle: Clock,
    progress: Clock,
    /// When the driver last told the time.
    seen: Instant,
}

#[derive(Debug)]
struct Clock {
    /// In nanoseconds: a conversation is to be small.
    timeout: u64,
    since: Instant,
}

impl Clock {
    fn start(timeout: Duration, now: Instant) -> Self {
        Self {
            timeout: u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX),
            since: now,
        }
    }

    fn restart(&mut self, now: Instant) {
        self.since = now;
    }

    fn due(&self) -> Instant {
        self.since + Duration::from_nanos(self.timeout)
    }
}

impl Reply {
    /// A reply whose head has just come.
    #[must_use]
    pub fn new(config: &Config, now: Instant) -> Self {
        Self {
            decoder: Decoder::with_limit(config.event_limit),
            buffer: String::new(),
            joiner: Joiner::default(),
            queued: None,
            phase: Phase::Reading,
            idle: Clock::start(config.idle_timeout, now),
            progress: Clock::start(config.progress_timeout, now),
            seen: now,
        }
    }

    /// Moves `input` past what it takes, up to the next event; `None`: all was taken.
    /// Once the reply is over, whatever comes is taken and ignored.
    ///
    /// # Errors
    ///
    /// The reply is cut, from here on.
    #[inline(always)]
    pub fn advance<'c>(
        &mut self,
        input: &mut &'c [u8],
        now: Instant,
    ) -> Result<Option<Ready<'c>>, Cut> {
        if self.queued.is_some() {
            return Ok(Some(Ready(Source::Queue)));
        }
        match self.phase {
            Phase::Over => {
                *input = &[];
                return Ok(None);
            }
            Phase::Cut(cut) => return Err(cut),
            Phase::Reading => {}
        }
        self.seen = now;
        if !input.is_empty() {
            self.idle.restart(now);
        }
        match self.decoder.advance(input) {
            Ok(ready) => Ok(ready.map(|ready| Ready(Source::Decoder(ready)))),
            Err(error) => Err(self.cut(error.into())),
        }
    }

    /// The event that [`advance`](Self::advance) announced.
    ///
    /// # Errors
    ///
    /// The event is not what the API's text says: the reply is cut, from here on.
    pub fn event<'a>(&'a mut self, ready: Ready<'a>, now: Instant) -> Result<Event<'a>, Cut> {
        let event = match ready.0 {
            // Asked for twice: there is nothing left, which is what a ping says.
            Source::Queue => self.queued.take().map_or(Event::Ping, |event| *event),
            Source::Decoder(ready) => {
                match Event::parse_with(self.decoder.frame(ready), &mut self.buffer) {
                    Ok(event) => {
                        if !matches!(event, Event::Ping) {
                            self.progress.restart(now);
                        }
                        join(&mut self.joiner, &mut self.queued, event)
                    }
                    Err(invalid) => {
                        self.phase = Phase::Cut(invalid.into());
                        return Err(invalid.into());
                    }
                }
            }
        };
        if event.ends_reply() {
            self.phase = Phase::Over;
        }
        Ok(event)
    }

    /// The next event in a piece of the body; `None`: all of it was taken. The texts of
    /// deltas of the usual shape are given to `show` on the way, since an event is large.
    ///
    /// # Errors
    ///
    /// The reply is cut, from here on.
    #[inline(always)]
    pub(crate) fn next_event<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
        now: Instant,
        mut show: impl FnMut(&str),
    ) -> Result<Option<Event<'a>>, Cut> {
        let ready = loop {
            let Some(ready) = self.advance(input, now)? else {
                return Ok(None);
            };
            if !self.show_usual_delta(ready, now, &mut show) {
                break ready;
            }
        };
        self.event(ready, now).map(Some)
    }

    /// The next event after the end of the reply, for a driver that reads on to the end of
    /// the body: a `done` there refines what a `human` before it said of the state.
    ///
    /// # Errors
    ///
    /// That event is not what the API's text says. The reply is whole all the same.
    pub(crate) fn next_event_after_end<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Event<'a>>, Cut> {
        if self.phase != Phase::Over {
            return Ok(None);
        }
        let ready = self.decoder.advance(input).ok().flatten();
        let Some(frame) = ready.map(|ready| self.decoder.frame(ready)) else {
            return Ok(None);
        };
        Ok(Some(Event::parse_with(frame, &mut self.buffer)?))
    }

    /// Gives the text of the event that was announced to `show`, if that is a delta like
    /// nearly all; otherwise [`event`](Self::event) is to be asked.
    #[inline]
    fn show_usual_delta(
        &mut self,
        ready: Ready<'_>,
        now: Instant,
        show: impl FnOnce(&str),
    ) -> bool {
        let Source::Decoder(ready) = ready.0 else {
            return false;
        };
        if !self.joiner.is_idle() {
            return false;
        }
        let frame = self.decoder.frame(ready);
        let Some(text) = crate::api::usual_delta(frame, &mut self.buffer) else {
            return false;
        };
        self.progress.restart(now);
        show(text);
        true
    }

    /// The body ended: takes what had no blank line yet where it is a known event and
    /// whole, and otherwise says why the reply is cut; `None` where the reply was over
    /// before. To be called until it gives `None` or an error.
    ///
    /// # Errors
    ///
    /// The reply is cut: [`Cut::Truncated`], where it was not cut before.
    pub fn finish(&mut self) -> Result<Option<Event<'static>>, Cut> {
        let event = match (self.queued.take(), self.phase) {
            (Some(event), _) => *event,
            (None, Phase::Over) => return Ok(None),
            (None, Phase::Cut(cut)) => return Err(cut),
            (None, Phase::Reading) => {
                let last = self.decoder.finish().map(Event::parse);
                match last {
                    Some(Ok(event)) if !matches!(event, Event::Unknown { .. } | Event::Ping) => {
                        join(&mut self.joiner, &mut self.queued, event.into_owned())
                    }
                    _ => match self.joiner.finish() {
                        Some(text) => Event::Delta { text },
                        None => return Err(self.cut(Cut::Truncated)),
                    },
                }
            }
        };
        if event.ends_reply() {
            self.phase = Phase::Over;
        }
        Ok(Some(event))
    }

    /// The connection was lost: as [`finish`](Self::finish), with [`Cut::Interrupted`]
    /// and without taking what had no blank line yet.
    ///
    /// # Errors
    ///
    /// The reply is cut.
    pub fn handle_interruption(&mut self) -> Result<(), Cut> {
        self.end(Cut::Interrupted)
    }

    /// The driver reads again, after it did not since its last call: what passed in
    /// between is not held against the service. For drivers that wait for their
    /// application, which is how it slows the service down; only where the driver was not
    /// waiting for the service: what passed in a wait that was given up still counts.
    pub fn resume(&mut self, now: Instant) {
        let away = now.saturating_duration_since(self.seen);
        self.idle.since = self.idle.since + away;
        self.progress.since = self.progress.since + away;
        self.seen = now;
    }

    /// A deadline may have come.
    ///
    /// # Errors
    ///
    /// It has, or the reply was cut before.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Cut> {
        self.seen = now;
        if self.idle.due() <= now {
            self.end(Cut::Idle)
        } else if self.progress.due() <= now {
            self.end(Cut::NoProgress)
        } else if let Phase::Cut(cut) = self.phase {
            Err(cut)
        } else {
            Ok(())
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, unless bytes come
    /// before; `None` once nothing more is waited for.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        (self.phase == Phase::Reading).then(|| self.idle.due().min(self.progress.due()))
    }

    /// Whether the reply is over: `done`, `human` or `error` came.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn end(&mut self, cut: Cut) -> Result<(), Cut> {
        match self.phase {
            Phase::Over => Ok(()),
            Phase::Cut(cut) => Err(cut),
            Phase::Reading => Err(self.cut(cut)),
        }
    }

    const fn cut(&mut self, cut: Cut) -> Cut {
        self.phase = Phase::Cut(cut);
        cut
    }
}

/// Joins what a service cut in two. Where no other half follows, its text goes before
/// the event, which is queued.
fn join<'a>(
    joiner: &mut Joiner,
    queued: &mut Option<Box<Event<'static>>>,
    event: Event<'a>,
) -> Event<'a> {
    match event {
        Event::Delta { text } => Event::Delta {
            text: joiner.join(text),
        },
        Event::Ping => Event::Ping,
        other => match joiner.finish() {
            Some(text) => {
                *queued = Some(Box::new(other.into_owned()));
                Event::Delta { text }
            }
            None => other,
        },
    }
}
