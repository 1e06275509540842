//! The decoder: the fast path where it can be, the plain machine where it must be.

use core::fmt;
use core::time::Duration;

use super::fast::{self, BLOCK, Look, Place, Usual};
use super::frame::Frame;
use super::plain::{AfterCr, DecodeError, PlainDecoder};

/// Who reads the next byte.
///
/// ```text
///             whole: shown where it lies
///              ┌──┐
///              ▼  │        more bytes needed
///  Start ───▶ Event ──────────────────────────▶ Tail
///    │          │ ▲ ▲            whole           │ │
///    │          │ │ └────────────────────────────┘ │
///    │      odd │ │ let go                         │ odd, or full
///    │          ▼ │                                ▼
///    └───────▶ Plain ◀─────────────────────────────┘
///               │ ▲
///         frame ▼ │ let go, and no event begins there
///              Shown
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// At the start of the stream: there may be a byte order mark.
    Start,
    /// The fast path, at the start of an event.
    Event,
    /// As `Event`, but an LF is still part of the line before.
    EventAfterCr,
    /// The fast path, behind the beginning of an event that stands in the tail.
    Tail,
    /// The plain machine.
    Plain,
    /// The plain machine, which shows a frame.
    Shown,
}

/// Fewer bytes than this go behind the tail as one word.
const FEW: usize = 8;

/// The answer of [`Decoder::advance`]: a frame can be looked at with [`Decoder::frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready<'c> {
    source: Source,
    /// The input as it stood before the step.
    chunk: &'c [u8],
}

#[cfg(feature = "alloc")]
impl Ready<'_> {
    /// Without the chunk, for a reader that owns it.
    pub(crate) const fn without_chunk(self) -> ReadyApart {
        ReadyApart(self.source)
    }
}

/// A [`Ready`] without its chunk.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadyApart(Source);

#[cfg(feature = "alloc")]
impl ReadyApart {
    /// With the input as it stood before the step.
    pub(crate) const fn with_chunk(self, chunk: &[u8]) -> Ready<'_> {
        Ready {
            source: self.0,
            chunk,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Chunk(Place),
    Tail(Place),
    Plain,
}

/// An incremental decoder of event streams.
///
/// Push each chunk of the body through [`decode`](Self::decode), in order; at the end
/// of the body [`finish`](Self::finish) may be asked for what had no blank line yet.
/// The frames, and the errors with their place, depend on the bytes alone, never on
/// the way they were cut, nor on whose storage it is.
///
/// A frame comes with the chunk that completes it: a CR ends its line at once, and an
/// LF that follows later is swallowed. Comments and unknown fields cost no memory, no
/// line is buffered, no byte is read more than a few times: time is linear in the bytes.
///
/// # Limit
///
/// The values of the `id`, `event` and `data` fields of one event, with the LFs
/// between data lines and the last event ID carried over from before, fit in the
/// limit together; a value that a later field of the same event replaces still
/// counts, and an `id` that a NUL makes void counts until that NUL. Past the limit
/// [`decode`](Self::decode) is [`DecodeError::TooLong`], with the input left at the byte
/// that did not fit (for the LF between data lines: at the byte that ends the second
/// name), and says so again until [`reset`](Self::reset). Source: our decision; the
/// standard has no limit.
///
/// # Cost
///
/// With the caller's storage nothing is ever allocated. The decoder's own storage
/// begins with 4 KiB (less where the limit is less) and grows, up to the limit, only
/// for an event that does not fit; it is kept for the next one. An event that lies
/// whole in a chunk, of the usual shape (`event` and `data`, or `data` alone, a line
/// each, one space behind the colon), is shown there and copied nowhere.
pub struct Decoder<'b> {
    plain: PlainDecoder<'b>,
    next: Next,
    /// Whether there is a last event ID, where the fast path reads.
    has_id: bool,
    /// The beginning of an event that the chunks so far did not complete; behind a frame
    /// of two chunks that frame.
    tail: [u8; BLOCK + FEW],
    tail_len: u8,
    /// The mask of the tail's line ends.
    tail_ends: u64,
}

#[cfg(feature = "alloc")]
impl Decoder<'static> {
    /// The limit of [`new`](Self::new), in bytes: 1 MiB. Source: our decision.
    pub const DEFAULT_LIMIT: usize = PlainDecoder::DEFAULT_LIMIT;

    /// A decoder with storage of its own and the default limit.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }

    /// A decoder with storage of its own, for events of at most `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self::over(PlainDecoder::with_limit(limit))
    }

    /// As [`with_limit`](Self::with_limit), without storage until an event needs some: for a
    /// program that holds very many streams, most of whose events are of the usual shape
    /// and short, or lie whole in a chunk.
    #[must_use]
    pub fn growing(limit: usize) -> Self {
        Self::over(PlainDecoder::growing(limit))
    }
}

