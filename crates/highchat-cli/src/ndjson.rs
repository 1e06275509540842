//! One JSON object a line.

use std::io::{self, Write};

use highchat_proto::conversation::DelayReason;
use highchat_proto::{Timestamp, Update};
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
        message_id: Option<&'a str>,
        state: Option<&'a str>,
        ts: Option<&'a str>,
    },
    Human {
        message: Option<&'a str>,
        ts: Option<&'a str>,
    },
    Message {
        id: &'a str,
        role: &'a str,
        content: &'a str,
        created_at: Option<&'a str>,
    },
    State {
        state: &'a str,
    },
    Delayed {
        seconds: f64,
        reason: &'a str,
    },
    Recovered {
        message_id: &'a str,
        text: &'a str,
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
    /// The line of an update, where it has one by itself: a failure has one where it is
    /// told, and what the API's text does not name has none.
    pub(crate) fn of(update: &Update<'a>) -> Option<Self> {
        Some(match *update {
            Update::Meta {
                conversation_id, ..
            } => Self::Meta {
                conversation_id: conversation_id.map(|id| id.as_str()),
            },
            Update::Delta { text } => Self::Delta { text },
            Update::Done {
                message_id,
                state,
                ts,
            } => Self::Done {
                message_id: message_id.map(|id| id.as_str()),
                state: state.map(|state| state.as_str()),
                ts: ts.map(Timestamp::as_str),
            },
            Update::Human { message, ts } => Self::Human {
                message,
                ts: ts.map(Timestamp::as_str),
            },
            Update::Message(message) if !message.role.is_user() => Self::Message {
                id: message.id.as_str(),
                role: message.role.as_str(),
                content: &message.content,
                created_at: message.created_at.as_ref().map(Timestamp::as_str),
            },
            Update::State(state) => Self::State {
                state: state.as_str(),
            },
            Update::Delayed { delay, reason, .. } => Self::Delayed {
                seconds: delay.as_secs_f64(),
                reason: match reason {
                    DelayReason::RateLimited => "rate_limited",
                    DelayReason::NotSent => "not_sent",
                    _ => "transient",
                },
            },
            Update::Recovered { message, .. } => Self::Recovered {
                message_id: message.id.as_str(),
                text: &message.content,
            },
            _ => return None,
        })
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
        let line = Line::Delta { text }.to_text();
        assert_eq!(
            line,
            "{\"type\":\"delta\",\"text\":\"a\\u001b[31m\\u007f\\u009b\\u202e\\\"\\\\\\n\\tբ\"}\n"
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["text"], text);
    }
}
