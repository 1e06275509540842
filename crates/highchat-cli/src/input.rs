//! The message that is to be sent.

use std::io::{self, IsTerminal, Read};

use highchat_proto::Message;

use crate::standard::{self, Input};

/// The most that is read from standard input, in bytes: no message of 4000 characters is
/// longer, with a byte order mark and a line end.
pub(crate) const MAX_INPUT: u64 = 4 * Message::MAX_CHARS as u64 + 5;

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
const IS_UTF_16: &str = "standard input is UTF-16: convert it to UTF-8";
const HAS_NUL: &str = "standard input has a NUL character: it is UTF-16, or no text";

/// The message of the arguments, or of standard input if there is none or it is `-`.
///
/// # Errors
///
/// A sentence about what is wrong with it.
pub(crate) fn message(words: &[String]) -> Result<Message, String> {
    let text = match words {
        [] => read_stdin()?,
        [dash] if dash == "-" => read_stdin()?,
        words => words.join(" "),
    };
    Message::new(text).map_err(|invalid| invalid.to_string())
}

fn read_stdin() -> Result<String, String> {
    if io::stdin().is_terminal() {
        standard::err("The message, then Ctrl-D at the start of a line:\n");
    }
    let mut bytes = Vec::new();
    Input::new()
        .take(MAX_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    let mut text = Text::default();
    if let Some(problem) = text.is_foreign(&bytes, &[]) {
        return Err(problem.into());
    }
    if bytes.len() as u64 > MAX_INPUT {
        return Err(format!(
            "a message has at most {} characters, standard input has more",
            Message::MAX_CHARS
        ));
    }
    text.read(bytes)
}

/// Reads standard input as text: the whole of it, or a line after the other.
#[derive(Default)]
pub(crate) struct Text {
    is_begun: bool,
}

impl Text {
    /// Whether the bytes and what follows them are in another encoding, and what to say then.
    pub(crate) fn is_foreign(&self, bytes: &[u8], next: &[u8]) -> Option<&'static str> {
        if self.is_begun {
            return None;
        }
        let is_marked = UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark));
        // The second half of a newline, without a mark before.
        let is_split = bytes.ends_with(b"\n") && next.starts_with(b"\0");
        if is_marked || is_split {
            Some(IS_UTF_16)
        } else {
            bytes.contains(&0).then_some(HAS_NUL)
        }
    }

    /// The bytes as text, without a byte order mark at its start and a newline at its end.
    ///
    /// # Errors
    ///
    /// A sentence: it is no text in UTF-8.
    pub(crate) fn read(&mut self, bytes: Vec<u8>) -> Result<String, String> {
        let is_first = !core::mem::replace(&mut self.is_begun, true);
        let bytes = match bytes.strip_prefix(UTF_8_MARK) {
            Some(rest) if is_first => rest.to_vec(),
            _ => bytes,
        };
        let mut text =
            String::from_utf8(bytes).map_err(|_| String::from("standard input is no UTF-8"))?;
        if text.contains('\0') {
            return Err(HAS_NUL.into());
        }
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }
}