#[cfg(feature = "alloc")]
impl Default for Decoder<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'b> Decoder<'b> {
    /// A decoder over the caller's storage, whose length is the limit.
    #[must_use]
    pub const fn with_buffer(buffer: &'b mut [u8]) -> Self {
        Self::over(PlainDecoder::with_buffer(buffer))
    }

    const fn over(plain: PlainDecoder<'b>) -> Self {
        Self {
            plain,
            next: Next::Start,
            has_id: false,
            tail: [0; BLOCK + FEW],
            tail_len: 0,
            tail_ends: 0,
        }
    }

    /// The next frame, moving `input` past what it took; `None`: all was taken.
    ///
    /// # Errors
    ///
    /// An event is longer than the limit; the same again until [`reset`](Self::reset).
    #[inline(always)]
    pub fn decode<'d, 'c: 'd>(
        &'d mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Frame<'d>>, DecodeError> {
        let ready = self.advance(input)?;
        Ok(ready.map(|ready| self.frame(ready)))
    }

    /// The same step as [`decode`](Self::decode), announced first and looked at with
    /// [`frame`](Self::frame) after: a loop that returns a frame to its own caller
    /// cannot hold a borrow while it goes on.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline(always)]
    pub fn advance<'c>(&mut self, input: &mut &'c [u8]) -> Result<Option<Ready<'c>>, DecodeError> {
        let chunk = *input;
        if self.next == Next::Event {
            if let Some(block) = chunk.first_chunk() {
                if let Some(usual) = fast::usual(block) {
                    *input = chunk.get(usual.len..).unwrap_or_default();
                    let source = Source::Chunk(usual.place);
                    return Ok(Some(Ready { source, chunk }));
                }
            } else if chunk.is_empty() {
                return Ok(None);
            }
        }
        let source = self.advance_by(input)?;
        Ok(source.map(|source| Ready { source, chunk }))
    }

    /// The frame that [`advance`](Self::advance) announced. To be looked at before the
    /// next call that changes the decoder; later it is whatever event stands there then.
    #[inline(always)]
    #[must_use]
    pub fn frame<'a>(&'a self, ready: Ready<'a>) -> Frame<'a> {
        let (place, bytes) = match ready.source {
            Source::Chunk(place) => (place, ready.chunk),
            Source::Tail(place) => (place, &self.tail[..]),
            Source::Plain => return self.plain.frame(),
        };
        Frame {
            event: place.event(bytes),
            data: place.data(bytes),
            id: if self.has_id {
                self.plain.last_event_id()
            } else {
                &[]
            },
        }
    }

    /// What had no blank line yet at the end of the body, its last line counted as
    /// whole; `None` where that has no data or does not fit in the limit, or after an
    /// error.
    ///
    /// The standard discards it: it may have been cut. Only a caller who can tell from
    /// the data itself that it is whole should take it. The decoder is then as at the
    /// start of a stream, but for the last event ID and the reconnection time: such an
    /// event does not change them, and the next stream begins with them, as it does in
    /// browsers (to the letter, the standard begins each stream with an empty last
    /// event ID; so does [`reset`](Self::reset)).
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        if self.next == Next::Tail {
            self.read_tail_plainly(usize::from(self.tail_len));
        }
        self.next = Next::Start;
        self.plain.finish()
    }

    /// The last event ID, as of the last frame that was dispatched: what a client that
    /// reconnects sends as `Last-Event-ID`. Empty where there is none.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.plain.last_event_id()
    }

    /// The reconnection time that the stream asked for with `retry`, if it did; a
    /// number too large for 64 bits of milliseconds is the largest there is.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.plain.reconnection_time()
    }

    /// Makes the decoder as new, for another stream; the storage is kept. Before
    /// reconnecting, take the [`last_event_id`](Self::last_event_id).
    pub fn reset(&mut self) {
        self.plain.reset();
        self.next = Next::Start;
    }

    /// Any step but the usual one.
    #[inline(never)]
    fn advance_by(&mut self, input: &mut &[u8]) -> Result<Option<Source>, DecodeError> {
        match self.next {
            Next::Event => self.advance_event(input, 0),
            Next::Tail => {
                if let [byte] = **input {
                    if self.push(byte) {
                        *input = &[];
                        return Ok(None);
                    }
                }
                self.advance_tail(input)
            }
            _ => self.begin(input),
        }
    }

    /// A step that does not begin in the tail.
    #[inline(never)]
    fn begin(&mut self, input: &mut &[u8]) -> Result<Option<Source>, DecodeError> {
        let chunk = *input;
        if self.next == Next::Start && chunk.first().is_some_and(|&byte| byte != 0xEF) {
            self.plain.skip_byte_order_mark();
            self.begin_event();
        }
        if self.next == Next::Shown {
            self.begin_event();
        }
        if self.next == Next::EventAfterCr && !chunk.is_empty() {
            *input = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            self.next = Next::Event;
        }
        match self.next {
            Next::Event => self.advance_event(input, chunk.len() - input.len()),
            Next::EventAfterCr | Next::Tail => Ok(None),
            Next::Start if chunk.is_empty() => self.plain.advance(input).map(|_| None),
            Next::Start | Next::Plain | Next::Shown => self.advance_plainly(input),
        }
    }

    /// Reads on at the first byte of an event, with `before` bytes of the chunk before.
    #[inline]
    fn advance_event(
        &mut self,
        input: &mut &[u8],
        before: usize,
    ) -> Result<Option<Source>, DecodeError> {
        let len = input.len();
        let mut ends = 0;
        let looked = if len < BLOCK {
            ends = fast::ends_of(input);
            if let Some(usual) = fast::usual_by(input, ends) {
                return Ok(Some(self.show(input, usual, before)));
            }
            fast::look_by(input, ends)
        } else {
            fast::look(input)
        };
        match looked {
            Look::Usual(usual) if usual.place.len() <= self.plain.room() => {
                Ok(Some(self.show(input, usual, before)))
            }
            Look::More if len < BLOCK => {
                self.tail[..len].copy_from_slice(input);
                self.tail_len = len as u8;
                self.tail_ends = ends;
                if len > 0 {
                    self.next = Next::Tail;
                }
                *input = &[];
                Ok(None)
            }
            Look::Usual(_) | Look::More | Look::Odd => self.advance_plainly(input),
        }
    }

    /// Shows the event at the front, with `before` bytes of the chunk before.
    #[inline]
    fn show(&mut self, input: &mut &[u8], usual: Usual, before: usize) -> Source {
        *input = input.get(usual.len..).unwrap_or_default();
        self.next = Next::behind(usual);
        Source::Chunk(usual.place.behind(before))
    }

    /// Reads on behind the tail.
    #[inline(never)]
    fn advance_tail(&mut self, input: &mut &[u8]) -> Result<Option<Source>, DecodeError> {
        let before = usize::from(self.tail_len);
        if before == BLOCK {
            self.read_tail_plainly(before);
            return self.advance_plainly(input);
        }
        let filled = BLOCK.min(before + input.len());
        let more = &input[..filled - before];
        let ends = self.tail_ends
            | if more.len() < FEW {
                let few = fast::few(more);
                self.tail[before..before + FEW].copy_from_slice(&few);
                fast::ends_of_eight(few)
            } else {
                self.tail[before..filled].copy_from_slice(more);
                fast::ends_of(more)
            } << before;
        // Only where a line begins is there something to decide.
        let begun = ((ends << 1) >> before)
            .checked_shl((BLOCK - more.len()) as u32)
            .unwrap_or_default();
        let looked = if begun == 0 {
            Look::More
        } else {
            fast::look_by(&self.tail[..filled], ends)
        };
        match looked {
            Look::Usual(usual) => {
                *input = &input[usual.len - before..];
                self.next = Next::behind(usual);
                Ok(Some(Source::Tail(usual.place)))
            }
            Look::More if filled < BLOCK => {
                *input = &[];
                self.tail_len = filled as u8;
                self.tail_ends = ends;
                Ok(None)
            }
            Look::More | Look::Odd => {
                self.read_tail_plainly(before);
                self.advance_plainly(input)
            }
        }
    }

    /// Puts a byte behind the tail, where that decides nothing: within a line.
    #[inline(always)]
    fn push(&mut self, byte: u8) -> bool {
        let at = usize::from(self.tail_len);
        let within = at < BLOCK && self.tail_ends >> (at - 1) == 0;
        if within {
            self.tail[at] = byte;
            self.tail_ends |= u64::from(matches!(byte, b'\r' | b'\n')) << at;
            self.tail_len += 1;
        }
        within
    }

    #[inline(never)]
    fn advance_plainly(&mut self, input: &mut &[u8]) -> Result<Option<Source>, DecodeError> {
        self.next = Next::Plain;
        if self.plain.advance(input)? {
            self.next = Next::Shown;
            return Ok(Some(Source::Plain));
        }
        self.begin_event();
        Ok(None)
    }

    /// Hands the first bytes of the tail to the plain machine. They are the beginning of
    /// one event, and there is room for more: neither a frame nor an error is among them.
    fn read_tail_plainly(&mut self, len: usize) {
        let read = self.plain.advance(&mut &self.tail[..len]);
        debug_assert_eq!(read, Ok(false), "the tail is the beginning of one event");
    }

    /// Takes over from the plain machine, where that is at the start of an event.
    fn begin_event(&mut self) {
        self.plain.forget_shown();
        self.has_id = !self.plain.last_event_id().is_empty();
        // With less, the tail could hold what is too long.
        self.next = match (self.plain.room() >= BLOCK)
            .then(|| self.plain.lend())
            .flatten()
        {
            Some(AfterCr(false)) => Next::Event,
            Some(AfterCr(true)) => Next::EventAfterCr,
            None => Next::Plain,
        };
    }
}

impl Next {
    const fn behind(usual: Usual) -> Self {
        if usual.after_cr {
            Self::EventAfterCr
        } else {
            Self::Event
        }
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain.fmt(f)
    }
}
