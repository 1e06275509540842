//! The body of an error response.

use alloc::boxed::Box;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::object::{Object, readable_or_none};
use super::text::Text;

/// The API's error body: `{"error":{"code":…,"message":…}}`.
///
/// A part that is not a string is `None`. `error` may also be a string, which is then the
/// message (our decision). Only `serde_json` can deserialize it, and only from text.
pub(crate) struct ErrorBody {
    pub(crate) code: Option<Box<str>>,
    pub(crate) message: Option<Box<str>>,
}

#[derive(Deserialize)]
struct BodyForm<'a> {
    #[serde(borrow)]
    error: &'a RawValue,
}

#[derive(Deserialize)]
struct ErrorForm<'a> {
    #[serde(borrow, default, deserialize_with = "readable_or_none")]
    code: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "readable_or_none")]
    message: Option<Text<'a>>,
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(body: D) -> Result<Self, D::Error> {
        let Object(BodyForm { error }) = Object::deserialize(body)?;
        let form = match serde_json::from_str(error.get()) {
            Ok(message) => ErrorForm {
                code: None,
                message: Some(message),
            },
            Err(_) => {
                let form = serde_json::from_str(error.get());
                let Object(form) = form.map_err(Error::custom)?;
                form
            }
        };
        Ok(Self {
            code: form.code.map(|code| code.into_cow().into()),
            message: form.message.map(|message| message.into_cow().into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_readable_part_of_an_error_is_kept() {
        for (json, code, message) in [
            (
                r#"{"x":[1e999],"error":{"code":"c","message":"Սխալ 👋","x":"\ud83d"}}"#,
                Some("c"),
                Some("Սխալ 👋"),
            ),
            (
                r#"{"error":{"code":1e999,"message":"\ud83d"}}"#,
                None,
                Some("\u{FFFD}"),
            ),
            (r#"{"error":{"message":["մ"]}}"#, None, None),
            (r#"{"error":"Սխալ"}"#, None, Some("Սխալ")),
        ] {
            let body: ErrorBody = serde_json::from_str(json).unwrap();
            let read = (body.code.as_deref(), body.message.as_deref());
            assert_eq!(read, (code, message), "{json}");
        }
    }

    #[test]
    fn json_without_a_readable_error_is_refused() {
        for json in [
            "{}",
            r#"{"error":null}"#,
            r#"{"error":1}"#,
            r#"{"error":["c","Սխալ"]}"#,
            r#"[{"code":"c","message":"Սխալ"}]"#,
            r#"{"error":"Սխալ"#,
        ] {
            assert!(serde_json::from_str::<ErrorBody>(json).is_err(), "{json}");
        }
    }
}
