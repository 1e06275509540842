//! Reads the fields of a JSON object with the rules of highchat-proto.

use highchat_proto::Timestamp;

use crate::json::{Json, Text};

/// The fields of a JSON object.
pub(crate) struct Fields<'j>(&'j [(Text, Json)]);

impl<'j> Fields<'j> {
    /// The fields of an object. Returns `None` if the value is not an object, a known field occurs
    /// twice, or a name has a lone surrogate half.
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

    /// The value of a field that must be a string.
    pub(crate) fn text(&self, name: &str) -> Option<&'j Text> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a field that may have any JSON, or `None` if `read` does not accept it.
    pub(crate) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'j Json) -> Option<T>,
    ) -> Option<T> {
        read(self.get(name)?)
    }
}

/// The text of a string value, with U+FFFD for each lone surrogate half.
pub(crate) fn text(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.lossy()),
        _ => None,
    }
}

/// The time of a string or number value.
pub(crate) fn time(value: &Json) -> Option<Timestamp> {
    let time = match value {
        Json::Text(text) => text.strict()?,
        Json::Number(literal) => number(literal)?,
        _ => return None,
    };
    time.parse().ok()
}

/// A number in the form in which serde_json passes it to `Timestamp`. `None` if it is out of range.
fn number(literal: &str) -> Option<String> {
    let number: serde_json::Number = serde_json::from_str(literal).ok()?;
    let integer = number.as_u64().map(|number| number.to_string());
    let integer = integer.or_else(|| number.as_i64().map(|number| number.to_string()));
    integer.or_else(|| number.as_f64().map(|number| number.to_string()))
}
