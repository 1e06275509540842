//! The decoder of events.

use alloc::string::String;
use core::fmt;

use super::delta::{self, Taken};
use super::{Event, InvalidEvent};
use crate::sse::{DecodeError, Decoder, Ready};

/// An incremental decoder of the events of a reply: [`sse::Decoder`](crate::sse::Decoder) and
/// [`Event::parse_with`] in one.
///
/// Its events are the same as with these two, but it is faster, because it reads the lines and the
/// JSON of most deltas in one step. Pass each chunk of the body to [`decode`](Self::decode), in order,
/// and call [`finish`](Self::finish) at the end of the body.
///
/// It only decodes. [`Reply`](crate::reply::Reply) also has timeouts, reports whether the reply was
/// whole, and joins the halves of a surrogate pair that the service sent in two deltas. Here, each half
/// becomes U+FFFD, and the program itself must see the end: only `done`, `human` and `error` end a
/// reply, and a body that ends without one of them was cut.
///
/// ```
/// use highchat_proto::{Event, EventDecoder};
///
/// let mut events = EventDecoder::new();
/// let mut text = String::new();
/// let chunks = ["event: delta\ndata: {\"text\":\"Բարև\"}\n\nevent: del", "ta\ndata: {\"text\":\" 👋\"}\n\n"];
/// for chunk in chunks {
///     let mut input = chunk.as_bytes();
///     while let Some(event) = events.decode(&mut input)? {
///         match event {
///             Event::Delta { text: delta } => text.push_str(&delta),
///             other => println!("{other:?}"),
///         }
///     }
/// }
/// // The end of the body: the last event may have no blank line after it.
/// if let Some(event) = events.finish() {
///     println!("{event:?}");
/// }
/// assert_eq!(text, "Բարև 👋");
/// # Ok::<(), highchat_proto::EventDecodeError>(())
/// ```
///
/// # Cost
///
/// An event that lies completely in one chunk, and has [the usual shape](Decoder#cost), is read in
/// place. A text without escapes then borrows from the chunk, and a text with escapes is written into
/// a buffer. The decoder allocates nothing until an event needs it, and at most some three times the
/// limit. A later event uses the same storage again.
#[derive(Debug)]
pub struct EventDecoder {
    frames: Decoder<'static>,
    /// Space for unescaped text.
    buffer: String,
}

/// The error of [`EventDecoder::decode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventDecodeError {
    /// The event stream cannot be decoded. Each later call returns the same error, until
    /// [`EventDecoder::reset`].
    Stream(DecodeError),
    /// The data of a known event is invalid. A later call returns the next event, but text of the
    /// reply may be missing.
    Event(InvalidEvent),
}

impl fmt::Display for EventDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Event(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EventDecodeError {}

impl From<DecodeError> for EventDecodeError {
    fn from(error: DecodeError) -> Self {
        Self::Stream(error)
    }
}

impl From<InvalidEvent> for EventDecodeError {
    fn from(error: InvalidEvent) -> Self {
        Self::Event(error)
    }
}

impl Default for EventDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl EventDecoder {
    /// A decoder with the limit [`Decoder::DEFAULT_LIMIT`], 1 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Decoder::DEFAULT_LIMIT)
    }

    /// A decoder for events of at most `limit` bytes, [counted as](Decoder#limit) `Decoder` counts
    /// them. It allocates its storage when the first event needs it.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            frames: Decoder::growing(limit),
            buffer: String::new(),
        }
    }

    /// Returns the next event, and moves `input` past the bytes that were read. `None` means that
    /// the whole input was read.
    ///
    /// The event borrows from the chunk and the decoder; [`Event::into_owned`] keeps it. It is fastest to match
    /// the result directly, as in the example, because an `Event` is large to move. In a loop
    /// that returns an event to its own caller, the borrow checker refuses this method (E0499):
    /// use [`Decoder::advance`](crate::sse::Decoder::advance) and [`Event::parse_with`] there.
    ///
    /// # Errors
    ///
    /// An event is longer than the limit, or the data of a known event is invalid. `input` is past
    /// an invalid event, so the next call reads on. But text of the reply may be missing then, so a
    /// program should treat the reply as cut.
    #[inline(always)]
    pub fn decode<'a, 'c: 'a>(
        &'a mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Event<'a>>, EventDecodeError> {
        if let Some(taken) = self.take_delta(input) {
            let text = self.text(taken).into();
            return Ok(Some(Event::Delta { text }));
        }
        match self.frames.advance(input)? {
            Some(ready) => Ok(Some(self.event(ready)?)),
            None => Ok(None),
        }
    }

    /// Takes the next event if it is a `delta` of the usual form that lies completely in `input`.
    /// `None` if this is not certain; then nothing is taken.
    #[inline(always)]
    pub(crate) fn take_delta<'c>(&mut self, input: &mut &'c [u8]) -> Option<Taken<'c>> {
        if !self.frames.is_at_event() {
            return None;
        }
        delta::take(input, &mut self.buffer)
    }

    /// The text of the delta that was just taken.
    #[inline(always)]
    pub(crate) fn text<'a>(&'a self, taken: Taken<'a>) -> &'a str {
        match taken {
            Taken::Chunk(text) => text,
            Taken::Buffer => &self.buffer,
        }
    }

    /// Finds the next event, which [`event`](Self::event) returns.
    #[inline(always)]
    pub(crate) fn advance<'c>(
        &mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Ready<'c>>, DecodeError> {
        self.frames.advance(input)
    }

    /// The event for a result of [`advance`](Self::advance).
    #[inline(always)]
    pub(crate) fn event<'a>(&'a mut self, ready: Ready<'a>) -> Result<Event<'a>, InvalidEvent> {
        Event::parse_with(self.frames.frame(ready), &mut self.buffer)
    }

    /// Ends the stream. Returns the event that had no blank line yet, if its type is known and its
    /// data is valid, which shows that it is complete. It never returns a `ping` or an unknown event,
    /// because their data does not show this.
    ///
    /// The decoder is then at the start of a new stream. See
    /// [`Decoder::finish`](crate::sse::Decoder::finish).
    pub fn finish(&mut self) -> Option<Event<'_>> {
        let event = Event::parse_with(self.frames.finish()?, &mut self.buffer).ok()?;
        let is_whole = !matches!(event, Event::Ping | Event::Unknown { .. });
        is_whole.then_some(event)
    }

    /// Makes the decoder like new, for another stream, but keeps its storage.
    pub fn reset(&mut self) {
        self.frames.reset();
    }
}
