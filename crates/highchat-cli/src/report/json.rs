//! Standard output as JSON, one object per line.

use std::io::{self, Write};

use highchat_proto::Update;
use highchat_sanitise::is_terminal_control;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::StandardOutput;
use crate::exit::{Exit, Outcome};
use crate::problem::Problem;
use crate::screen::Screen;

/// Prints each update that the API names as one line.
pub(super) struct Json {
    screen: Screen,
}

impl Json {
    pub(super) const fn new(screen: Screen) -> Self {
        Self { screen }
    }

    fn print(&self, line: &impl Serialize) -> io::Result<()> {
        self.screen.out(&to_line(line))
    }
}

impl StandardOutput for Json {
    fn begin_turn(&mut self) {}

    fn update(&mut self, update: &Update<'_>) -> io::Result<()> {
        if has_line(update) {
            self.print(update)
        } else {
            Ok(())
        }
    }

    fn problem(&mut self, problem: &Problem) -> io::Result<()> {
        self.print(&OwnLine::Error {
            kind: problem.kind,
            message: &problem.message,
            status: problem.status,
            code: problem.code.as_deref(),
        })
    }

    fn end(&mut self, exit: Exit, conversation: Option<&str>, state: &str) -> io::Result<()> {
        self.print(&OwnLine::End {
            outcome: exit.outcome(),
            exit_code: exit.code(),
            conversation_id: conversation,
            state: (exit == Exit::Complete).then_some(state),
        })
    }

    fn has_open_line(&self) -> bool {
        false
    }
}

/// The lines that are not updates: a failure, and the end of the run.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OwnLine<'a> {
    Error {
        kind: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
    },
    End {
        outcome: Outcome,
        exit_code: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<&'a str>,
    },
}

/// Whether an update is printed as a line. A failure is printed when it is reported, and
/// updates that the API's text does not name are not printed.
fn has_line(update: &Update<'_>) -> bool {
    match update {
        Update::Meta { .. }
        | Update::Delta { .. }
        | Update::Done { .. }
        | Update::Human { .. }
        | Update::State(_)
        | Update::Delayed { .. }
        | Update::Recovered { .. } => true,
        Update::Message(message) => !message.role.is_user(),
        _ => false,
    }
}

/// Serializes a value as one line with its newline.
fn to_line(value: &impl Serialize) -> String {
    let mut line = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut line, Escaping))
        .expect("plain data, to memory");
    line.push(b'\n');
    String::from_utf8(line).expect("JSON is UTF-8")
}

/// A formatter that also escapes the characters that a terminal would obey.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = fragment;
        while let Some((at, obeyed)) = plain.char_indices().find(|(_, c)| is_terminal_control(*c)) {
            writer.write_all(&plain.as_bytes()[..at])?;
            // All these characters are in the Basic Multilingual Plane, so four digits are
            // enough.
            write!(writer, "\\u{:04x}", u32::from(obeyed))?;
            plain = &plain[at + obeyed.len_utf8()..];
        }
        writer.write_all(plain.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_escaped_and_parsed_back_unchanged() {
        let text = "a\u{1b}[31m\u{7f}\u{9b}\u{202e}\"\\\n\tբ";
        let update = Update::Delta { text: text.into() };
        let line = to_line(&update);
        assert_eq!(
            line,
            "{\"type\":\"delta\",\"text\":\"a\\u001b[31m\\u007f\\u009b\\u202e\\\"\\\\\\n\\tբ\"}\n"
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["text"], text);
    }
}
