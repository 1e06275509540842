//! The head of a response.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use super::retry_after::{RetryAfter, unix_seconds};

/// The head of a response: its status, and the few header fields that the protocol needs.
///
/// A driver builds it from the head that its HTTP client returns. The fields `content-type`,
/// `content-encoding`, `retry-after` and `date` are enough; any other field is ignored. With
/// the feature `http` it can be converted from an `http::response::Parts`.
///
/// It copies the values of the first two fields without a limit, so a driver must limit the
/// length of a head ([`Config::HEAD_LIMIT`](crate::config::Config::HEAD_LIMIT)).
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
    /// A head with this status and without header fields.
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

    /// Adds a header field. Call it in the order of the head. The case of the name does not
    /// matter.
    ///
    /// If a field occurs more than once, the first `content-type` counts, the first readable
    /// `retry-after`, the first readable `date`, and every `content-encoding`.
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

    /// Whether the body is a reply stream: the status is 200, the content type is
    /// `text/event-stream` (WHATWG HTML, section 9.2), and there is no content encoding, because
    /// no encoding is decoded (our decision).
    #[must_use]
    pub fn is_reply(&self) -> bool {
        self.status == 200
            && self.encoding.is_none()
            && is_type(self.content_type.as_deref(), "text/event-stream")
    }

    /// The content type, and the first content encoding other than `identity`.
    pub(super) fn into_content(self) -> (Option<Box<str>>, Option<Box<str>>) {
        (self.content_type, self.encoding)
    }

    /// How long the service asks the client to wait before the next request.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after?.from(self.date)
    }
}

#[cfg(feature = "http")]
impl From<&http::response::Parts> for Head {
    fn from(parts: &http::response::Parts) -> Self {
        Self::from((parts.status, &parts.headers))
    }
}

/// For an HTTP client that does not give away the parts of its response.
#[cfg(feature = "http")]
impl From<(http::StatusCode, &http::HeaderMap)> for Head {
    fn from((status, fields): (http::StatusCode, &http::HeaderMap)) -> Self {
        let mut head = Self::new(status.as_u16());
        for (name, value) in fields {
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

/// Whether the content type is `essence`. A proxy may join two `content-type` lines with a
/// comma; then each of them must be that type.
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
