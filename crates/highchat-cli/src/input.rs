//! The message that is to be sent.

use std::io::{self, IsTerminal, Read};

use highchat_proto::message::Message;

/// The most that is read from standard input, in bytes: no message of 4000 characters
/// is longer.
pub(crate) const MAX_INPUT: u64 = 4 * Message::MAX_CHARS as u64 + 2;

/// The message of the arguments, or of standard input where there is none or it is `-`.
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
    let stdin = io::stdin();
    if stdin.is_terminal() {
        eprintln!("The message, then Ctrl-D at the start of a line:");
    }
    let mut bytes = Vec::new();
    stdin
        .lock()
        .take(MAX_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(format!(
            "a message has at most {} characters, standard input has more",
            Message::MAX_CHARS
        ));
    }
    text(bytes)
}

/// What was read, as text without its last newline.
///
/// # Errors
///
/// A sentence: it is no UTF-8.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, String> {
    let mut text =
        String::from_utf8(bytes).map_err(|_| String::from("standard input is no UTF-8"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
