//! The fields of an object, as the crate reads them.

use highchat_proto::id::Timestamp;

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
        for (name, value) in members {
            let name = name.strict()?;
            if !known.contains(&&*name) {
                value
                    .texts()
                    .iter()
                    .all(|text| !text.has_control)
                    .then_some(())?;
            } else if seen.contains(&name) {
                return None;
            } else {
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

    /// The time of an event, or none that can be read; `None`: not even JSON as serde_json
    /// skips it.
    pub(crate) fn time(&self, name: &str) -> Option<Option<Timestamp>> {
        let value = self.get(name)?;
        let is_skipped = value.texts().iter().all(|text| !text.has_control);
        is_skipped.then(|| time(value))
    }

    /// As [`time`](Self::time), of a page, where it is read as serde_json keeps it, which is
    /// stricter than what it skips.
    pub(crate) fn kept_time(&self, name: &str) -> Option<Option<Timestamp>> {
        const DEEPEST: usize = 126;
        let value = self.get(name)?;
        let is_kept = value.depth() <= DEEPEST
            && value.texts().iter().all(|text| text.strict().is_some())
            && !value.any(&|json| matches!(json, Json::Number(n) if number(n).is_none()));
        is_kept.then(|| time(value))
    }
}

/// The time that a value is.
fn time(value: &Json) -> Option<Timestamp> {
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
