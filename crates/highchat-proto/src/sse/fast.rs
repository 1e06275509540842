//! The usual event, found by one mask.
//!
//! Nearly every event of a stream is `event: X⏎data: Y⏎⏎` (or only `data: Y⏎⏎`), and
//! short. What such an event costs is branches that the processor cannot foresee: a
//! search for each line's end is one, as lengths differ. So there is one look at a
//! whole block of 64 bytes, always from the first byte of an event:
//!
//! ```text
//!   block   event: delta⏎data: {"text":"hi"}⏎⏎event: delta⏎data: {"te
//!   ends    000000000000100000000000000000001100000000000010000000000
//!                       ▲                   ▲▲
//! ```
//!
//! The mask has a bit for each CR and LF. Its lowest bit ends the first line, the next
//! one the second, and the bytes at these two places say whether the event is one of
//! that shape: no loop, no search, hardly a branch that goes either way. Such an event
//! is shown where it lies.
//!
//! What is not *certainly* whole and of that shape is not decided here, but by
//! [`look`], which takes input of any length and tells apart what only needs more bytes
//! and what is of any other shape. The latter goes through the plain machine.

/// How many bytes one mask covers.
pub(super) const BLOCK: usize = 64;
const HALF: usize = BLOCK / 2;

const EVENT: &[u8; 7] = b"event: ";
const DATA: &[u8; 6] = b"data: ";

/// Where the values of an event stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    event: (usize, usize),
    data: (usize, usize),
}

impl Place {
    /// The event type, in the bytes that the event stands in.
    #[inline]
    pub(super) fn event(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.event.0..self.event.1).unwrap_or_default()
    }

    /// The data, in the bytes that the event stands in.
    #[inline]
    pub(super) fn data(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.data.0..self.data.1).unwrap_or_default()
    }

    /// How many bytes the values have.
    pub(super) const fn len(self) -> usize {
        self.event.1 - self.event.0 + self.data.1 - self.data.0
    }

    /// The same place, with that many bytes before.
    pub(super) const fn behind(self, before: usize) -> Self {
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
    /// With its blank line, and with the LF of a CR LF where that was there.
    pub(super) len: usize,
    /// The blank line ended with a CR, and whether an LF follows is not known.
    pub(super) after_cr: bool,
}

/// What input from the first byte of an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Usual(Usual),
    /// The beginning of an event that may still be of the usual shape.
    More,
    /// Anything else.
    Odd,
}

impl Look {
    /// Whether `rest`, which does not begin with the name, may still come to do so.
    fn unless(name: &[u8], rest: &[u8]) -> Self {
        if name.starts_with(rest) {
            Self::More
        } else {
            Self::Odd
        }
    }
}

/// The event at the front of a block, which begins with an event's first byte; `None`:
/// not decided.
#[inline(always)]
pub(super) fn usual(block: &[u8; BLOCK]) -> Option<Usual> {
    usual_by(block, line_ends(block))
}

