//! The plain decoder: the standard's parser without the fast path.

use core::fmt;
use core::time::Duration;

use super::buffers::{Buffers, Full};
use super::frame::Frame;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The fields that the standard defines. Fields with other names are ignored.
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

    /// The field whose name begins with this letter. The first letters all differ.
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

/// The place of the next byte in the stream's syntax.
///
/// ```text
///  ByteOrderMark ──▶ LineStart ──▶ Name ──▶ Space ──▶ Value ──▶ LineStart | AfterCr
///        │               │           │                  │
///        └───────────────┴─────▶ Ignored ◀──────────────┘ (NUL in an id, letter in a retry)
/// ```
#[derive(Clone, Copy)]
enum Position {
    /// The start of the stream. The number of bytes of a byte order mark that were read.
    ByteOrderMark(u8),
    LineStart,
    /// The start of a line after a CR. An LF here is part of the end of the line before.
    AfterCr,
    /// Inside a field name. The number of bytes that were read and match the name.
    Name(Field, u8),
    /// After the colon. One space here is not part of the value.
    Space(Field),
    Value(Field),
    /// Inside a line that is ignored: a comment, an unknown field or an invalid value.
    Ignored,
}

/// The frame that the caller may look at until the next call.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Nothing,
    Dispatched,
    /// An event from [`PlainDecoder::finish`], which the standard does not dispatch.
    Unfinished,
}

/// Whether the byte before was a CR. An LF is then part of the same line end.
#[derive(Clone, Copy)]
pub(super) struct AfterCr(pub(super) bool);

/// The error that ends the decoding of a stream.
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

/// A decoder without the fast path, which goes through the states of the standard.
///
/// It has the same methods as [`Decoder`](super::Decoder), and the same frames and errors for
/// the same bytes. See there for their descriptions. It is several times slower, but has less
/// code, for a machine with little memory. `Decoder` uses it for events that do not have the
/// usual shape, and the tests compare the two.
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
    /// The value of the `retry` line being read, in milliseconds. `None` before the first digit.
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

    /// A decoder that allocates its storage when the first event needs it, for events of at
    /// most `limit` bytes.
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
    /// A decoder with the caller's storage. The length of the storage is the limit.
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

    /// Returns the next frame. See [`Decoder::decode`](super::Decoder::decode).
    ///
    /// # Errors
    ///
    /// An event is longer than the limit. Each later call returns the same error until
    /// [`reset`](Self::reset).
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Frame<'_>>, DecodeError> {
        Ok(self.advance(input)?.then(|| self.frame()))
    }

    /// Moves `input` past the next frame, or past all bytes. Returns whether there is a frame.
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
                        // The bytes were not a byte order mark, but begin an unknown name.
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

    /// The part of the event that was read so far.
    pub(super) fn frame(&self) -> Frame<'_> {
        self.buffers.frame()
    }

    /// Ends the stream and returns an event without a blank line after it. See
    /// [`Decoder::finish`](super::Decoder::finish).
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

    /// The last event ID. See [`Decoder::last_event_id`](super::Decoder::last_event_id).
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        match self.shown {
            Shown::Dispatched => self.buffers.newest_id(),
            Shown::Nothing | Shown::Unfinished => self.buffers.last_id(),
        }
    }

    /// The reconnection time from the last `retry` field. See
    /// [`Decoder::reconnection_time`](super::Decoder::reconnection_time).
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// Makes the decoder like new, but keeps its storage. See
    /// [`Decoder::reset`](super::Decoder::reset).
    pub fn reset(&mut self) {
        self.buffers.reset();
        self.position = Position::ByteOrderMark(0);
        self.shown = Shown::Nothing;
        self.failed = None;
        self.retry = None;
        self.reconnection_time = None;
    }

    /// Forgets the frame that the caller could look at, so that the next event can begin.
    pub(super) fn forget_shown(&mut self) {
        if self.shown != Shown::Nothing {
            self.buffers.clear(self.shown == Shown::Dispatched);
            self.shown = Shown::Nothing;
        }
    }

    /// Lets the fast path read the next event. Returns `None` unless an event begins here.
    pub(super) fn hand_over(&mut self) -> Option<AfterCr> {
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

    /// Records that the stream does not begin with a byte order mark.
    pub(super) const fn skip_byte_order_mark(&mut self) {
        self.position = Position::LineStart;
    }

    /// How many bytes of values the next event may have.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.buffers.room()
    }

    /// Ends the event at a blank line. Returns whether there is a frame.
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

    /// Reads the value up to the end of the line or of the input. Stops at a byte that makes
    /// the value invalid; the rest of the line is then ignored.
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

    /// If the input is at the end of the line, reads that end and calls `end`.
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
