//! Reads the text of a `delta` of the usual form without a JSON parser.
//!
//! The usual form is `{"text":"…"}` without any white space or other field. Services write
//! this form, and a reply has about a thousand of them. One search, eight bytes a step, finds
//! the first quote, backslash or control character. A text without escapes is borrowed from
//! the data; any other text is unescaped into a buffer that is used again.
//!
//! Data of any other form, and invalid data, gives `None`, and serde_json parses it. So the
//! result is always the same as serde_json's. A property test and a fuzz target check this.

use alloc::string::String;

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

/// The place of the first byte from `from` on that a JSON string cannot hold unescaped (RFC
/// 8259, section 7), or the length of the data if there is none.
#[inline]
fn special_from(data: &[u8], mut from: usize) -> usize {
    while let Some(word) = data.get(from..).and_then(<[u8]>::first_chunk) {
        if let Some(at) = first_special(*word) {
            return from + at;
        }
        from += word.len();
    }
    let Some(last) = data.last_chunk() else {
        return data.len();
    };
    let seen = from + last.len() - data.len();
    let left = u64::from_le_bytes(*last)
        .checked_shr(8 * seen as u32)
        .unwrap_or_default();
    // The shift fills the word with zeros, which are special bytes too.
    first_special(left.to_le_bytes()).map_or(data.len(), |at| from + at)
}

/// The place of the first control character, quote or backslash.
#[inline]
fn first_special(bytes: [u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x80 * ONES;
    let bytes = u64::from_le_bytes(bytes);
    // Sets the high bit of each byte that is less. A borrow may set wrong bits after the first
    // such byte, but only the first one is used.
    let less = |bytes: u64, than: u8| bytes.wrapping_sub(u64::from(than) * ONES) & !bytes;
    let is = |byte: u8| less(bytes ^ (u64::from(byte) * ONES), 1);
    let special = (less(bytes, b' ') | is(b'"') | is(b'\\')) & HIGHS;
    (special != 0).then(|| special.trailing_zeros() as usize / 8)
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

/// The character of the escape at the front, and the escape's length. A surrogate half gives
/// `None`, because its meaning depends on the text after it.
#[inline]
fn escape(input: &[u8]) -> Option<(char, usize)> {
    let [b'\\', kind, rest @ ..] = input else {
        return None;
    };
    let value = match kind {
        b'u' => return Some((char::from_u32(hex(rest.first_chunk()?)?)?, 6)),
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    };
    Some((value, 2))
}

#[inline]
fn hex(digits: &[u8; 4]) -> Option<u32> {
    let value = |at: usize| u32::from(HEX[usize::from(digits[at])]);
    let (a, b, c, d) = (value(0), value(1), value(2), value(3));
    // A byte that is not a digit has the value 255, which has bits above the lowest four.
    (a | b | c | d < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// The value of each hexadecimal digit; 255 for every other byte.
const HEX: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        values[digit as usize] = value as u8;
        values[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    values
};
