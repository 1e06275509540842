//! Reads the text of a `delta` of the usual form without a JSON parser.
//!
//! The usual form is `{"text":"…"}` without any white space or other field. Services write
//! this form, and a reply has about a thousand of them. One search, eight bytes a step, finds
//! the first quote, backslash or control character. A text without escapes is borrowed from
//! the data; any other text is unescaped into a buffer that is used again.
//!
//! Data of any other form, and invalid data, gives `None`, and the reader of JSON reads it. So the
//! result is always the same as that reader's. A property test and a fuzz target check this.
//!
//! [`take`] reads the lines of such an event too, if the whole event lies in the first 64 bytes of the
//! input. The bytes before the text are always the same. One mask has the quotes, backslashes and
//! control characters after them:
//!
//! ```text
//!   block      event: delta⏎data: {"text":"hello"}⏎⏎event: delta⏎data: {"te
//!   specials                               00000101100000000000010000000100
//!                                               ▲
//! ```
//!
//! CR and LF are control characters. So if the first bit is at the bytes `"}⏎⏎`, the text is
//! complete, without escapes and line ends.

use alloc::string::String;

use crate::json::{escape, is_special, special_from};
use crate::sse::{BLOCK, IS_DELTA_KNOWN, REST, begins, is_line_end, mask_of};

const BEFORE: &[u8; 9] = br#"{"text":""#;
const AFTER: &[u8; 2] = br#""}"#;
/// The first bytes of the event, up to its text, and the bytes after its text.
const EVENT: &[u8; 28] = b"event: delta\ndata: {\"text\":\"";
const END: &[u8; 4] = b"\"}\n\n";

/// Where the text of a `delta` is that [`take`] took.
#[derive(Clone, Copy)]
pub(crate) enum Taken<'c> {
    Chunk(&'c str),
    /// It had escapes, so it is in the buffer.
    Buffer,
}

/// Takes a `delta` of the usual form from the front of `input`. `None` if it is not certain that
/// there is one; then nothing is taken.
#[inline(always)]
pub(super) fn take<'c>(input: &mut &'c [u8], buffer: &mut String) -> Option<Taken<'c>> {
    if !IS_DELTA_KNOWN {
        return None;
    }
    let mut padded;
    let block: &[u8; BLOCK] = if let Some(block) = input.first_chunk() {
        block
    } else if input.last_chunk() == Some(END) {
        // Often a chunk is one event. The zeros after it are control characters.
        padded = [0; BLOCK];
        padded.get_mut(..input.len())?.copy_from_slice(input);
        &padded
    } else {
        return None;
    };
    if !begins(block, EVENT) {
        return None;
    }
    let rest: &[u8; REST] = block.last_chunk()?;
    let end_of = |mask: u64| {
        let mask = mask >> (EVENT.len() - (BLOCK - REST));
        EVENT.len() + mask.trailing_zeros() as usize
    };
    let mut end = end_of(mask_of(rest, is_special));
    let after = block.get(end..)?;
    let taken = if begins(after, END) {
        Taken::Chunk(core::str::from_utf8(input.get(EVENT.len()..end)?).ok()?)
    } else if begins(after, b"\\") {
        let line_end = end_of(mask_of(rest, is_line_end));
        let escape = end;
        end = line_end - AFTER.len();
        if !begins(block.get(end..)?, END) {
            return None;
        }
        let data = block.get(EVENT.len() - BEFORE.len()..line_end)?;
        unescape(data, escape - (EVENT.len() - BEFORE.len()), buffer)?;
        Taken::Buffer
    } else {
        return None;
    };
    *input = input.get(end + END.len()..).unwrap_or_default();
    Some(taken)
}

/// The text of a delta, or `None` if the data does not have the usual form.
#[inline]
pub(super) fn text<'a>(data: &'a [u8], scratch: &'a mut String) -> Option<&'a str> {
    // Arrays are compared instead of slices, because `strip_prefix` on a slice is a function
    // call if there is no optimisation across crates.
    let (before, rest) = data.split_first_chunk()?;
    let (value, after) = rest.split_last_chunk()?;
    if before != BEFORE || after != AFTER {
        return None;
    }
    let end = BEFORE.len() + value.len();
    // The closing quote stands at `end`, so the search stops there at the latest.
    let at = special_from(data, BEFORE.len());
    if at == end {
        core::str::from_utf8(value).ok()
    } else {
        unescape(data, at, scratch)
    }
}

/// The text of a delta whose first special byte is at `at`.
fn unescape<'a>(data: &[u8], mut at: usize, into: &'a mut String) -> Option<&'a str> {
    let end = data.len() - AFTER.len();
    let mut from = BEFORE.len();
    into.clear();
    // An escape is never shorter than the character that it stands for.
    into.reserve(end - from);
    loop {
        match &data[from..at] {
            [] => {}
            // Often a single space or letter stands between two escapes.
            [byte] if byte.is_ascii() => into.push(char::from(*byte)),
            run => into.push_str(core::str::from_utf8(run).ok()?),
        }
        if at == end {
            return Some(into);
        }
        let (value, len) = escape(&data[at..end])?;
        into.push(value);
        from = at + len;
        // Escapes often follow each other, so look for the next one before searching.
        at = match data[from] {
            b'\\' => from,
            _ => special_from(data, from),
        };
    }
}
