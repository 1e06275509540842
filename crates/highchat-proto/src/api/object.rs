//! Helpers that read the service's JSON: objects only, and fields that may be unreadable.

use alloc::string::String;
use core::fmt::{self, Write};
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A `T` that is deserialized only from a JSON object. A derived `Deserialize` also accepts an
/// array and takes its items as the fields in order, which is wrong for this API.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Escapes the control characters in the strings of a JSON text. Returns `None` if there are
/// none. Some services write a line end in a string without escaping it, which RFC 8259
/// (section 7) forbids.
pub(crate) fn escape_controls(json: &str) -> Option<String> {
    let mut escaped = String::new();
    let (mut copied, mut in_string, mut is_escaped) = (0, false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'"' => in_string = !in_string,
            b'\\' => is_escaped = in_string,
            0..0x20 if in_string => {
                escaped.push_str(&json[copied..at]);
                // Writing to a `String` cannot fail.
                let _ = write!(escaped, "\\u{byte:04x}");
                copied = at + 1;
            }
            _ => {}
        }
    }
    (copied > 0).then(|| escaped + &json[copied..])
}

/// Reads the value of a field, or returns `None` if it is JSON of any other form.
///
/// The value is read as a `RawValue` first, because that also accepts numbers and strings that
/// serde_json cannot represent.
pub(crate) fn readable_or_none<'de, D, T>(value: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let value = <&'de RawValue>::deserialize(value)?;
    Ok(serde_json::from_str(value.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::escape_controls;

    #[test]
    fn control_characters_are_escaped_only_in_strings() {
        let cases = [
            ("{\n\t\"a\": \"Բարև\"}\n", None),
            ("\"Բարև\n🙂\"", Some("\"Բարև\\u000a🙂\"")),
            (
                "[\"\\\"\t\",\n\"\u{1}\\\\\"]",
                Some("[\"\\\"\\u0009\",\n\"\\u0001\\\\\"]"),
            ),
        ];
        for (json, escaped) in cases {
            assert_eq!(escape_controls(json).as_deref(), escaped, "{json}");
        }
    }
}
