//! Percent-encoding of a path segment or a query value (RFC 3986, section 2).

use std::string::String;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends the value with everything escaped but the unreserved characters: what is
/// left needs no escape as a segment of a path nor as a value of a query.
pub(crate) fn push_encoded(url: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            _ => push_escape(url, byte),
        }
    }
}

/// Appends a path that may be escaped in part, with what no path may hold escaped: bytes
/// beyond ASCII, and the characters that the URL standard escapes in a path. White space
/// and control characters stay as they are, and are no URL.
pub(crate) fn push_encoded_path(url: &mut String, path: &str) {
    for byte in path.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                push_escape(url, byte);
            }
            _ => url.push(char::from(byte)),
        }
    }
}

fn push_escape(url: &mut String, byte: u8) {
    url.push('%');
    url.push(char::from(HEX[usize::from(byte >> 4)]));
    url.push(char::from(HEX[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_unreserved_characters_are_escaped() {
        let mut url = String::new();
        push_encoded(&mut url, "aZ09-._~/?#&=+% \u{0}բ");
        assert_eq!(url, "aZ09-._~%2F%3F%23%26%3D%2B%25%20%00%D5%A2");
    }

    #[test]
    fn of_a_path_only_what_it_may_not_hold_is_escaped() {
        let mut url = String::new();
        push_encoded_path(&mut url, "/բոտ/a%20b;c=1,(d)/{x}|^`\"<>\\");
        let expected = "/%D5%A2%D5%B8%D5%BF/a%20b;c=1,(d)/%7Bx%7D%7C%5E%60%22%3C%3E%5C";
        assert_eq!(url, expected);
    }
}
