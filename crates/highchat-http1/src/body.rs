//! Finds the bytes of a body, and its end, in the bytes of an answer.
//!
//! The chunks (RFC 9112, section 7.1):
//!
//! ```text
//!   Size ── n ──▶ Data(n) ── 0 left ──▶ DataEnd ── CR LF ──▶ Size
//!    └── 0 ──▶ Trailers ── empty line ──▶ Over
//! ```

use httparse::Status;

use crate::broken::Broken;

/// The maximum length of a chunk's size with its extensions, in bytes, without the line end
/// (ureq's limit; a size has at most 16).
const SIZE_LIMIT: usize = 20;
const SIZE_LINE_LIMIT: usize = SIZE_LIMIT + "\r\n".len();

/// The maximum length of one trailer and of all trailers, in bytes (our decision). They are
/// skipped, not stored.
const TRAILER_LIMIT: usize = 4 << 10;
const TRAILERS_LIMIT: usize = 64 << 10;

/// The part of a body that was not read yet.
pub(crate) enum Body {
    /// Its length in bytes is known.
    Length(u64),
    Chunked(Chunks),
    /// It ends when the service closes the pipe.
    UntilClosed,
}

pub(crate) enum Chunks {
    /// The part of the line with the size of a chunk that was read so far.
    Size {
        line: [u8; SIZE_LINE_LIMIT],
        len: usize,
    },
    /// The number of bytes that are left of a chunk.
    Data(u64),
    /// The line end after a chunk, and whether its CR was read.
    DataEnd(bool),
    Trailers {
        /// The length of the current line so far, and its last byte.
        line_len: usize,
        last: u8,
        /// The length of all lines so far.
        len: usize,
    },
    Over,
}

impl Chunks {
    pub(crate) const START: Self = Self::Size {
        line: [0; SIZE_LINE_LIMIT],
        len: 0,
    };
    const TRAILERS: Self = Self::Trailers {
        line_len: 0,
        last: 0,
        len: 0,
    };
}

impl Body {
    pub(crate) const fn ends_with_its_pipe(&self) -> bool {
        matches!(self, Self::UntilClosed)
    }

    /// Whether the body is over by its own framing.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunks::Over))
    }

    /// Reads the next bytes of the body, and removes them and the framing around them from
    /// `input`. Returns `None` if more input is needed, or if the body is over.
    pub(crate) fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<&'i [u8]>, Broken> {
        let piece = match self {
            Self::Length(left) => take(input, left),
            Self::Chunked(chunks) => return chunks.read(input),
            Self::UntilClosed => core::mem::take(input),
        };
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl Chunks {
    fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<&'i [u8]>, Broken> {
        loop {
            if let Self::Data(left) = self {
                let piece = take(input, left);
                if *left == 0 {
                    *self = match input.strip_prefix(b"\r\n") {
                        Some(rest) => {
                            *input = rest;
                            Self::START
                        }
                        None => Self::DataEnd(false),
                    };
                }
                if !piece.is_empty() {
                    return Ok(Some(piece));
                }
            }
            match self {
                Self::Size { line, len } => match size(line, len, input)? {
                    None => return Ok(None),
                    Some(0) => *self = Self::TRAILERS,
                    Some(size) => *self = Self::Data(size),
                },
                Self::Over => return Ok(None),
                Self::Data(_) | Self::DataEnd(_) | Self::Trailers { .. } => {
                    let Some((byte, rest)) = input.split_first() else {
                        return Ok(None);
                    };
                    *input = rest;
                    self.read_framing(*byte)?;
                }
            }
        }
    }

    /// Reads one byte after a chunk or of the trailers.
    fn read_framing(&mut self, byte: u8) -> Result<(), Broken> {
        match self {
            Self::DataEnd(has_cr) => match (*has_cr, byte) {
                (false, b'\r') => *has_cr = true,
                (true, b'\n') => *self = Self::START,
                _ => return Err(Broken),
            },
            Self::Trailers {
                line_len,
                last,
                len,
            } => {
                *line_len += 1;
                *len += 1;
                if *line_len > TRAILER_LIMIT || *len > TRAILERS_LIMIT {
                    return Err(Broken);
                }
                let is_line_end = *last == b'\r';
                if is_line_end && byte != b'\n' {
                    return Err(Broken);
                }
                *last = byte;
                if is_line_end && *line_len == "\r\n".len() {
                    *self = Self::Over;
                } else if is_line_end {
                    *line_len = 0;
                }
            }
            Self::Size { .. } | Self::Data(_) | Self::Over => {}
        }
        Ok(())
    }
}

/// Removes the first bytes from `input`, at most `left`, and counts them.
fn take<'i>(input: &mut &'i [u8], left: &mut u64) -> &'i [u8] {
    let len = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
    let (piece, rest) = input.split_at(len);
    *input = rest;
    *left -= piece.len() as u64;
    piece
}

/// Adds the start of `input` to the line with the size of a chunk. Returns the size when the line
/// is complete. httparse reads a line without a digit as zero, which would end a body that was
/// cut.
fn size(
    line: &mut [u8; SIZE_LINE_LIMIT],
    len: &mut usize,
    input: &mut &[u8],
) -> Result<Option<u64>, Broken> {
    if *len == 0 {
        if let Some((size, rest)) = usual_size(input) {
            *input = rest;
            return Ok(Some(size));
        }
    }
    let end = input.iter().position(|&byte| byte == b'\n');
    let (piece, rest) = input.split_at(end.map_or(input.len(), |at| at + 1));
    let start = *len;
    *len += piece.len();
    let added = line.get_mut(start..*len).ok_or(Broken)?;
    added.copy_from_slice(piece);
    *input = rest;
    if end.is_none() {
        return Ok(None);
    }
    match httparse::parse_chunk_size(&line[..*len]) {
        Ok(Status::Complete((_, size))) if line[0].is_ascii_hexdigit() => Ok(Some(size)),
        Ok(_) | Err(_) => Err(Broken),
    }
}

/// The size of a chunk, and the input after its line, if the line is complete and has only a few
/// digits. Most chunks of a reply are one event, so this is read as often as an event.
fn usual_size(input: &[u8]) -> Option<(u64, &[u8])> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let digits = input.iter().map_while(digit).take(4);
    let (len, size) = digits.fold((0, 0), |(len, size), digit| {
        (len + 1, size << 4 | u64::from(digit))
    });
    let rest = input.get(len..)?.strip_prefix(b"\r\n")?;
    (len > 0).then_some((size, rest))
}
