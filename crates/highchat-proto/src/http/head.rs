//! The head of an answer, as far as it is judged.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use super::retry_after::{RetryAfter, unix_seconds};

/// The head of an answer: its status, and the few header fields that are judged.
///
/// A driver makes one from the head that its HTTP client gives, all fields of it or only
/// `content-type`, `content-encoding`, `retry-after` and `date`. With the feature `http` it
/// is made from an `http::response::Parts`.
///
/// It is as large as the values of the first two fields; a driver limits the length of a head
/// ([`Config::HEAD_LIMIT`](crate::config::Config::HEAD_LIMIT)).
///
/// ```
/// use highchat_proto::http::Head;
///
/// let mut head = Head::new(200);
/// head.header("Content-Type", b"text/event-stream");
/// assert!(head.is_reply());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    status: u16,
    content_type: Option<Box<str>>,
    encoding: Option<Box<str>>,
    retry_after: Option<RetryAfter>,
    /// In seconds since 1970.
    date: Option<i64>,
}

impl Head {
    /// A head with this status and without fields.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            encoding: None,
            retry_after: None,
            date: None,
        }
    }

    /// Adds a header field, in the order of the head. The case of the name does not matter,
    /// and a field that is not judged is ignored.
    ///
    /// If a field comes twice, the first `content-type` counts, the first `retry-after` and
    /// the first `date` that can be read, and each `content-encoding`.
    pub fn header(&mut self, name: &str, value: &[u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("content-type") {
            self.content_type.get_or_insert_with(|| text(value));
        } else if is("content-encoding") {
            if self.encoding.is_none() {
                self.encoding = foreign_encoding(value);
            }
        } else if is("retry-after") {
            self.retry_after = self.retry_after.or_else(|| RetryAfter::parse(value));
        } else if is("date") {
            self.date = self.date.or_else(|| unix_seconds(value));
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the body is a reply stream: a 200 of type `text/event-stream` without a
    /// content encoding (the standard; and our decision that no encoding is decoded).
    #[must_use]
    pub fn is_reply(&self) -> bool {
        self.status == 200
            && self.encoding.is_none()
            && is_type(self.content_type.as_deref(), "text/event-stream")
    }

    /// The content type, as the head has it, and a content encoding other than `identity`.
    pub(super) fn into_content(self) -> (Option<Box<str>>, Option<Box<str>>) {
        (self.content_type, self.encoding)
    }

    /// How long the service asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after?.from(self.date)
    }
}

#[cfg(feature = "http")]
impl From<&http::response::Parts> for Head {
    fn from(parts: &http::response::Parts) -> Self {
        let mut head = Self::new(parts.status.as_u16());
        for (name, value) in &parts.headers {
            head.header(name.as_str(), value.as_bytes());
        }
        head
    }
}

/// The first content encoding of a field's value, except `identity`.
fn foreign_encoding(value: &[u8]) -> Option<Box<str>> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
        .map(text)
}

fn text(value: &[u8]) -> Box<str> {
    String::from_utf8_lossy(value).into()
}

/// Whether the content type is that one. Something on the way may have joined two lines of
/// the field to one with a comma: then all of them must be that type.
fn is_type(content_type: Option<&str>, essence: &str) -> bool {
    let Some(content_type) = content_type else {
        return false;
    };
    let mut is_quoted = false;
    let mut types = content_type.split(|character| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    });
    types.all(|found| {
        let found = found.split(';').next().unwrap_or_default();
        found.trim().eq_ignore_ascii_case(essence)
    })
}
