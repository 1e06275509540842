//! JSON as a service writes it: an object and nothing else, and fields that may be odd.

use alloc::string::String;
use core::fmt::{self, Write};
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A `T` that must stand as a JSON object: serde's derived structs are read from an
/// array as well, whose items would be taken for fields that nobody named.
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

/// The JSON with the control characters in its strings escaped, if there are any: some
/// services write a line end in a string as it is, which RFC 8259 (section 7) forbids.
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
                // A string takes all that is written to it.
                let _ = write!(escaped, "\\u{byte:04x}");
                copied = at + 1;
            }
            _ => {}
        }
    }
    (copied > 0).then(|| escaped + &json[copied..])
}

/// The value of a field, or `None` if it cannot be read, whatever JSON it is: it is skipped
/// first, which also takes numbers and strings that serde_json cannot keep.
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
    fn control_characters_are_escaped_in_strings_alone() {
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
