//! The text of a delta, without a JSON parser where it has its usual form.
//!
//! `{"text":"…"}` with nothing before, between or behind is what services write, and a
//! reply is a thousand of them. Its text is found by one search for a byte that ends or
//! changes a JSON string, eight bytes a step, shown where it lies, or unescaped into a
//! buffer that is used again. Whatever is of any other form, or wrong, is `None` and for
//! serde_json to say: so the answer is always its answer (held by a property test and a
//! fuzz target).

use alloc::string::String;

const BEFORE: &[u8; 9] = br#"{"text":""#;
const BEHIND: &[u8; 2] = br#""}"#;

/// The text of a delta in its usual form.
#[inline]
pub(super) fn text<'a>(data: &'a [u8], scratch: &'a mut String) -> Option<&'a str> {
    // By arrays: without optimisation across crates, stripping a slice is a call.
    let (before, rest) = data.split_first_chunk()?;
    let (value, behind) = rest.split_last_chunk()?;
    if before != BEFORE || behind != BEHIND {
        return None;
    }
    let end = BEFORE.len() + value.len();
    // What is special at the end is the quote.
    let at = special_from(data, BEFORE.len());
    if at == end {
        core::str::from_utf8(value).ok()
    } else {
        unescape(data, at, scratch)
    }
}

/// Where the first byte from there on stands that a JSON string cannot hold as it is (RFC
/// 8259, section 7); the data's length where there is none.
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
    // Zeros come in from behind, which are special as well.
    first_special(left.to_le_bytes()).map_or(data.len(), |at| from + at)
}

/// The first byte that is below a space, a quote or a backslash.
#[inline]
fn first_special(bytes: [u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x80 * ONES;
    let bytes = u64::from_le_bytes(bytes);
    // The high bit of each byte that is less; above the first one a borrow may set others.
    let less = |bytes: u64, than: u8| bytes.wrapping_sub(u64::from(than) * ONES) & !bytes;
    let is = |byte: u8| less(bytes ^ (u64::from(byte) * ONES), 1);
    let special = (less(bytes, b' ') | is(b'"') | is(b'\\')) & HIGHS;
    (special != 0).then(|| special.trailing_zeros() as usize / 8)
}

/// The text of a delta whose first special byte is at `at`.
fn unescape<'a>(data: &[u8], mut at: usize, into: &'a mut String) -> Option<&'a str> {
    let end = data.len() - BEHIND.len();
    let mut from = BEFORE.len();
    into.clear();
    // No escape is shorter than what it stands for.
    into.reserve(end - from);
    loop {
        match &data[from..at] {
            [] => {}
            // What stands between two words.
            [byte] if byte.is_ascii() => into.push(char::from(*byte)),
            run => into.push_str(core::str::from_utf8(run).ok()?),
        }
        if at == end {
            return Some(into);
        }
        let (value, len) = escape(&data[at..end])?;
        into.push(value);
        from = at + len;
        // One escape often follows another.
        at = match data[from] {
            b'\\' => from,
            _ => special_from(data, from),
        };
    }
}

/// The character of the escape at the front, and its length. A half of a surrogate pair
/// is `None`: what it means depends on what follows.
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
    // What is no digit has bits above its four.
    (a | b | c | d < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// The value of each hexadecimal digit.
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
