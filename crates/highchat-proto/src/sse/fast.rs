//! The fast path: finds an event of the usual shape with one bit mask.
//!
//! Nearly every event of a stream is short and has the form `event: X⏎data: Y⏎⏎` or
//! `data: Y⏎⏎`. Such an event is slow to read because of branches that the processor
//! predicts wrongly. A search for each line's end is such a branch, because lengths differ. So
//! one mask is computed for a whole block of 64 bytes, from the first byte of an event:
//!
//! ```text
//!   block   event: delta⏎data: {"text":"hi"}⏎⏎event: delta⏎data: {"te
//!   ends    000000000000100000000000000000001100000000000010000000000
//!                       ▲                   ▲▲
//! ```
//!
//! The mask has a bit for each CR and LF. Its lowest bit ends the first line, and the next one
//! the second line. The bytes at these two places show whether the event has the usual shape.
//! This needs no loop, no search and few branches that can be predicted wrongly. The frame
//! then borrows from the chunk.
//!
//! Most events of a reply are named `delta`. If the block begins as such an event does, the first line
//! needs no search, and the mask covers only the rest of the block.
//!
//! If the event is not certainly complete and of the usual shape, [`scan`] decides. It accepts
//! input of any length, and returns whether more bytes are needed or the event has another
//! shape. The plain decoder reads an event of another shape.

/// How many bytes one mask covers.
pub(crate) const BLOCK: usize = 64;
const HALF: usize = BLOCK / 2;

const EVENT: &[u8; 7] = b"event: ";
const DATA: &[u8; 6] = b"data: ";
/// Whether a `delta` is found by its first bytes. On a page and on a small device, the bytes of this
/// code count more than its speed.
pub(crate) const IS_DELTA_KNOWN: bool = cfg!(target_pointer_width = "64");
/// The first bytes of a `delta`, with LF and with CR LF.
const DELTA: &[u8; 19] = b"event: delta\ndata: ";
const DELTA_CRLF: &[u8; 20] = b"event: delta\r\ndata: ";
/// The place of the name in both.
const NAME: (usize, usize) = (EVENT.len(), EVENT.len() + "delta".len());
/// How many bytes of the block the mask of a `delta` covers. The compiler vectorizes a mask of 48
/// bytes, and not one of 32 or 40.
pub(crate) const REST: usize = 48;

/// The places of an event's values: the start and the end of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    event: (usize, usize),
    data: (usize, usize),
}

impl Place {
    /// The event type. `bytes` are the bytes that contain the event.
    #[inline]
    pub(super) fn event(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.event.0..self.event.1).unwrap_or_default()
    }

    /// The data. `bytes` are the bytes that contain the event.
    #[inline]
    pub(super) fn data(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.data.0..self.data.1).unwrap_or_default()
    }

    /// The number of bytes of both values.
    pub(super) const fn len(self) -> usize {
        self.event.1 - self.event.0 + self.data.1 - self.data.0
    }

    /// The same place in bytes that have `before` more bytes at the front.
    pub(super) const fn shifted_by(self, before: usize) -> Self {
        Self {
            event: (self.event.0 + before, self.event.1 + before),
            data: (self.data.0 + before, self.data.1 + before),
        }
    }
}

/// An event of the usual shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usual {
    pub(super) place: Place,
    /// The number of bytes of the event, with its blank line. A final LF is included if it is
    /// in the input.
    pub(super) len: usize,
    /// The input ends with the CR of the blank line, so an LF may still follow.
    pub(super) after_cr: bool,
}

/// The result of a scan from the first byte of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    Usual(Usual),
    /// More bytes are needed; the event may still have the usual shape.
    Incomplete,
    /// The event has another shape.
    Other,
}

impl Scan {
    /// The result for a line that does not begin with the field name. It is incomplete if the
    /// line is only the first part of the name.
    fn without_name(name: &[u8], line: &[u8]) -> Self {
        if name.starts_with(line) {
            Self::Incomplete
        } else {
            Self::Other
        }
    }
}

/// The event of the usual shape at the front of a block. `None` if this is not certain.
#[inline(always)]
pub(super) fn usual_event(block: &[u8; BLOCK]) -> Option<Usual> {
    if IS_DELTA_KNOWN {
        if let Some(delta) = usual_delta(block, DELTA, b"\n\n") {
            return Some(delta);
        }
        if let Some(delta) = usual_delta(block, DELTA_CRLF, b"\r\n\r\n") {
            return Some(delta);
        }
    }
    usual_event_with_ends(block, line_ends(block))
}

