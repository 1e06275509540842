//! Reads the fields of a JSON object with the rules of highchat-proto.

use std::collections::VecDeque;

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

/// A number in plain digits: its decimal point is moved one place at a time. Only the first nine
/// digits after the point count.
fn number(literal: &str) -> Option<String> {
    let (number, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let most = i64::try_from(literal.len()).ok()? + 100;
    let exponent = exponent.parse().unwrap_or(match exponent.starts_with('-') {
        true => -most,
        false => most,
    });
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut whole: VecDeque<char> = whole.chars().filter(char::is_ascii_digit).collect();
    let mut fraction: VecDeque<char> = fraction.chars().collect();
    for _ in 0..exponent.min(most) {
        whole.push_back(fraction.pop_front().unwrap_or('0'));
    }
    for _ in exponent.max(-most)..0 {
        fraction.push_front(whole.pop_back().unwrap_or('0'));
    }
    let sign = if literal.starts_with('-') { "-" } else { "" };
    let whole: String = whole
        .into_iter()
        .skip_while(|digit| *digit == '0')
        .collect();
    let whole = if whole.is_empty() { "0" } else { &whole };
    let fraction: String = fraction.into_iter().take(9).collect();
    Some(format!("{sign}{whole}.{fraction}0"))
}
