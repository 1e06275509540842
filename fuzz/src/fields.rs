//! The fields of an object, as the crate reads them.

use highchat_proto::Timestamp;

use crate::json::{Json, Text};

/// An object of which certain fields are wanted.
pub(crate) struct Fields<'j>(&'j [(Text, Json)]);

impl<'j> Fields<'j> {
    /// The fields of an object, each known one at most once. What the reader skips has to be
    /// JSON, but for numbers of any size and halves of pairs in the values; names are read.
    pub(crate) fn of(json: &'j Json, known: &[&str]) -> Option<Self> {
        let Json::Object(members) = json else {
            return None;
        };
        let mut seen = Vec::new();
        for (name, _) in members {
            let name = name.strict()?;
            if known.contains(&&*name) {
                if seen.contains(&name) {
                    return None;
                }
                seen.push(name);
            }
        }
        Some(Self(members))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'j Json> {
        let mut members = self.0.iter();
        let (_, value) = members.find(|(known, _)| known.strict().as_deref() == Some(name))?;
        Some(value)
    }

    /// A string; its control characters need no escape.
    pub(crate) fn text(&self, name: &str) -> Option<&'j Text> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A field that may be odd: what is read of it, or nothing.
    pub(crate) fn odd<T>(&self, name: &str, read: impl FnOnce(&'j Json) -> Option<T>) -> Option<T> {
        read(self.get(name)?)
    }
}

/// The text that a value is, with U+FFFD for each half of a pair.
pub(crate) fn text(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.lossy()),
        _ => None,
    }
}

/// The time that a value is.
pub(crate) fn time(value: &Json) -> Option<Timestamp> {
    let time = match value {
        Json::Text(text) => text.strict()?,
        Json::Number(literal) => number(literal)?,
        _ => return None,
    };
    time.parse().ok()
}

/// A number as it is told to a reader of times; `None`: out of range.
fn number(literal: &str) -> Option<String> {
    let number: serde_json::Number = serde_json::from_str(literal).ok()?;
    let integer = number.as_u64().map(|number| number.to_string());
    let integer = integer.or_else(|| number.as_i64().map(|number| number.to_string()));
    integer.or_else(|| number.as_f64().map(|number| number.to_string()))
}