/// The `delta` at the front of a block. `start` is its first line with the next field's name, and
/// `blank` are its last two line ends. `None` if this is not certain.
#[inline(always)]
fn usual_delta<const S: usize, const B: usize>(
    block: &[u8; BLOCK],
    start: &[u8; S],
    blank: &[u8; B],
) -> Option<Usual> {
    if !begins(block, start) {
        return None;
    }
    let rest: &[u8; REST] = block.last_chunk()?;
    let ends = line_ends(rest) >> (S - (BLOCK - REST));
    let end = S + ends.trailing_zeros() as usize;
    begins(block.get(end..)?, blank).then_some(Usual {
        place: Place {
            event: NAME,
            data: (S, end),
        },
        len: end + B,
        after_cr: false,
    })
}

/// The event of the usual shape at the front of at most a block, with the mask of its line
/// ends. `None` if this is not certain.
#[inline(always)]
pub(super) fn usual_event_with_ends(block: &[u8], mut ends: u64) -> Option<Usual> {
    let mut event = (0, 0);
    let mut data_line = 0;
    if *block.first()? == EVENT[0] {
        if !begins(block, EVENT) {
            return None;
        }
        event = (EVENT.len(), ends.trailing_zeros() as usize);
        data_line = event.1 + 1;
        ends &= ends.wrapping_sub(1);
        if *block.get(event.1)? == b'\r' && *block.get(data_line)? == b'\n' {
            data_line += 1;
            ends &= ends.wrapping_sub(1);
        }
    }
    let data = (data_line + DATA.len(), ends.trailing_zeros() as usize);
    if !begins(block.get(data_line..)?, DATA) {
        return None;
    }
    let after_data = block.get(data.1..)?;
    let blank = if begins(after_data, b"\n\n") {
        2
    } else if begins(after_data, b"\r\n\r\n") {
        4
    } else {
        return None;
    };
    Some(Usual {
        place: Place { event, data },
        len: data.1 + blank,
        after_cr: false,
    })
}

/// Scans at most a block from the first byte of an event, with the mask of its line ends.
#[inline]
pub(super) fn scan_with_ends(input: &[u8], mut ends: u64) -> Scan {
    scan_lines(input, || {
        let end = ends.trailing_zeros() as usize;
        ends &= ends.wrapping_sub(1);
        end
    })
}

/// Scans input of any length from the first byte of an event.
pub(super) fn scan(input: &[u8]) -> Scan {
    let mut ends = memchr::memchr2_iter(b'\r', b'\n', input);
    scan_lines(input, || ends.next().unwrap_or(input.len()))
}

/// The mask of the line ends in at most a block of bytes: a bit for each CR and LF.
///
/// It reads a first and a last part of fixed size, which overlap. The processor would predict
/// the end of a loop over the bytes wrongly.
#[inline]
pub(super) fn ends_of(input: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (input.first_chunk::<HALF>(), input.last_chunk()) {
        let block = [*first, *last];
        let ends = block
            .as_flattened()
            .first_chunk()
            .map_or(0, line_ends::<BLOCK>);
        return (ends & u64::from(u32::MAX)) | (ends >> HALF) << (input.len() - HALF);
    }
    if let (Some(first), Some(last)) = (input.first_chunk(), input.last_chunk()) {
        return ends_of_sixteen(*first) | ends_of_sixteen(*last) << (input.len() - 16);
    }
    if let (Some(first), Some(last)) = (input.first_chunk(), input.last_chunk()) {
        return ends_of_eight(*first) | ends_of_eight(*last) << (input.len() - 8);
    }
    ends_of_eight(pad_to_eight(input))
}

/// Appends zeros to fewer than eight bytes.
#[inline]
pub(super) fn pad_to_eight(input: &[u8]) -> [u8; 8] {
    let eight = match (input.first_chunk(), input.last_chunk()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << (8 * (input.len() % 8 - 4))
        }
        _ => input
            .iter()
            .rev()
            .fold(0, |eight, &byte| eight << 8 | u64::from(byte)),
    };
    eight.to_le_bytes()
}

