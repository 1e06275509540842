//! One JSON object a line.

use std::io::{self, Write};

use highchat_proto::Update;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::exit::Outcome;
use crate::sanitise::is_obeyed;

/// The lines of `--json`; names and values are the API's own.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
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
    #[serde(untagged)]
    Update(&'a Update<'a>),
}

impl<'a> Line<'a> {
    /// The line of an update, if it has one by itself: a failure has one when it is told, and
    /// what the API's text does not name has none.
    pub(crate) fn of(update: &'a Update<'a>) -> Option<Self> {
        let has_line = match update {
            Update::Meta { .. }
            | Update::Delta { .. }
            | Update::Done { .. }
            | Update::Human { .. }
            | Update::State(_)
            | Update::Delayed { .. }
            | Update::Recovered { .. } => true,
            Update::Message(message) => !message.role.is_user(),
            _ => false,
        };
        has_line.then_some(Self::Update(update))
    }

    /// The line, with its newline.
    pub(crate) fn to_text(&self) -> String {
        let mut line = Vec::new();
        self.serialize(&mut Serializer::with_formatter(&mut line, Escaping))
            .expect("plain data, to memory");
        line.push(b'\n');
        String::from_utf8(line).expect("JSON is UTF-8")
    }
}

/// JSON in which whatever a terminal would obey is escaped, not only what JSON asks for.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = fragment;
        while let Some((at, obeyed)) = plain.char_indices().find(|(_, c)| is_obeyed(*c)) {
            writer.write_all(&plain.as_bytes()[..at])?;
            // All of them stand in the Basic Multilingual Plane: four digits are enough.
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
    fn what_a_terminal_would_obey_is_escaped_and_reads_back_as_it_was() {
        let text = "a\u{1b}[31m\u{7f}\u{9b}\u{202e}\"\\\n\tբ";
        let update = Update::Delta { text: text.into() };
        let line = Line::of(&update).unwrap().to_text();
        assert_eq!(
            line,
            "{\"type\":\"delta\",\"text\":\"a\\u001b[31m\\u007f\\u009b\\u202e\\\"\\\\\\n\\tբ\"}\n"
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["text"], text);
    }
}
