//! The body of an error response.

use alloc::boxed::Box;

use super::text::Text;
use crate::json::Value;

/// The API's error body: `{"error":{"code":…,"message":…}}`.
///
/// A part that is not a string is `None`. `error` may also be a string, which is then the
/// message (our decision).
pub(crate) struct ErrorBody {
    pub(crate) code: Option<Box<str>>,
    pub(crate) message: Option<Box<str>>,
}

impl ErrorBody {
    /// The error in this JSON; `None` if it has none that can be read.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        let [error] = json.fields(["error"])?;
        let error = error?;
        if let Some(message) = text(error) {
            return Some(Self {
                code: None,
                message: Some(message),
            });
        }
        let [code, message] = error.fields(["code", "message"])?;
        Some(Self {
            code: code.and_then(text),
            message: message.and_then(text),
        })
    }
}

fn text(json: Value<'_>) -> Option<Box<str>> {
    Some(Text::from(json.text()?).into_cow().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<ErrorBody> {
        ErrorBody::read(Value::read(json).ok()?)
    }

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
            let body = read(json).unwrap();
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
            assert!(read(json).is_none(), "{json}");
        }
    }
}
