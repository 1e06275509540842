//! The standard's parser, a byte at a time where it must be, a run at a time where it can.

use core::fmt;
use core::time::Duration;

use super::buffers::{Buffers, Full};
use super::frame::Frame;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The fields the standard knows. All other names are ignored.
#[derive(Clone, Copy)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
}

impl Field {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Data => b"data",
            Self::Event => b"event",
            Self::Id => b"id",
            Self::Retry => b"retry",
        }
    }

    /// The one field whose name begins so: the first letters all differ.
    const fn beginning_with(first: u8) -> Option<Self> {
        match first {
            b'd' => Some(Self::Data),
            b'e' => Some(Self::Event),
            b'i' => Some(Self::Id),
            b'r' => Some(Self::Retry),
            _ => None,
        }
    }
}

/// Where in the stream the next byte stands.
///
/// ```text
///  ByteOrderMark ──▶ LineStart ──▶ Name ──▶ Space ──▶ Value ──▶ LineStart | AfterCr
///        │               │           │                  │
///        └───────────────┴─────▶ Ignored ◀──────────────┘ (NUL in an id, letter in a retry)
/// ```
#[derive(Clone, Copy)]
enum Position {
    /// At the start of the stream, with that many bytes of a byte order mark read.
    ByteOrderMark(usize),
    LineStart,
    /// At the start of a line, behind a CR: an LF here is the rest of that line's end.
    AfterCr,
    /// In a name that began as the field's, with that many bytes of it read.
    Name(Field, usize),
    /// Behind the colon: one space here is not part of the value.
    Space(Field),
    Value(Field),
    /// In a line that does not count: a comment, an unknown field, a broken value.
    Ignored,
}

/// What the caller can still look at, until the next call.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Nothing,
    Dispatched,
    /// What [`Decoder::finish`] gave: the standard would not have dispatched it.
    Unfinished,
}

/// Why a stream cannot be decoded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// An event is longer than the decoder's limit.
    TooLong,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("an event of the stream is longer than the limit"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// The answer of [`Decoder::advance`]: a frame can be looked at with [`Decoder::frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready(());

/// An incremental decoder of event streams.
///
/// Push each chunk of the body through [`decode`](Self::decode), in order; at the end
/// of the body [`finish`](Self::finish) may be asked for what had no blank line yet.
/// The frames, and the errors with their place, depend on the bytes alone, never on
/// the way they were cut, nor on whose storage it is.
///
/// A frame comes with the chunk that completes it: a CR ends its line at once, and an
/// LF that follows later is swallowed. Comments and unknown fields cost no memory, no
/// line is buffered, nothing is scanned twice: time is linear in the bytes.
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
/// for an event that does not fit; it is kept for the next one.
pub struct Decoder<'b> {
    buffers: Buffers<'b>,
    position: Position,
    shown: Shown,
    failed: Option<DecodeError>,
    /// The value of the `retry` line being read: milliseconds, `None` before a digit.
    retry: Option<u64>,
    reconnection_time: Option<Duration>,
}

