//! Where a value ends. Everything before that place is checked (RFC 8259).

use alloc::vec::Vec;

use super::string;

/// The place after the white space at `at`.
pub(super) fn blank(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The place after the value that begins at `at`. No white space may be before it.
///
/// It needs no recursion, so a deeply nested value needs no stack: a bit a level is kept, on the
/// heap after 64 levels.
///
/// # Errors
///
/// The place of the first byte that no value can have there.
pub(super) fn value(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    let mut open = Open::default();
    loop {
        at = match bytes.get(at) {
            Some(b'"') => string::end(bytes, at + 1)?,
            Some(bracket @ (b'{' | b'[')) => {
                let is_object = *bracket == b'{';
                at = blank(bytes, at + 1);
                // The closing bracket comes two characters later in ASCII, for either kind.
                if bytes.get(at) != Some(&(bracket + 2)) {
                    open.push(is_object);
                    if is_object {
                        at = name(bytes, at)?;
                    }
                    continue;
                }
                at + 1
            }
            Some(b't') => word(bytes, at, b"true")?,
            Some(b'f') => word(bytes, at, b"false")?,
            Some(b'n') => word(bytes, at, b"null")?,
            _ => number(bytes, at)?,
        };
        // A value ended. Then come a comma, or the ends of the values around it.
        loop {
            let Some(is_object) = open.innermost() else {
                return Ok(at);
            };
            at = blank(bytes, at);
            match bytes.get(at) {
                Some(b',') => {
                    at = blank(bytes, at + 1);
                    if is_object {
                        at = name(bytes, at)?;
                    }
                    break;
                }
                Some(b'}') if is_object => {}
                Some(b']') if !is_object => {}
                _ => return Err(at),
            }
            open.pop();
            at += 1;
        }
    }
}

/// The place of the value after a field's name and its colon.
pub(super) fn name(bytes: &[u8], at: usize) -> Result<usize, usize> {
    if bytes.get(at) != Some(&b'"') {
        return Err(at);
    }
    let at = blank(bytes, string::end(bytes, at + 1)?);
    match bytes.get(at) {
        Some(b':') => Ok(blank(bytes, at + 1)),
        _ => Err(at),
    }
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, usize> {
    if bytes[at..].starts_with(word) {
        Ok(at + word.len())
    } else {
        Err(at)
    }
}

fn number(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    at += usize::from(bytes.get(at) == Some(&b'-'));
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        at = digits(bytes, at)?;
    }
    Ok(at)
}

/// The place after one digit or more.
fn digits(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == from { Err(at) } else { Ok(at) }
}

/// The arrays and objects that are open: a bit each, set for an object.
#[derive(Default)]
struct Open {
    /// The innermost 1 to 64 levels; the lowest bit is the innermost.
    bits: u64,
    depth: usize,
    /// The levels around them, in groups of 64.
    outer: Vec<u64>,
}

impl Open {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth % 64 == 0 {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(is_object);
        self.depth += 1;
    }

    /// Whether the innermost value is an object; `None` if none is open.
    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
        if self.depth % 64 == 0 {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }
}