/// The mask of the line ends in eight bytes, computed in one word.
#[inline]
pub(super) fn ends_of_eight(bytes: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7F * ONES;
    let bytes = u64::from_le_bytes(bytes);
    // Sets the high bit of each byte that differs from `byte`. No carry leaves a byte.
    let others = |byte: u8| {
        let difference = bytes ^ (u64::from(byte) * ONES);
        ((difference & LOW) + LOW) | difference
    };
    gather((!(others(b'\n') & others(b'\r')) >> 7) & ONES)
}

#[inline]
fn ends_of_sixteen(bytes: [u8; 16]) -> u64 {
    let bytes = u128::from_le_bytes(bytes);
    let ends_of = |half: u128| ends_of_eight((half as u64).to_le_bytes());
    ends_of(bytes) | ends_of(bytes >> 64) << 8
}

/// Turns eight bytes of 0 or 1 into eight bits.
#[inline(always)]
const fn gather(eight: u64) -> u64 {
    eight.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Whether the bytes begin with `with`. It compares arrays, because `starts_with` on a slice is
/// a function call if there is no optimisation across crates.
#[inline(always)]
pub(crate) fn begins<const N: usize>(bytes: &[u8], with: &[u8; N]) -> bool {
    bytes.first_chunk() == Some(with)
}

/// The mask of the line ends in a block.
#[inline(always)]
fn line_ends<const N: usize>(block: &[u8; N]) -> u64 {
    mask_of(block, is_line_end)
}

/// Whether a line ends here. It has no branch, so a search of many bytes is vectorized.
#[inline(always)]
pub(crate) const fn is_line_end(byte: u8) -> bool {
    (byte == b'\n') | (byte == b'\r')
}

/// The mask of the bytes in a block for which `is` returns `true`. The loops have a form that the
/// compiler vectorizes: comparisons for each byte, then a multiplication that gathers eight bits at
/// a time.
#[inline(always)]
pub(crate) fn mask_of<const N: usize>(block: &[u8; N], is: impl Fn(u8) -> bool) -> u64 {
    let mut found = [0_u8; N];
    for (at, found) in found.iter_mut().enumerate() {
        *found = u8::from(is(block[at]));
    }
    let mut mask = 0;
    for (at, eight) in found.chunks_exact(8).enumerate() {
        mask |= gather(u64::from_le_bytes(eight.try_into().unwrap_or_default())) << (8 * at);
    }
    mask
}

/// Scans from the first byte of an event. `next_end` returns the places of the CRs and LFs in
/// order, and after the last one a place past the input.
#[inline(always)]
fn scan_lines(input: &[u8], mut next_end: impl FnMut() -> usize) -> Scan {
    let mut event = 0..0;
    let mut data_line = 0;
    if input.first() == Some(&EVENT[0]) {
        if !begins(input, EVENT) {
            return Scan::without_name(EVENT, input);
        }
        event = EVENT.len()..next_end();
        data_line = event.end + 1;
        match input.get(event.end..) {
            Some([b'\r', b'\n', ..]) => data_line = next_end() + 1,
            Some([b'\r']) | None => return Scan::Incomplete,
            Some(_) => {}
        }
    }
    let Some(rest) = input.get(data_line..) else {
        return Scan::Incomplete;
    };
    if !begins(rest, DATA) {
        return Scan::without_name(DATA, rest);
    }
    let data = data_line + DATA.len()..next_end();
    let (blank, after_cr) = match input.get(data.end..) {
        Some([b'\n', b'\n', ..]) => (2, false),
        Some([b'\r', b'\n', b'\r', b'\n', ..]) => (4, false),
        Some([b'\r', b'\n', b'\r', after @ ..]) => (3, after.is_empty()),
        Some([b'\r', b'\n', b'\n', ..] | [b'\n' | b'\r', b'\r', b'\n', ..]) => (3, false),
        Some([b'\n' | b'\r', b'\r', after @ ..]) => (2, after.is_empty()),
        Some([] | [_] | [b'\r', b'\n']) | None => return Scan::Incomplete,
        Some(_) => return Scan::Other,
    };
    Scan::Usual(Usual {
        len: data.end + blank,
        place: Place {
            event: (event.start, event.end),
            data: (data.start, data.end),
        },
        after_cr,
    })
}
