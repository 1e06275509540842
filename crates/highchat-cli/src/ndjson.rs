//! One JSON object a line.

use std::io::{self, Write};

use highchat_proto::event::Event;
use highchat_proto::id::Timestamp;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::exit::Outcome;
use crate::sanitise::is_obeyed;

/// The lines of `--json`; names and values are the API's own.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    Meta {
        conversation_id: Option<&'a str>,
    },
    Delta {
        text: &'a str,
    },
    Done {
        message_id: &'a str,
        state: &'a str,
        ts: Option<&'a str>,
    },
    Human {
        message: &'a str,
        ts: Option<&'a str>,
    },
    State {
        state: &'a str,
    },
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

impl<'a> Line<'a> {
    /// The line of an event, where it has one: not of a ping, of a delta without text, of
    /// an `error` (which is a failure like others), nor of what the API's text does not
    /// name.
    pub(crate) fn of(event: &'a Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Meta { conversation_id } => Self::Meta {
                conversation_id: conversation_id.as_ref().map(|id| id.as_str()),
            },
            Event::Delta { text } if !text.is_empty() => Self::Delta { text },
            Event::Done {
                message_id,
                state,
                ts,
            } => Self::Done {
                message_id: message_id.as_str(),
                state: state.as_str(),
                ts: ts.as_ref().map(Timestamp::as_str),
            },
            Event::Human { message, ts } => Self::Human {
                message,
                ts: ts.as_ref().map(Timestamp::as_str),
            },
            _ => return None,
        })
    }

    /// The line, with its newline.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut line = Vec::new();
        self.serialize(&mut Serializer::with_formatter(&mut line, Escaping))
            .expect("plain data, to memory");
        line.push(b'\n');
        line
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
        let line = String::from_utf8(Line::Delta { text }.to_bytes()).unwrap();
        assert_eq!(
            line,
            "{\"type\":\"delta\",\"text\":\"a\\u001b[31m\\u007f\\u009b\\u202e\\\"\\\\\\n\\tբ\"}\n"
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["text"], text);
    }
}
