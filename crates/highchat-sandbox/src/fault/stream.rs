//! Writes the events of a reply, with their faults.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::wire::Ending;
use super::{Fault, Faults};

/// The default and the largest size of a huge event, in bytes.
const HUGE: u64 = 2 << 20;
const MAX_HUGE: u64 = 16 << 20;

/// The bytes that `bytes-after-done` adds after the end of a reply.
const AFTER_END: &[u8] =
    b"event: delta\ndata: {\"text\":\"[after the end]\"}\n\n\x00\xff data:\n\n:";

/// The faults of the events of one reply, and how many of them have been applied.
pub(crate) struct Damage {
    faults: Faults,
    began: bool,
    /// The faults in the middle of the reply have been applied.
    is_middle_done: bool,
}

/// The position of an event in its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Any other event.
    Normal,
    /// The event with the middle of the text. In a reply without text this is the last event.
    Middle,
    /// The event that ends the reply.
    Last,
    /// The event that ends a reply without text.
    MiddleAndLast,
}

/// What happens after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterEvent {
    /// The reply goes on.
    GoesOn,
    /// Only pings follow.
    Pings,
    /// Nothing follows: the connection ends in this way.
    Halts(Ending),
}

impl Damage {
    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            faults,
            began: false,
            is_middle_done: false,
        }
    }

    /// Whether a client gets the whole reply and its end.
    pub(crate) fn is_whole(&self) -> bool {
        ![
            Fault::Cut,
            Fault::Reset,
            Fault::Stall,
            Fault::StallPings,
            Fault::BrokenJson,
            Fault::MissingField,
            Fault::NoDone,
            Fault::HugeEvent,
            Fault::WrongType,
            Fault::Gzip,
        ]
        .into_iter()
        .any(|fault| self.faults.has(fault))
    }

    /// Returns the bytes of an event, and what happens after it.
    pub(crate) fn write(
        &mut self,
        name: &str,
        data: Value,
        position: Position,
    ) -> (Bytes, AfterEvent) {
        let is_middle = matches!(position, Position::Middle | Position::MiddleAndLast);
        let is_last = matches!(position, Position::Last | Position::MiddleAndLast);
        let is_left_out = match name {
            "meta" => self.has(Fault::NoMeta),
            _ => is_last && self.has(Fault::NoDone),
        };
        let mut bytes = Vec::new();
        if !is_left_out {
            if !core::mem::replace(&mut self.began, true) && self.has(Fault::Bom) {
                bytes.extend("\u{feff}".as_bytes());
            }
            if name == "delta" && self.has(Fault::UnknownEvent) {
                self.frame("typing", "{\"who\":\"bot\"}", &mut bytes);
            }
            self.event(name, data, is_middle, &mut bytes);
        }
        if is_middle && !core::mem::replace(&mut self.is_middle_done, true) {
            let halt = self.faults.iter().find_map(|injection| {
                Ending::of(injection.fault).filter(|_| injection.amount.is_none())
            });
            if let Some(ending) = halt {
                bytes.truncate(bytes.len() / 2);
                return (bytes.into(), AfterEvent::Halts(ending));
            }
            if self.has(Fault::StallPings) && !is_last {
                return (bytes.into(), AfterEvent::Pings);
            }
        }
        if is_last && !is_left_out {
            if self.has(Fault::NoLastBlankLine) {
                bytes.truncate(bytes.len() - self.line_end().len());
            }
            if self.has(Fault::BytesAfterDone) {
                bytes.extend(AFTER_END);
            }
        }
        if is_last && (self.has(Fault::NoEnd) || self.has(Fault::StallPings)) {
            return (bytes.into(), AfterEvent::Pings);
        }
        (bytes.into(), AfterEvent::GoesOn)
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.has(fault)
    }

    fn event(&self, name: &str, mut data: Value, is_middle: bool, bytes: &mut Vec<u8>) {
        let text = data["text"].as_str().unwrap_or_default().to_owned();
        let is_delta = name == "delta";
        if is_delta && is_middle && self.has(Fault::MissingField) {
            data = json!({ "words": text });
        }
        if let Value::Object(fields) = &mut data {
            self.add_fields(fields, is_delta && is_middle);
        }
        let mut json = if self.has(Fault::MultiLineData) {
            format!("{data:#}")
        } else {
            data.to_string()
        };
        if is_delta && is_middle && self.has(Fault::BrokenJson) {
            json.truncate(json.len() - 1);
        }
        let start = bytes.len();
        self.frame(name, &json, bytes);
        if is_delta && is_middle && self.has(Fault::InvalidUtf8) {
            // The byte goes after the text, at any place in the frame.
            let text = serde_json::to_string(&text).unwrap_or_default();
            let text = text.strip_suffix('"').unwrap_or_default().as_bytes();
            let found = bytes[start..].windows(text.len()).position(|at| at == text);
            if let Some(found) = found {
                bytes.insert(start + found + text.len(), 0xff);
            }
        }
        if is_delta && is_middle && self.has(Fault::SplitPair) {
            for half in ["\\ud83d", "\\ude42"] {
                self.frame("delta", &format!("{{\"text\":\"{half}\"}}"), bytes);
            }
        }
    }

    fn add_fields(&self, fields: &mut Map<String, Value>, is_middle: bool) {
        if self.has(Fault::ExtraFields) {
            fields.insert("v".to_owned(), json!(2));
            fields.insert("usage".to_owned(), json!({ "tokens": [1, null, "x"] }));
        }
        if let Some(huge) = self.faults.find(Fault::HugeEvent).filter(|_| is_middle) {
            let length = huge.amount.unwrap_or(HUGE).min(MAX_HUGE);
            let length = usize::try_from(length).unwrap_or_default();
            fields.insert("padding".to_owned(), "x".repeat(length).into());
        }
    }

    /// Writes one event, with the faults of its lines.
    fn frame(&self, name: &str, json: &str, bytes: &mut Vec<u8>) {
        let end = self.line_end();
        let colon = if self.has(Fault::NoSpace) { ":" } else { ": " };
        let comments = self.has(Fault::Comments);
        let mut line = |parts: &[&str]| {
            parts.iter().for_each(|part| bytes.extend(part.as_bytes()));
            bytes.extend(end.as_bytes());
        };
        if comments {
            line(&[": before the event"]);
        }
        line(&["event", colon, name]);
        if comments {
            line(&[":"]);
            line(&[":data: {}"]);
        }
        for part in json.lines() {
            line(&["data", colon, part]);
        }
        line(&[]);
        if comments {
            line(&[": after the event"]);
            line(&[]);
        }
    }

    fn line_end(&self) -> &'static str {
        match (self.has(Fault::CrLf), self.has(Fault::LoneCr)) {
            (true, _) => "\r\n",
            (false, true) => "\r",
            (false, false) => "\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bytes of a delta in the middle, as characters.
    fn written(faults: &str) -> String {
        let mut damage = Damage::new(faults.parse().unwrap());
        let (bytes, then) = damage.write("delta", json!({ "text": "ա\"" }), Position::Middle);
        assert_eq!(then, AfterEvent::GoesOn);
        bytes
            .iter()
            .map(|&byte| char::from(byte))
            .collect::<String>()
    }

    fn utf8(text: &str) -> String {
        text.bytes().map(char::from).collect()
    }

    #[test]
    fn each_fault_changes_an_event() {
        for (faults, event) in [
            ("", "event: delta\ndata: {\"text\":\"ա\\\"\"}\n\n"),
            (
                "cr-lf",
                "event: delta\r\ndata: {\"text\":\"ա\\\"\"}\r\n\r\n",
            ),
            (
                "lone-cr,no-space",
                "event:delta\rdata:{\"text\":\"ա\\\"\"}\r\r",
            ),
            (
                "multi-line-data",
                "event: delta\ndata: {\ndata:   \"text\": \"ա\\\"\"\ndata: }\n\n",
            ),
            ("broken-json", "event: delta\ndata: {\"text\":\"ա\\\"\"\n\n"),
            (
                "missing-field",
                "event: delta\ndata: {\"words\":\"ա\\\"\"}\n\n",
            ),
        ] {
            assert_eq!(written(faults), utf8(event), "{faults}");
        }
    }

    #[test]
    fn the_invalid_byte_follows_the_text() {
        let expected = format!("{}ÿ\"}}\n\n", utf8("event: delta\ndata: {\"text\":\"ա\\\""));
        assert_eq!(written("invalid-utf-8"), expected);
    }

    #[test]
    fn a_cut_leaves_half_of_the_event_in_the_middle() {
        let mut damage = Damage::new(Fault::Cut.into());
        let (bytes, then) = damage.write("delta", json!({ "text": "ab" }), Position::Middle);

        assert_eq!(then, AfterEvent::Halts(Ending::Cut));
        assert_eq!(bytes, "event: delta\ndata");
    }

    #[test]
    fn the_last_blank_line_can_be_missing_with_each_line_end() {
        for (faults, end) in [("", "}\n"), ("cr-lf,", "}\r\n"), ("lone-cr,", "}\r")] {
            let faults = format!("{faults},no-last-blank-line");
            let mut damage = Damage::new(faults.parse().unwrap());
            let (bytes, _) = damage.write("done", json!({}), Position::Last);
            assert!(bytes.ends_with(end.as_bytes()), "{faults}");
        }
    }
}
