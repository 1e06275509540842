//! The decoder of event streams: a fast path for the usual event, and [`PlainDecoder`] for
//! everything else.

use core::fmt;
use core::time::Duration;

use super::fast::{self, BLOCK, Place, Scan, Usual};
use super::frame::Frame;
use super::plain::{AfterCr, DecodeError, PlainDecoder};

/// The part of the decoder that reads the next byte.
///
/// ```text
///             whole: frame in the chunk
///              ┌──┐
///              ▼  │        more bytes needed
///  Start ───▶ Event ──────────────────────────▶ Tail
///    │          │ ▲ ▲            whole           │ │
///    │          │ │ └────────────────────────────┘ │
///    │    other │ │ next event                     │ other, or full
///    │          ▼ │                                ▼
///    └───────▶ Plain ◀─────────────────────────────┘
///               │ ▲
///         frame ▼ │ next call, if the fast path cannot begin
///              Shown
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The start of the stream, where a byte order mark may stand.
    Start,
    /// The fast path, at the start of an event.
    Event,
    /// The fast path, at the start of an event and after a CR. An LF there is still part of
    /// the line before.
    EventAfterCr,
    /// The fast path. The tail holds the first part of the event.
    Tail,
    /// The plain decoder.
    Plain,
    /// The plain decoder, which holds a frame for the caller.
    Shown,
}

/// Fewer bytes than this are copied into the tail as one word.
const WORD: usize = 8;

/// The result of [`Decoder::advance`]: [`Decoder::frame`] now returns a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready<'c> {
    source: Source,
    /// The input before the step.
    chunk: &'c [u8],
}

