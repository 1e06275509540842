//! serde for the objects of this crate, from the description that the writer uses too.

use core::cell::Cell;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};
use serde_json::value::RawValue;

use super::value::Value;
use super::write::{Content, Object};

/// Serializes an object as a struct of this name.
pub(crate) fn as_object<S: Serializer>(
    name: &'static str,
    object: &dyn Object,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut len = 0;
    object.fields(&mut |_, _| len += 1);
    let mut fields = serializer.serialize_struct(name, len)?;
    let mut written = Ok(());
    object.fields(&mut |name, content| {
        if written.is_ok() {
            written = fields.serialize_field(name, &content);
        }
    });
    written?;
    fields.end()
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(is_true) => serializer.serialize_bool(is_true),
            Self::Number(number) => serializer.serialize_u64(number),
            Self::Seconds(time) => serializer.serialize_f64(time.as_secs_f64()),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(object) => as_object("Object", object, serializer),
            Self::List(items) => {
                let len = Cell::new(0);
                items(&mut |_| len.set(len.get() + 1));
                let mut list = serializer.serialize_seq(Some(len.get()))?;
                let mut written = Ok(());
                items(&mut |content| {
                    if written.is_ok() {
                        written = list.serialize_element(&content);
                    }
                });
                written?;
                list.end()
            }
        }
    }
}

/// Deserializes with a reader of this crate. Only `serde_json` can do it, and only from text.
pub(crate) fn read_raw<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(Value<'de>) -> Option<T>,
    expected: &str,
) -> Result<T, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let read = Value::read(raw.get()).ok().and_then(read);
    read.ok_or_else(|| serde::de::Error::custom(expected))
}
