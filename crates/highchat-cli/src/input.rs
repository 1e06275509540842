//! Reads the message to send.

use std::io::{self, IsTerminal, Read};

use highchat_proto::Message;

use crate::standard::{self, Input};

/// The most bytes that are read from standard input. A message of 4000 characters is never
/// longer, including a byte order mark and a line end.
pub(crate) const MAX_INPUT: u64 = 4 * Message::MAX_CHARS as u64 + 5;

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
const IS_UTF_16: &str = "standard input is UTF-16; convert it to UTF-8";
const HAS_NUL: &str = "standard input has a NUL character: it is UTF-16, or not text";

/// Returns the message from the arguments. Without arguments, or if they are `-`, it is
/// read from standard input.
///
/// # Errors
///
/// A sentence about what is wrong with the message.
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
        standard::err("Type the message, then press Ctrl-D at the start of a line:\n");
    }
    let mut bytes = Vec::new();
    Input::new()
        .take(MAX_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    let mut text = Text::default();
    if let Some(problem) = text.wrong_encoding(&bytes, &[]) {
        return Err(problem.into());
    }
    if bytes.len() as u64 > MAX_INPUT {
        return Err(format!(
            "a message has at most {} characters; standard input has more",
            Message::MAX_CHARS
        ));
    }
    text.read(bytes)
}

/// Decodes standard input as text, either as a whole or line by line.
#[derive(Default)]
pub(crate) struct Text {
    is_begun: bool,
}

impl Text {
    /// Checks whether the first bytes are in another encoding. `next` are the bytes after
    /// them. Returns an error message if they are.
    pub(crate) fn wrong_encoding(&self, bytes: &[u8], next: &[u8]) -> Option<&'static str> {
        if self.is_begun {
            return None;
        }
        let is_marked = UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark));
        // In UTF-16 little endian, a newline is followed by a zero byte.
        let is_split = bytes.ends_with(b"\n") && next.starts_with(b"\0");
        if is_marked || is_split {
            Some(IS_UTF_16)
        } else {
            bytes.contains(&0).then_some(HAS_NUL)
        }
    }

    /// Decodes bytes as text. Removes a byte order mark at the start of the input and one
    /// newline at the end of the text.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong with the text.
    pub(crate) fn read(&mut self, bytes: Vec<u8>) -> Result<String, String> {
        let is_first = !core::mem::replace(&mut self.is_begun, true);
        let bytes = match bytes.strip_prefix(UTF_8_MARK) {
            Some(rest) if is_first => rest.to_vec(),
            _ => bytes,
        };
        let mut text =
            String::from_utf8(bytes).map_err(|_| String::from("standard input is not UTF-8"))?;
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
