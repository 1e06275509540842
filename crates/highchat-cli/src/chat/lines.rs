//! Reads lines from an input without line editing.

use std::io::{self, BufRead, BufReader, IsTerminal, Read};

use super::typed::Typed;
use crate::input::{MAX_INPUT, Text};
use crate::standard::{self, Input};

/// Standard input, one line at a time.
pub(super) struct Lines {
    input: BufReader<Input>,
    is_typed: bool,
    text: Text,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self {
            input: Input::new(),
            is_typed: io::stdin().is_terminal(),
            text: Text::default(),
        }
    }

    pub(super) fn read(&mut self) -> Typed {
        if self.is_typed {
            standard::err("> ");
        }
        let typed = read(&mut self.input, &mut self.text);
        if self.is_typed && matches!(typed, Typed::End) {
            // Moves the cursor to the line after the prompt.
            standard::err("\n");
        }
        typed
    }
}

fn read<R: Read>(input: &mut BufReader<R>, text: &mut Text) -> Typed {
    let mut line = Vec::new();
    let read = input.take(MAX_INPUT + 1).read_until(b'\n', &mut line);
    match read {
        Err(error) => {
            return Typed::Unreadable(format!("standard input cannot be read: {error}"));
        }
        Ok(0) => return Typed::End,
        Ok(_) => {}
    }
    if let Some(problem) = text.wrong_encoding(&line, input.buffer()) {
        return Typed::Unreadable(problem.into());
    }
    if line.len() as u64 > MAX_INPUT && !line.ends_with(b"\n") {
        // The rest of the line must not become another message.
        if let Err(error) = input.skip_until(b'\n') {
            return Typed::Unreadable(format!("standard input cannot be read: {error}"));
        }
        return Typed::Refused("the line is longer than any message".into());
    }
    match text.read(line) {
        Ok(line) => Typed::Line(line),
        Err(problem) => Typed::Refused(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let (mut input, mut text) = (BufReader::new(input), Text::default());
        let mut lines = Vec::new();
        loop {
            match read(&mut input, &mut text) {
                Typed::Line(line) => lines.push(line),
                Typed::Refused(_) => lines.push("refused".into()),
                Typed::Unreadable(_) => lines.push("unreadable".into()),
                Typed::Interrupt { .. } | Typed::Lost => unreachable!("no keyboard"),
                Typed::End => return lines,
            }
            if lines.last().is_some_and(|line| line == "unreadable") {
                return lines;
            }
        }
    }

    #[test]
    fn each_line_is_one_message_and_a_refused_line_affects_no_other() {
        let long = "ա".repeat(1 << 20);
        let input = [
            "ա\r\n\n".as_bytes(),
            b"\xFF\na\0b\n",
            long.as_bytes(),
            "\nվերջ".as_bytes(),
        ];
        let expected = ["ա", "", "refused", "refused", "refused", "վերջ"];
        assert_eq!(lines(&input.concat()), expected);
    }

    #[test]
    fn a_byte_order_mark_is_removed_from_the_first_line() {
        let input = "\u{feff}/quit\n\u{feff}ա";
        assert_eq!(lines(input.as_bytes()), ["/quit", "\u{feff}ա"]);
    }

    #[test]
    fn utf_16_input_is_refused() {
        let text = "բարև 👋\nԱնի\n";
        let little = text.encode_utf16().flat_map(u16::to_le_bytes);
        let little: Vec<_> = little.collect();
        let big: Vec<_> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (mark, bytes) in [
            (&b"\xff\xfe"[..], &little),
            (b"\xfe\xff", &big),
            (b"", &little),
            (b"", &big),
        ] {
            assert_eq!(lines(&[mark, bytes].concat()), ["unreadable"], "{mark:?}");
        }
    }
}