/// The same, for up to a block, and by the mask of its line ends.
#[inline(always)]
pub(super) fn usual_by(block: &[u8], mut ends: u64) -> Option<Usual> {
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
    let behind = block.get(data.1..)?;
    let blank = if begins(behind, b"\n\n") {
        2
    } else if begins(behind, b"\r\n\r\n") {
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

/// What the input is, which begins with an event's first byte, and whose line ends the
/// mask has. No more than a block.
#[inline]
pub(super) fn look_by(input: &[u8], mut ends: u64) -> Look {
    shape(input, || {
        let end = ends.trailing_zeros() as usize;
        ends &= ends.wrapping_sub(1);
        end
    })
}

/// What the input is, which begins with an event's first byte, and may have any length.
pub(super) fn look(input: &[u8]) -> Look {
    let mut ends = memchr::memchr2_iter(b'\r', b'\n', input);
    shape(input, || ends.next().unwrap_or(input.len()))
}

/// The mask of up to a block of bytes: a bit for each that ends a line.
///
/// No loop over them, whose length would have to be guessed: a first and a last part of
/// fixed size, which overlap.
#[inline]
pub(super) fn ends_of(input: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (input.first_chunk::<HALF>(), input.last_chunk()) {
        let block = [*first, *last];
        let ends = block.as_flattened().first_chunk().map_or(0, line_ends);
        return (ends & u64::from(u32::MAX)) | (ends >> HALF) << (input.len() - HALF);
    }
    if let (Some(first), Some(last)) = (input.first_chunk(), input.last_chunk()) {
        return ends_of_sixteen(*first) | ends_of_sixteen(*last) << (input.len() - 16);
    }
    if let (Some(first), Some(last)) = (input.first_chunk(), input.last_chunk()) {
        return ends_of_eight(*first) | ends_of_eight(*last) << (input.len() - 8);
    }
    ends_of_eight(few(input))
}

/// Fewer than eight bytes, with zeros behind.
#[inline]
pub(super) fn few(input: &[u8]) -> [u8; 8] {
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

/// The mask of eight bytes, in one word.
#[inline]
pub(super) fn ends_of_eight(bytes: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7F * ONES;
    let bytes = u64::from_le_bytes(bytes);
    // The high bit of each byte that is another: no carry goes from one to the next.
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

/// Eight bytes of 0 or 1 as eight bits.
#[inline(always)]
const fn gather(eight: u64) -> u64 {
    eight.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Whether it begins so. By arrays: without optimisation across crates, what the standard
/// library has for slices is a call here.
#[inline(always)]
fn begins<const N: usize>(bytes: &[u8], with: &[u8; N]) -> bool {
    bytes.first_chunk() == Some(with)
}

/// A bit for each byte that ends a line. Written so that the compiler makes vectors of
/// it: a comparison for each byte, then a multiplication for eight, which gathers their
/// bits.
#[inline(always)]
fn line_ends(block: &[u8; BLOCK]) -> u64 {
    let mut is_end = [0_u8; BLOCK];
    for (at, is_end) in is_end.iter_mut().enumerate() {
        let byte = block[at];
        *is_end = u8::from((byte == b'\n') | (byte == b'\r'));
    }
    let mut mask = 0;
    for (at, eight) in is_end.chunks_exact(8).enumerate() {
        mask |= gather(u64::from_le_bytes(eight.try_into().unwrap_or_default())) << (8 * at);
    }
    mask
}

/// What the input is, which begins with an event's first byte. `next_end` gives the
/// place of each byte that ends a line, one after the other, then any behind the input.
#[inline(always)]
fn shape(input: &[u8], mut next_end: impl FnMut() -> usize) -> Look {
    let mut event = 0..0;
    let mut data_line = 0;
    if input.first() == Some(&EVENT[0]) {
        if !begins(input, EVENT) {
            return Look::unless(EVENT, input);
        }
        event = EVENT.len()..next_end();
        data_line = event.end + 1;
        match input.get(event.end..) {
            Some([b'\r', b'\n', ..]) => data_line = next_end() + 1,
            Some([b'\r']) | None => return Look::More,
            Some(_) => {}
        }
    }
    let Some(rest) = input.get(data_line..) else {
        return Look::More;
    };
    if !begins(rest, DATA) {
        return Look::unless(DATA, rest);
    }
    let data = data_line + DATA.len()..next_end();
    let (blank, after_cr) = match input.get(data.end..) {
        Some([b'\n', b'\n', ..]) => (2, false),
        Some([b'\r', b'\n', b'\r', b'\n', ..]) => (4, false),
        Some([b'\r', b'\n', b'\r', behind @ ..]) => (3, behind.is_empty()),
        Some([b'\r', b'\n', b'\n', ..] | [b'\n' | b'\r', b'\r', b'\n', ..]) => (3, false),
        Some([b'\n' | b'\r', b'\r', behind @ ..]) => (2, behind.is_empty()),
        Some([] | [_] | [b'\r', b'\n']) | None => return Look::More,
        Some(_) => return Look::Odd,
    };
    Look::Usual(Usual {
        len: data.end + blank,
        place: Place {
            event: (event.start, event.end),
            data: (data.start, data.end),
        },
        after_cr,
    })
}
