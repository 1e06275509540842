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
    ByteOrderMark(u8),
    LineStart,
    /// At the start of a line, behind a CR: an LF here is the rest of that line's end.
    AfterCr,
    /// In a name that began as the field's, with that many bytes of it read.
    Name(Field, u8),
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
    /// What [`PlainDecoder::finish`] gave: the standard would not have dispatched it.
    Unfinished,
}

/// Whether the byte before was a CR, so that an LF is the rest of its line's end.
#[derive(Clone, Copy)]
pub(super) struct AfterCr(pub(super) bool);

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

/// The decoder without its fast path: the standard's states, one after the other.
///
/// Frames, errors and their places are those of [`Decoder`](super::Decoder), for the
/// same bytes in the same chunks, and so are the methods: see there. It is what that
/// one falls back to and is tested against. It is some times slower, and less code:
/// for a machine where that counts more.
///
/// ```
/// use highchat_proto::sse::PlainDecoder;
///
/// let mut buffer = [0; 64];
/// let mut decoder = PlainDecoder::with_buffer(&mut buffer);
/// let mut input: &[u8] = b"data: hello\n\n";
/// let frame = decoder.decode(&mut input)?.expect("a whole frame");
/// assert_eq!(frame.data(), b"hello");
/// # Ok::<(), highchat_proto::sse::DecodeError>(())
/// ```
pub struct PlainDecoder<'b> {
    buffers: Buffers<'b>,
    position: Position,
    shown: Shown,
    failed: Option<DecodeError>,
    /// The value of the `retry` line being read: milliseconds, `None` before a digit.
    retry: Option<u64>,
    reconnection_time: Option<Duration>,
}

#[cfg(feature = "alloc")]
impl PlainDecoder<'static> {
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

    /// As [`with_limit`](Self::with_limit), without storage until an event needs some.
    #[must_use]
    pub fn growing(limit: usize) -> Self {
        Self::over(Buffers::growing(limit))
    }
}

#[cfg(feature = "alloc")]
impl Default for PlainDecoder<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'b> PlainDecoder<'b> {
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

    /// As [`Decoder::decode`](super::Decoder::decode).
    ///
    /// # Errors
    ///
    /// An event is longer than the limit; the same again until [`reset`](Self::reset).
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Frame<'_>>, DecodeError> {
        Ok(self.advance(input)?.then(|| self.frame()))
    }

    /// Moves `input` up to the end of the next frame: whether there is one to look at.
    pub(super) fn advance(&mut self, input: &mut &[u8]) -> Result<bool, DecodeError> {
        self.forget_shown();
        if let Some(error) = self.failed {
            return Err(error);
        }
        while let Some((&byte, rest)) = input.split_first() {
            match self.position {
                Position::ByteOrderMark(read) => {
                    if byte == BYTE_ORDER_MARK[usize::from(read)] {
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
                            return Ok(true);
                        }
                    } else {
                        self.position = Field::beginning_with(byte)
                            .map_or(Position::Ignored, |field| Position::Name(field, 1));
                    }
                }
                Position::Name(field, read) => {
                    let missing = &field.name()[usize::from(read)..];
                    if missing.first() == Some(&byte) {
                        *input = rest;
                        self.position = Position::Name(field, read + 1);
                    } else if missing.is_empty() && (byte == b':' || is_line_end(byte)) {
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
        Ok(false)
    }

    /// What was read of the event so far.
    pub(super) fn frame(&self) -> Frame<'_> {
        self.buffers.frame()
    }

    /// As [`Decoder::finish`](super::Decoder::finish).
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        self.forget_shown();
        if self.failed.is_some() {
            return None;
        }
        match self.position {
            Position::Name(field, read) if usize::from(read) == field.name().len() => {
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

    /// As [`Decoder::last_event_id`](super::Decoder::last_event_id).
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        match self.shown {
            Shown::Dispatched => self.buffers.newest_id(),
            Shown::Nothing | Shown::Unfinished => self.buffers.last_id(),
        }
    }

    /// As [`Decoder::reconnection_time`](super::Decoder::reconnection_time).
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// As [`Decoder::reset`](super::Decoder::reset).
    pub fn reset(&mut self) {
        self.buffers.reset();
        self.position = Position::ByteOrderMark(0);
        self.shown = Shown::Nothing;
        self.failed = None;
        self.retry = None;
        self.reconnection_time = None;
    }

    /// Lets go of the frame that is shown: the next event begins.
    pub(super) fn forget_shown(&mut self) {
        if self.shown != Shown::Nothing {
            self.buffers.clear(self.shown == Shown::Dispatched);
            self.shown = Shown::Nothing;
        }
    }

    /// Lets another read the next event, where one begins: whether an LF there would
    /// still belong to the line before. `None` anywhere else.
    pub(super) fn lend(&mut self) -> Option<AfterCr> {
        let after_cr = match self.position {
            Position::LineStart => AfterCr(false),
            Position::AfterCr => AfterCr(true),
            _ => return None,
        };
        if self.failed.is_some() || !self.buffers.is_clear() {
            return None;
        }
        self.position = Position::LineStart;
        Some(after_cr)
    }

    /// At the start of a stream: there is no byte order mark.
    pub(super) const fn skip_byte_order_mark(&mut self) {
        self.position = Position::LineStart;
    }

    /// How many bytes of values the next event may have.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.buffers.room()
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

impl fmt::Debug for PlainDecoder<'_> {
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
