//! One reply: reads the body of `POST /v1/chat` into events, and checks whether it is whole.

mod reader;

use alloc::boxed::Box;
use core::time::Duration;

use crate::api::{Event, EventDecoder, Joiner};
use crate::config::Config;
use crate::failure::Cut;
use crate::sse;
use crate::time::Instant;

pub use self::reader::Reader;
/// A sign from [`Reply::advance`] that [`Reply::event`] has an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready<'c>(Source<'c>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source<'c> {
    Decoder(sse::Ready<'c>),
    Queue,
}

/// A [`Ready`] that does not borrow the chunk, for the reader that owns it.
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
    /// Borrows the chunk again. It must be the same input as before the step.
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

/// One reply that is being read: chunks of the body go in, events come out.
///
/// Only `done`, `human` or `error` ends a reply (our decision, after the API's text). If the
/// body ends without one of them, or if a timeout passes, the reply is [`Cut`]. After the end
/// of the reply, the rest of the body is ignored.
///
/// ```text
/// loop {
///     while let Some(ready) = reply.advance(&mut input, now)? {
///         show(reply.event(ready, now)?);
///     }
///     if reply.is_over() { break }
///     // Read more until `reply.deadline()`. At that time call `handle_timeout`; at the end
///     // of the body call `finish`.
/// }
/// ```
#[derive(Debug)]
pub struct Reply {
    events: EventDecoder,
    joiner: Joiner,
    /// An event that follows an unpaired half of a surrogate pair.
    queued: Option<Box<Event<'static>>>,
    phase: Phase,
    idle: Clock,
    progress: Clock,
    /// The last time that the driver passed in.
    seen: Instant,
}

#[derive(Debug)]
struct Clock {
    /// In nanoseconds, because `u64` is smaller than `Duration`.
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
    /// Creates a reply, when its head has just come.
    #[must_use]
    pub fn new(config: &Config, now: Instant) -> Self {
        Self {
            events: EventDecoder::with_limit(config.event_limit),
            joiner: Joiner::default(),
            queued: None,
            phase: Phase::Reading,
            idle: Clock::start(config.idle_timeout, now),
            progress: Clock::start(config.progress_timeout, now),
            seen: now,
        }
    }

