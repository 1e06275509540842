//! The text of a delta, without a JSON parser where it has its usual form.
//!
//! `{"text":"…"}` with nothing before, between or behind is what services write, and a
//! reply is a thousand of them. Its text is found by one search for a byte that ends or
//! changes a JSON string, shown where it lies, or unescaped into a buffer that is used
//! again. Whatever is of any other form, or wrong, is `None` and for serde_json to say:
//! so the answer is always its answer (held by a property test and a fuzz target).

use alloc::string::String;

const BEFORE: &[u8] = br#"{"text":""#;
const BEHIND: &[u8] = br#""}"#;

/// The text of a delta in its usual form.
#[inline]
pub(super) fn text<'a>(data: &'a [u8], scratch: &'a mut String) -> Option<&'a str> {
    let value = data.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
    match value.iter().position(|&byte| is_special(byte)) {
        None => core::str::from_utf8(value).ok(),
        Some(at) => {
            scratch.clear();
            unescape(value, at, scratch)?;
            Some(scratch)
        }
    }
}

/// What a JSON string cannot hold as it is (RFC 8259, section 7).
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The string's value, whose first special byte is at `at`.
fn unescape(value: &[u8], mut at: usize, into: &mut String) -> Option<()> {
    let mut rest = value;
    loop {
        let (plain, behind) = rest.split_at_checked(at)?;
        into.push_str(core::str::from_utf8(plain).ok()?);
        if behind.is_empty() {
            return Some(());
        }
        rest = escape(behind, into)?;
        at = rest
            .iter()
            .position(|&byte| is_special(byte))
            .unwrap_or(rest.len());
    }
}

/// What follows the escape at the front. A half of a surrogate pair is `None`: what it
/// means depends on what follows.
fn escape<'a>(input: &'a [u8], into: &mut String) -> Option<&'a [u8]> {
    let [b'\\', kind, rest @ ..] = input else {
        return None;
    };
    into.push(match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let (digits, rest) = rest.split_first_chunk()?;
            into.push(char::from_u32(hex(digits)?)?);
            return Some(rest);
        }
        _ => return None,
    });
    Some(rest)
}

fn hex(digits: &[u8; 4]) -> Option<u32> {
    digits.iter().try_fold(0, |number, &digit| {
        Some(number << 4 | char::from(digit).to_digit(16)?)
    })
}
