//! Reads the text of a `delta` of the usual form without a JSON parser.
//!
//! The usual form is `{"text":"…"}` without any white space or other field. Services write
//! this form, and a reply has about a thousand of them. One search, eight bytes a step, finds
//! the first quote, backslash or control character. A text without escapes is borrowed from
//! the data; any other text is unescaped into a buffer that is used again.
//!
//! Data of any other form, and invalid data, gives `None`, and the reader of JSON reads it. So the
//! result is always the same as that reader's. A property test and a fuzz target check this.

use alloc::string::String;

use crate::json::{escape, special_from};

const BEFORE: &[u8; 9] = br#"{"text":""#;
const AFTER: &[u8; 2] = br#""}"#;

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
