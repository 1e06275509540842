//! The strings of JSON (RFC 8259, section 7): where they end, and what their escapes mean.

use alloc::borrow::Cow;
use alloc::string::String;

/// The place of the first byte from `from` on that a JSON string cannot hold unescaped, or the
/// length of the data if there is none.
// A delta's text is searched with it: a call would cost more than the search.
#[inline(always)]
pub(crate) fn special_from(data: &[u8], mut from: usize) -> usize {
    while let Some(word) = data.get(from..).and_then(<[u8]>::first_chunk) {
        if let Some(at) = first_special(*word) {
            return from + at;
        }
        from += word.len();
    }
    let Some(last) = data.last_chunk() else {
        let rest = data.get(from..).unwrap_or_default();
        let at = rest.iter().position(|byte| is_special(*byte));
        return at.map_or(data.len(), |at| from + at);
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

/// Whether a JSON string cannot hold the byte unescaped.
// Without a branch, so that a search of many bytes is vectorized.
#[inline(always)]
pub(crate) const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

/// The character of the escape at the front, and the escape's length. A surrogate half gives
/// `None`, because its meaning depends on the text after it.
// For a delta's text, of which each letter may be an escape. The others take `called_escape`.
#[inline(always)]
pub(crate) fn escape(input: &[u8]) -> Option<(char, usize)> {
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

/// [`escape`] once for all texts that are not deltas, because its code is long.
#[inline(never)]
fn called_escape(input: &[u8]) -> Option<(char, usize)> {
    escape(input)
}

/// The surrogate half whose escape is at the front.
fn half(input: &[u8]) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = input else {
        return None;
    };
    let unit = u16::try_from(hex(digits.first_chunk()?)?).ok()?;
    matches!(unit, 0xD800..=0xDFFF).then_some(unit)
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

/// The place after the closing quote of a string whose content begins at `at`.
///
/// # Errors
///
/// The place of the first byte that no string can have there. Control characters are accepted
/// without an escape (our decision), because some services write a line end so.
pub(super) fn end(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    loop {
        at = special_from(bytes, at);
        at += match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match called_escape(&bytes[at..]) {
                Some((_, len)) => len,
                None => half(&bytes[at..]).map(|_| 6).ok_or(at)?,
            },
            Some(_) => 1,
            None => return Err(at),
        };
    }
}

/// The text of a string of JSON.
#[derive(Default)]
pub(crate) struct Unescaped<'a> {
    /// Each lone surrogate half is U+FFFD.
    pub(crate) text: Cow<'a, str>,
    /// Whether there was a lone half.
    pub(crate) has_lone_half: bool,
    /// The low half that the first U+FFFD stands for, if the text begins with it.
    pub(crate) first: Option<u16>,
    /// The high half that the last U+FFFD stands for, if the text ends with it.
    pub(crate) last: Option<u16>,
}

impl<'a> Unescaped<'a> {
    /// Replaces the escapes in the content of a string, which was checked before.
    pub(super) fn new(content: &'a str) -> Self {
        let mut unescaped = Self::default();
        let Some(mut at) = content.find('\\') else {
            unescaped.text = Cow::Borrowed(content);
            return unescaped;
        };
        let bytes = content.as_bytes();
        let mut text = String::with_capacity(content.len());
        let mut copied = 0;
        loop {
            text.push_str(&content[copied..at]);
            if at == bytes.len() {
                break;
            }
            let rest = &bytes[at..];
            let (value, len) = match (called_escape(rest), half(rest)) {
                (Some(escape), _) => escape,
                (None, Some(high)) => match pair(high, &rest[6..]) {
                    Some(value) => (value, 12),
                    None => {
                        let is_low = high >= 0xDC00;
                        unescaped.has_lone_half = true;
                        if at == 0 && is_low {
                            unescaped.first = Some(high);
                        }
                        if at + 6 == bytes.len() && !is_low {
                            unescaped.last = Some(high);
                        }
                        (char::REPLACEMENT_CHARACTER, 6)
                    }
                },
                // It was checked that each backslash begins an escape.
                (None, None) => ('\\', 1),
            };
            text.push(value);
            copied = at + len;
            let next = content[copied..].find('\\');
            at = next.map_or(bytes.len(), |next| copied + next);
        }
        unescaped.text = Cow::Owned(text);
        unescaped
    }
}

/// The character of a high half and of the low half whose escape is at the front of `rest`.
fn pair(high: u16, rest: &[u8]) -> Option<char> {
    let low = half(rest)?;
    char::decode_utf16([high, low]).next()?.ok()
}