#[cfg(feature = "alloc")]
impl Decoder<'static> {
    /// The limit of [`new`](Self::new), in bytes: 1 MiB. Source: our decision.
    pub const DEFAULT_LIMIT: usize = 1 << 20;

    /// A decoder with storage of its own and the default limit.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }

    /// A decoder with storage of its own, for events of at most `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self::over(Buffers::owned(limit))
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
        Self::over(Buffers::borrowed(buffer))
    }

    const fn over(buffers: Buffers<'b>) -> Self {
        Self {
            buffers,
            position: Position::ByteOrderMark(0),
            shown: Shown::Nothing,
            failed: None,
            retry: None,
            reconnection_time: None,
        }
    }

    /// The next frame, moving `input` past what it took; `None`: all was taken.
    ///
    /// # Errors
    ///
    /// An event is longer than the limit; the same again until [`reset`](Self::reset).
    pub fn decode<'d, 'c: 'd>(
        &'d mut self,
        input: &mut &'c [u8],
    ) -> Result<Option<Frame<'d>>, DecodeError> {
        let chunk = *input;
        let ready = self.advance(input)?;
        Ok(ready.map(|ready| self.frame(ready, chunk)))
    }

    /// The same step as [`decode`](Self::decode), announced first and looked at with
    /// [`frame`](Self::frame) after: a loop that returns a frame to its own caller
    /// cannot hold a borrow while it goes on.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Ready>, DecodeError> {
        self.forget_shown();
        if let Some(error) = self.failed {
            return Err(error);
        }
        while let Some((&byte, rest)) = input.split_first() {
            match self.position {
                Position::ByteOrderMark(read) => {
                    if byte == BYTE_ORDER_MARK[read] {
                        *input = rest;
                        self.position = match read {
                            2 => Position::LineStart,
                            _ => Position::ByteOrderMark(read + 1),
                        };
                    } else if read == 0 {
                        self.position = Position::LineStart;
                    } else {
                        // What looked like a mark was the beginning of some field's name.
                        self.position = Position::Ignored;
                    }
                }
                Position::AfterCr => {
                    if byte == b'\n' {
                        *input = rest;
                    }
                    self.position = Position::LineStart;
                }
                Position::LineStart => {
                    *input = rest;
                    if is_line_end(byte) {
                        self.end_line(byte);
                        if self.dispatch() {
                            return Ok(Some(Ready(())));
                        }
                    } else {
                        self.position = Field::beginning_with(byte)
                            .map_or(Position::Ignored, |field| Position::Name(field, 1));
                    }
                }
                Position::Name(field, read) => {
                    let name = field.name();
                    if read < name.len() && byte == name[read] {
                        *input = rest;
                        self.position = Position::Name(field, read + 1);
                    } else if read == name.len() && (byte == b':' || is_line_end(byte)) {
                        self.begin_value(field)?;
                        *input = rest;
                        if byte == b':' {
                            self.position = Position::Space(field);
                        } else {
                            self.end_value(field);
                            self.end_line(byte);
                        }
                    } else {
                        self.position = Position::Ignored;
                    }
                }
                Position::Space(field) => {
                    if byte == b' ' {
                        *input = rest;
                    }
                    self.position = Position::Value(field);
                }
                Position::Value(field) => {
                    self.read_value(field, input)?;
                    self.end_line_at(input, |decoder| decoder.end_value(field));
                }
                Position::Ignored => {
                    *input = &input[line_len(input)..];
                    self.end_line_at(input, |_| ());
                }
            }
        }
        Ok(None)
    }

    /// The frame that [`advance`](Self::advance) announced; `chunk` is the input as it
    /// stood before that call. To be looked at before the next call that changes the
    /// decoder; later it is whatever event stands there then.
    #[must_use]
    pub fn frame<'a>(&'a self, ready: Ready, chunk: &'a [u8]) -> Frame<'a> {
        let (Ready(()), _) = (ready, chunk);
        self.buffers.frame()
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
        self.forget_shown();
        if self.failed.is_some() {
            return None;
        }
        match self.position {
            Position::Name(field, read) if read == field.name().len() => {
                if self.begin_value(field).is_err() {
                    self.buffers.clear(false);
                    self.failed = None;
                } else {
                    self.end_unfinished_value(field);
                }
            }
            Position::Space(field) | Position::Value(field) => self.end_unfinished_value(field),
            _ => {}
        }
        self.position = Position::ByteOrderMark(0);
        self.shown = Shown::Unfinished;
        self.buffers.has_data().then(|| self.buffers.frame())
    }

    /// The last event ID, as of the last frame that was dispatched: what a client that
    /// reconnects sends as `Last-Event-ID`. Empty where there is none.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        match self.shown {
            Shown::Dispatched => self.buffers.newest_id(),
            Shown::Nothing | Shown::Unfinished => self.buffers.last_id(),
        }
    }

    /// The reconnection time that the stream asked for with `retry`, if it did; a
    /// number too large for 64 bits of milliseconds is the largest there is.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// Makes the decoder as new, for another stream; the storage is kept. Before
    /// reconnecting, take the [`last_event_id`](Self::last_event_id).
    pub fn reset(&mut self) {
        self.buffers.reset();
        self.position = Position::ByteOrderMark(0);
        self.shown = Shown::Nothing;
        self.failed = None;
        self.retry = None;
        self.reconnection_time = None;
    }

    fn forget_shown(&mut self) {
        if self.shown != Shown::Nothing {
            self.buffers.clear(self.shown == Shown::Dispatched);
            self.shown = Shown::Nothing;
        }
    }

    /// At a blank line: whether there is a frame to show.
    fn dispatch(&mut self) -> bool {
        if self.buffers.has_data() {
            self.shown = Shown::Dispatched;
            true
        } else {
            self.buffers.clear(true);
            false
        }
    }

    fn begin_value(&mut self, field: Field) -> Result<(), DecodeError> {
        match field {
            Field::Data => self.buffers.begin_data().map_err(|Full| self.too_long()),
            Field::Retry => {
                self.retry = None;
                Ok(())
            }
            Field::Event | Field::Id => Ok(()),
        }
    }

    /// Reads what the input has of the value, up to the line's end or to a byte that
    /// makes the line one to ignore.
    fn read_value(&mut self, field: Field, input: &mut &[u8]) -> Result<(), DecodeError> {
        let line = &input[..line_len(input)];
        match field {
            Field::Data | Field::Event => self.store(input, line.len()),
            Field::Id => {
                let Some(nul) = memchr::memchr(0, line) else {
                    return self.store(input, line.len());
                };
                self.store(input, nul)?;
                self.buffers.drop_value();
                self.position = Position::Ignored;
                Ok(())
            }
            Field::Retry => {
                for (at, byte) in line.iter().enumerate() {
                    if !byte.is_ascii_digit() {
                        self.position = Position::Ignored;
                        *input = &input[at..];
                        return Ok(());
                    }
                    let digit = u64::from(byte - b'0');
                    let read = self.retry.unwrap_or(0);
                    self.retry = Some(read.saturating_mul(10).saturating_add(digit));
                }
                *input = &input[line.len()..];
                Ok(())
            }
        }
    }

    fn store(&mut self, input: &mut &[u8], len: usize) -> Result<(), DecodeError> {
        let (taken, whole) = self.buffers.extend_value(&input[..len]);
        *input = &input[taken..];
        if whole { Ok(()) } else { Err(self.too_long()) }
    }

    fn end_value(&mut self, field: Field) {
        if matches!(field, Field::Retry) {
            if let Some(retry) = self.retry {
                self.reconnection_time = Some(Duration::from_millis(retry));
            }
        } else {
            self.end_unfinished_value(field);
        }
    }

    fn end_unfinished_value(&mut self, field: Field) {
        match field {
            Field::Data => self.buffers.end_data(),
            Field::Event => self.buffers.end_event(),
            Field::Id => self.buffers.end_id(),
            Field::Retry => {}
        }
    }

    /// Takes the line's end where the input stands at one, with what is to be done then.
    fn end_line_at(&mut self, input: &mut &[u8], end: impl FnOnce(&mut Self)) {
        if let Some((&byte, rest)) = input.split_first() {
            if is_line_end(byte) {
                *input = rest;
                end(self);
                self.end_line(byte);
            }
        }
    }

    const fn end_line(&mut self, byte: u8) {
        self.position = match byte {
            b'\r' => Position::AfterCr,
            _ => Position::LineStart,
        };
    }

    const fn too_long(&mut self) -> DecodeError {
        self.failed = Some(DecodeError::TooLong);
        DecodeError::TooLong
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("failed", &self.failed)
            .field("reconnection_time", &self.reconnection_time)
            .finish_non_exhaustive()
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn line_len(input: &[u8]) -> usize {
    memchr::memchr2(b'\r', b'\n', input).unwrap_or(input.len())
}
