//! Lines from where no line can be edited.

use std::io::{self, BufRead, IsTerminal, Read};

use super::typed::Typed;
use crate::input::{MAX_INPUT, text};

/// Standard input, a line at a time.
pub(super) struct Lines;

impl Lines {
    pub(super) fn read() -> Typed {
        if io::stdin().is_terminal() {
            eprint!("> ");
        }
        read(&mut io::stdin().lock())
    }
}

fn read(input: &mut impl BufRead) -> Typed {
    let mut line = Vec::new();
    let read = input.take(MAX_INPUT + 1).read_until(b'\n', &mut line);
    match read {
        Err(error) => return Typed::Refused(format!("standard input cannot be read: {error}")),
        Ok(0) => return Typed::End,
        Ok(_) => {}
    }
    if line.len() as u64 > MAX_INPUT && !line.ends_with(b"\n") {
        // The rest of it is no message of its own.
        let _ = input.skip_until(b'\n');
        return Typed::Refused("the line is longer than any message".into());
    }
    match text(line) {
        Ok(line) => Typed::Line(line),
        Err(problem) => Typed::Refused(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_one_and_a_line_that_is_refused_takes_no_other_with_it() {
        let long = "a".repeat(1 << 20);
        let input = [b"a\r\n\n\xFF\n", long.as_bytes(), b"\nlast"].concat();
        let mut input = &input[..];
        let typed: Vec<_> = core::iter::repeat_with(|| match read(&mut input) {
            Typed::Line(line) => line,
            Typed::Refused(_) => "refused".into(),
            Typed::Interrupt { .. } => unreachable!("no keyboard"),
            Typed::End => "end".into(),
        })
        .take(6)
        .collect();
        assert_eq!(typed, ["a", "", "refused", "refused", "last", "end"]);
    }
}