#[cfg(feature = "alloc")]
impl Ready<'_> {
    /// The same result without the chunk, for a reader that owns the chunk.
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
    /// Adds the chunk again, which is the input before the step.
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
/// Pass each chunk of the body to [`decode`](Self::decode), in order. At the end of the body,
/// [`finish`](Self::finish) returns an event that had no blank line yet. The frames and the
/// errors, and their places in the stream, depend only on the bytes, not on how the bytes are
/// cut into chunks or on who owns the storage.
///
/// A frame is returned with the chunk that completes it. For this a CR ends its line at once,
/// and an LF after it is skipped when it comes. Comments and unknown fields need no memory. No
/// line is buffered, and the time is linear in the number of bytes.
///
/// # Limit
///
/// The limit is for one event. These bytes count together: the values of its `id`, `event`
/// and `data` fields, the LFs between its data lines, and the last event ID of an earlier
/// event. A value that a later field of the same event replaces still counts. An `id` with a
/// NUL, which is ignored, counts up to the NUL.
///
/// Past the limit, [`decode`](Self::decode) returns [`DecodeError::TooLong`], on each call
/// until [`reset`](Self::reset). It leaves the input at the byte that did not fit. If this is
/// the LF between two data lines, it leaves the input at the byte that ends the field name of
/// the second line. Source: our decision; the standard has no limit.
///
/// # Cost
///
/// With the caller's storage nothing is allocated. The decoder's own storage has 4 KiB at
/// first, or the limit if that is less. It grows up to the limit for an event that does not
/// fit, and stays as large for the next event.
///
/// An event of the usual shape that lies completely in one chunk is not copied. The usual shape
/// is an `event` line and a `data` line, or only a `data` line, with one space after each
/// colon.
pub struct Decoder<'b> {
    plain: PlainDecoder<'b>,
    next: Next,
    /// Whether there is a last event ID. It is valid while the fast path reads.
    has_id: bool,
    /// The first part of an event that is not complete yet. After a frame that began in an
    /// earlier chunk, it is that frame's event.
    tail: [u8; BLOCK + WORD],
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

    /// A decoder that allocates its storage when the first event needs it, for events of at
    /// most `limit` bytes.
    ///
    /// It is for a program with very many streams. Most events need no storage, because they
    /// have the usual shape and are short or lie completely in one chunk.
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
    /// A decoder with the caller's storage. The length of the storage is the limit.
    #[must_use]
    pub const fn with_buffer(buffer: &'b mut [u8]) -> Self {
        Self::over(PlainDecoder::with_buffer(buffer))
    }

    const fn over(plain: PlainDecoder<'b>) -> Self {
        Self {
            plain,
            next: Next::Start,
            has_id: false,
            tail: [0; BLOCK + WORD],
            tail_len: 0,
            tail_ends: 0,
        }
    }

    /// Returns the next frame and moves `input` past the bytes that were read. `None` means
    /// that the whole input was read.
    ///
    /// # Errors
    ///
    /// An event is longer than the limit. Each later call returns the same error until
    /// [`reset`](Self::reset).
    #[inline(always)]
    pub fn decode<'d, 'c: 'd>(
        &'d mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Frame<'d>>, DecodeError> {
        let ready = self.advance(input)?;
        Ok(ready.map(|ready| self.frame(ready)))
    }

    /// Does the same step as [`decode`](Self::decode), but returns a small value instead of
    /// the frame. Pass that value to [`frame`](Self::frame).
    ///
    /// Use it in a loop that returns a frame to its own caller. With `decode` the borrow
    /// checker refuses such a loop (E0499).
    ///
    /// # Errors
    ///
    /// The same as for [`decode`](Self::decode).
    #[inline(always)]
    pub fn advance<'c>(&mut self, input: &mut &'c [u8]) -> Result<Option<Ready<'c>>, DecodeError> {
        let chunk = *input;
        if self.next == Next::Event {
            if let Some(block) = chunk.first_chunk() {
                if let Some(usual) = fast::usual_event(block) {
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

    /// The frame for a result of [`advance`](Self::advance).
    ///
    /// Call it before the next call that changes the decoder. After such a call the frame may
    /// have the content of another event.
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

    /// Ends the stream. Returns the event that had no blank line after it, with its last line
    /// taken as complete. It is `None` if there is no such event, if the event has no data or
    /// does not fit in the limit, or after an error.
    ///
    /// The standard discards this event, because it may be cut. Use it only if the data itself
    /// shows that it is complete.
    ///
    /// The decoder is then at the start of a new stream. The last event ID and the reconnection
    /// time stay, and this event does not change them. Browsers do the same. The standard says
    /// that a stream begins with an empty last event ID; use [`reset`](Self::reset) for that.
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        if self.next == Next::Tail {
            self.read_tail_plainly(usize::from(self.tail_len));
        }
        self.next = Next::Start;
        self.plain.finish()
    }

    /// The last event ID at the last dispatched frame. A client that reconnects sends it as
    /// `Last-Event-ID`. It is empty if there is none.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.plain.last_event_id()
    }

    /// The reconnection time from the last `retry` field, if the stream had one. A number of
    /// milliseconds that is too large for 64 bits becomes the largest possible one.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.plain.reconnection_time()
    }

    /// Makes the decoder like new, for another stream, but keeps its storage. If you want to
    /// reconnect, read [`last_event_id`](Self::last_event_id) before.
    pub fn reset(&mut self) {
        self.plain.reset();
        self.next = Next::Start;
    }

    /// Whether the next byte begins an event, and nothing before it, such as a CR, is open. A reader
    /// that knows more about events than this decoder may then take a whole one from the input.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(crate) const fn is_at_event(&self) -> bool {
        matches!(self.next, Next::Event)
    }

    /// Every step that [`advance`](Self::advance) does not do itself.
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

    /// A step that begins in none of the states `Event` and `Tail`.
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

    /// Reads from the first byte of an event. The chunk has `before` bytes before it.
    #[inline]
    fn advance_event(
        &mut self,
        input: &mut &[u8],
        before: usize,
    ) -> Result<Option<Source>, DecodeError> {
        let len = input.len();
        let mut ends = 0;
        let scan = if len < BLOCK {
            ends = fast::ends_of(input);
            if let Some(usual) = fast::usual_event_with_ends(input, ends) {
                return Ok(Some(self.show(input, usual, before)));
            }
            fast::scan_with_ends(input, ends)
        } else {
            fast::scan(input)
        };
        match scan {
            Scan::Usual(usual) if usual.place.len() <= self.plain.room() => {
                Ok(Some(self.show(input, usual, before)))
            }
            Scan::Incomplete if len < BLOCK => {
                self.tail[..len].copy_from_slice(input);
                self.tail_len = len as u8;
                self.tail_ends = ends;
                if len > 0 {
                    self.next = Next::Tail;
                }
                *input = &[];
                Ok(None)
            }
            Scan::Usual(_) | Scan::Incomplete | Scan::Other => self.advance_plainly(input),
        }
    }

    /// Takes the event at the front of the input. The chunk has `before` bytes before it.
    #[inline]
    fn show(&mut self, input: &mut &[u8], usual: Usual, before: usize) -> Source {
        *input = input.get(usual.len..).unwrap_or_default();
        self.next = Next::after(usual);
        Source::Chunk(usual.place.shifted_by(before))
    }

    /// Reads the bytes that follow those in the tail.
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
            | if more.len() < WORD {
                let word = fast::pad_to_eight(more);
                self.tail[before..before + WORD].copy_from_slice(&word);
                fast::ends_of_eight(word)
            } else {
                self.tail[before..filled].copy_from_slice(more);
                fast::ends_of(more)
            } << before;
        // The bytes decide something only if a new line begins among them.
        let begun = ((ends << 1) >> before)
            .checked_shl((BLOCK - more.len()) as u32)
            .unwrap_or_default();
        let scan = if begun == 0 {
            Scan::Incomplete
        } else {
            fast::scan_with_ends(&self.tail[..filled], ends)
        };
        match scan {
            Scan::Usual(usual) => {
                *input = &input[usual.len - before..];
                self.next = Next::after(usual);
                Ok(Some(Source::Tail(usual.place)))
            }
            Scan::Incomplete if filled < BLOCK => {
                *input = &[];
                self.tail_len = filled as u8;
                self.tail_ends = ends;
                Ok(None)
            }
            Scan::Incomplete | Scan::Other => {
                self.read_tail_plainly(before);
                self.advance_plainly(input)
            }
        }
    }

    /// Appends a byte to the tail if the byte cannot decide anything, which is inside a line.
    /// Returns whether it did.
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

    /// Passes the first bytes of the tail to the plain decoder. They are the first part of one
    /// event and fit in the limit, so they give neither a frame nor an error.
    fn read_tail_plainly(&mut self, len: usize) {
        let read = self.plain.advance(&mut &self.tail[..len]);
        debug_assert_eq!(read, Ok(false), "the tail is the beginning of one event");
    }

    /// Begins an event with the fast path if the plain decoder is at the start of an event.
    fn begin_event(&mut self) {
        self.plain.forget_shown();
        self.has_id = !self.plain.last_event_id().is_empty();
        // With less room, an event that is too long could fit in the tail.
        self.next = match (self.plain.room() >= BLOCK)
            .then(|| self.plain.hand_over())
            .flatten()
        {
            Some(AfterCr(false)) => Next::Event,
            Some(AfterCr(true)) => Next::EventAfterCr,
            None => Next::Plain,
        };
    }
}

impl Next {
    const fn after(usual: Usual) -> Self {
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