    /// Reads `input` up to the next event, and moves it past what was read; `None` if all of it
    /// was read. After the end of the reply, all input is read and ignored.
    ///
    /// # Errors
    ///
    /// The reply is cut. Later calls return the same error. The progress timeout is one reason: if
    /// the service always has bytes to read, the driver never waits until the deadline.
    #[inline(always)]
    pub fn advance<'c>(
        &mut self,
        input: &mut &'c [u8],
        now: Instant,
    ) -> Result<Option<Ready<'c>>, Cut> {
        if self.begin(input, now)? {
            return Ok(Some(Ready(Source::Queue)));
        }
        let ready = self.decode(input, now)?;
        Ok(ready.map(|ready| Ready(Source::Decoder(ready))))
    }

    /// Begins to read `input`. Returns whether an event is queued, which comes first.
    fn begin(&mut self, input: &mut &[u8], now: Instant) -> Result<bool, Cut> {
        if self.queued.is_some() {
            return Ok(true);
        }
        match self.phase {
            Phase::Over => *input = &[],
            Phase::Cut(cut) => return Err(cut),
            Phase::Reading => {
                self.seen = now;
                if !input.is_empty() {
                    self.idle.restart(now);
                }
            }
        }
        Ok(false)
    }

    /// Decodes the next event of `input`, after [`begin`](Self::begin).
    #[inline(always)]
    fn decode<'c>(
        &mut self,
        input: &mut &'c [u8],
        now: Instant,
    ) -> Result<Option<sse::Ready<'c>>, Cut> {
        if input.is_empty() {
            return Ok(None);
        }
        match self.events.advance(input) {
            Ok(None) if self.progress.due() <= now => Err(self.cut(Cut::NoProgress)),
            Ok(ready) => Ok(ready),
            Err(error) => Err(self.cut(error.into())),
        }
    }

    /// The event that [`advance`](Self::advance) found.
    ///
    /// # Errors
    ///
    /// The API's text does not allow this event, or it is a ping after the progress timeout. The
    /// reply is cut. Later calls of `advance` return the same error.
    pub fn event<'a>(&'a mut self, ready: Ready<'a>, now: Instant) -> Result<Event<'a>, Cut> {
        let event = match ready.0 {
            // On a second call for the same event, nothing is left. A ping has no effect.
            Source::Queue => self.queued.take().map_or(Event::Ping, |event| *event),
            Source::Decoder(ready) => match self.events.event(ready) {
                Ok(Event::Ping) if self.progress.due() <= now => {
                    self.phase = Phase::Cut(Cut::NoProgress);
                    return Err(Cut::NoProgress);
                }
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
            },
        };
        if event.ends_reply() {
            self.phase = Phase::Over;
        }
        Ok(event)
    }

    /// Returns the next event in `input`; `None` if all of it was read. Most deltas are not returned:
    /// their texts go to `show`, because an [`Event`] is large to move. The event that is returned may
    /// be a delta too.
    ///
    /// # Errors
    ///
    /// The reply is cut. Later calls return the same error.
    #[inline(always)]
    pub(crate) fn next_event<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
        now: Instant,
        show: impl FnMut(&str),
    ) -> Result<Option<Event<'a>>, Cut> {
        let source = if self.begin(input, now)? {
            Source::Queue
        } else {
            self.show_usual_deltas(input, now, show);
            match self.decode(input, now)? {
                Some(ready) => Source::Decoder(ready),
                None => return Ok(None),
            }
        };
        self.event(Ready(source), now).map(Some)
    }

    /// Passes the texts of the deltas at the front of `input` to `show`, as long as they have the
    /// usual form.
    #[inline(always)]
    fn show_usual_deltas(&mut self, input: &mut &[u8], now: Instant, mut show: impl FnMut(&str)) {
        if !self.joiner.is_idle() {
            return;
        }
        while let Some(taken) = self.events.take_delta(input) {
            self.progress.restart(now);
            show(self.events.text(taken));
        }
    }

    /// Returns the next event after the end of the reply, for a driver that reads the body to
    /// its end. A `done` after `human` may have a newer state.
    ///
    /// # Errors
    ///
    /// The API's text does not allow this event. The reply is still whole.
    pub(crate) fn next_event_after_end<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Event<'a>>, Cut> {
        if self.phase != Phase::Over {
            return Ok(None);
        }
        match self.events.advance(input) {
            Ok(Some(ready)) => Ok(Some(self.events.event(ready)?)),
            Ok(None) | Err(_) => Ok(None),
        }
    }

    /// Handles the end of the body. Returns a last event without a blank line after it, if the
    /// event is known and valid; `None` if the reply ended before. Call it until it returns
    /// `None` or an error.
    ///
    /// # Errors
    ///
    /// The reply is cut: [`Cut::Truncated`], unless it was cut before.
    pub fn finish(&mut self) -> Result<Option<Event<'static>>, Cut> {
        let event = match (self.queued.take(), self.phase) {
            (Some(event), _) => *event,
            (None, Phase::Over) => return Ok(None),
            (None, Phase::Cut(cut)) => return Err(cut),
            (None, Phase::Reading) => match self.events.finish() {
                Some(event) => join(&mut self.joiner, &mut self.queued, event.into_owned()),
                None => match self.joiner.finish() {
                    Some(text) => Event::Delta { text },
                    None => return Err(self.cut(Cut::Truncated)),
                },
            },
        };
        if event.ends_reply() {
            self.phase = Phase::Over;
        }
        Ok(Some(event))
    }

    /// Handles a lost connection. Unlike [`finish`](Self::finish), it does not return a last
    /// event without a blank line after it.
    ///
    /// # Errors
    ///
    /// The reply is cut: [`Cut::Interrupted`], unless it was cut before.
    pub fn handle_interruption(&mut self) -> Result<(), Cut> {
        self.end(Cut::Interrupted)
    }

    /// Notes that the driver reads again after a pause. The time since its last call does not
    /// count for the timeouts. Use this in a driver that waits for its application, which slows
    /// the service down. Do not use it after a wait for the service: that time must count.
    pub fn resume(&mut self, now: Instant) {
        self.excuse(now.saturating_duration_since(self.seen));
        self.seen = now;
    }

    /// Leaves a time out of the timeouts.
    fn excuse(&mut self, time: Duration) {
        self.idle.since = self.idle.since + time;
        self.progress.since = self.progress.since + time;
    }

    /// Handles the passing of time.
    ///
    /// # Errors
    ///
    /// A timeout has passed, or the reply was cut before.
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

    /// When to call [`handle_timeout`](Self::handle_timeout), unless bytes come earlier; `None`
    /// after the reply is over or cut.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        (self.phase == Phase::Reading).then(|| self.idle.due().min(self.progress.due()))
    }

    /// Whether the reply is over, because `done`, `human` or `error` came.
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

/// Joins the halves of a surrogate pair that a service sent in two deltas. If no second half
/// follows, the first half is returned before the event, and the event is queued.
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
