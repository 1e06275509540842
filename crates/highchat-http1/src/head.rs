//! Reads the head of an answer from bytes, however they are cut.

use alloc::vec::Vec;
use core::fmt;
use core::mem;

use highchat_proto::Head;
use highchat_proto::config::Config;
use httparse::EMPTY_HEADER;

use crate::body::{Body, Chunks};
use crate::broken::Broken;

/// The number of bytes of the status line that are checked before the line is complete. They
/// are enough to detect a service that does not speak HTTP.
const PROTOCOL_LEN: usize = "HTTP/1.1".len();

const SWITCHING_PROTOCOLS: u16 = 101;

/// The head of an answer: its status, and its fields in their order.
///
/// It has at most [64 KiB](Config::HEAD_LIMIT), and any number of fields. It converts into the
/// [`Head`] of the protocol, and with the feature `http` into an `http::response::Parts`.
///
/// ```
/// use highchat_http1::{Answer, Part};
/// use highchat_proto::{ConversationId, Credentials, Endpoint, Head, MessagesRequest};
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::slug("demo")?)?;
/// let request = endpoint.messages(&MessagesRequest::new(ConversationId::new("c1")?));
/// let (_, mut answer) = Answer::to(&request);
/// let mut input = &b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nX: a,\r\n b\r\n\r\n"[..];
/// let Some(Part::Head(head)) = answer.read(&mut input)? else { panic!() };
/// assert_eq!(head.status(), 404);
/// let fields: Vec<_> = head.fields().collect();
/// assert_eq!(fields, [("Content-Type", &b"text/html"[..]), ("X", b"a, b")]);
/// assert_eq!(Head::from(&head).status(), 404);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseHead {
    status: u16,
    /// HTTP/1.0, not HTTP/1.1.
    is_1_0: bool,
    /// The checked fields, a line each, without folds.
    lines: Vec<u8>,
}

impl ResponseHead {
    /// The status, from 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The fields in their order: the name as the service wrote it, and the value without the
    /// white space around it. A folded value is one line: each line end in it, with the white
    /// space around it, is one space (RFC 9112, section 5.2).
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at(colon);
            let name = core::str::from_utf8(name).ok()?;
            Some((name, value[1..].trim_ascii()))
        })
    }

    /// The elements of a field that is a list (RFC 9110, section 5.6.1).
    fn elements(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
    }

    fn has_element(&self, name: &str, element: &str) -> bool {
        self.elements(name)
            .any(|other| other.eq_ignore_ascii_case(element.as_bytes()))
    }

    /// The body that follows, or `None` (RFC 9112, section 6.3).
    pub(crate) fn body(&self, is_to_head: bool) -> Result<Option<Body>, Broken> {
        // Invalid framing is an error even if no body can follow: it shows a broken service.
        let (is_chunked, length) = (self.is_chunked()?, self.content_length()?);
        if is_to_head || matches!(self.status, 100..200 | 204 | 304) {
            return Ok(None);
        }
        Ok(Some(match length {
            _ if is_chunked => Body::Chunked(Chunks::START),
            Some(length) => Body::Length(length),
            None => Body::UntilClosed,
        }))
    }

    fn is_chunked(&self) -> Result<bool, Broken> {
        let mut is_chunked = false;
        for coding in self.elements("transfer-encoding") {
            // HTTP/1.0 has no transfer codings (RFC 9112, section 6.1), and `chunked` is the
            // last one.
            if self.is_1_0 || is_chunked {
                return Err(Broken);
            }
            if coding.eq_ignore_ascii_case(b"chunked") {
                is_chunked = true;
            } else if !coding.eq_ignore_ascii_case(b"identity") {
                return Err(Broken);
            }
        }
        Ok(is_chunked)
    }

    fn content_length(&self) -> Result<Option<u64>, Broken> {
        let mut length = None;
        for element in self.elements("content-length") {
            // A number in Rust may have a sign.
            if !element.iter().all(u8::is_ascii_digit) {
                return Err(Broken);
            }
            let number = core::str::from_utf8(element).ok().map(str::parse);
            let Some(Ok(number)) = number else {
                return Err(Broken);
            };
            if length.replace(number).is_some_and(|other| other != number) {
                return Err(Broken);
            }
        }
        Ok(length)
    }

    /// Whether the pipe can carry another exchange after this answer (RFC 9112, section 9.3).
    pub(crate) fn keeps_its_pipe(&self, body: Option<&Body>) -> bool {
        self.status != SWITCHING_PROTOCOLS
            && !body.is_some_and(Body::ends_with_its_pipe)
            && !self.has_element("connection", "close")
            && (!self.is_1_0 || self.has_element("connection", "keep-alive"))
    }
}

/// Shows no field, because an answer may contain secrets.
impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl From<&ResponseHead> for Head {
    fn from(head: &ResponseHead) -> Self {
        let mut converted = Self::new(head.status);
        for (name, value) in head.fields() {
            converted.header(name, value);
        }
        converted
    }
}

#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl From<ResponseHead> for http::response::Parts {
    fn from(head: ResponseHead) -> Self {
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = http::StatusCode::from_u16(head.status).expect("100 to 999");
        if head.is_1_0 {
            parts.version = http::Version::HTTP_10;
        }
        for (name, value) in head.fields() {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a checked name");
            let value = http::HeaderValue::from_bytes(value).expect("a checked value");
            let appended = parts.headers.try_append(name, value);
            appended.expect("64 KiB have fewer names than the map's limit of 24,576");
        }
        parts
    }
}

/// Reads the head of an answer, and skips the interim heads before it.
///
/// Each line is checked when it is complete, so that bytes that are not HTTP are detected at
/// once, the work is bounded by the length of the head, and the result does not depend on how
/// the bytes are cut.
pub(crate) struct HeadReader {
    /// The parsed status line: the status, and whether the version is HTTP/1.0.
    status: Option<(u16, bool)>,
    /// The status line while it is incomplete; after that, the checked fields and the
    /// incomplete line.
    lines: Vec<u8>,
    /// The place of the incomplete line.
    line_start: usize,
    /// The number of bytes that were read, interim heads included.
    taken: usize,
    /// The limit of `taken`.
    limit: usize,
}

impl HeadReader {
    pub(crate) const fn new() -> Self {
        Self {
            status: None,
            lines: Vec::new(),
            line_start: 0,
            taken: 0,
            limit: Config::HEAD_LIMIT,
        }
    }

    pub(crate) const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Whether a byte of the answer was read.
    pub(crate) const fn has_begun(&self) -> bool {
        self.taken > 0
    }

    /// Reads the head, and removes its bytes from `input`. Returns `None` while the head is
    /// incomplete.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<ResponseHead>, Broken> {
        while !input.is_empty() {
            let line_end = input.iter().position(|byte| *byte == b'\n');
            let (piece, rest) = input.split_at(line_end.map_or(input.len(), |end| end + 1));
            *input = rest;
            self.taken = self.taken.saturating_add(piece.len());
            if self.taken > self.limit {
                return Err(Broken);
            }
            self.lines.extend_from_slice(piece);
            if line_end.is_none() {
                if self.status.is_none() {
                    let len = self.lines.len().min(PROTOCOL_LEN);
                    parse_status_line(&self.lines[..len])?;
                }
            } else if let Some(head) = self.end_line()? {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Checks the line that is now complete. Returns the head if it ends there.
    fn end_line(&mut self) -> Result<Option<ResponseHead>, Broken> {
        let line = &self.lines[self.line_start..];
        let is_empty = matches!(line, b"\n" | b"\r\n");
        let Some((status, is_1_0)) = self.status else {
            // Empty lines before a head are skipped.
            if !is_empty {
                self.status = Some(parse_status_line(line)?.ok_or(Broken)?);
            }
            self.lines.clear();
            return Ok(None);
        };
        if !is_empty {
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                self.unfold()?;
            } else {
                // The result is incomplete, because the line ends no head.
                httparse::parse_headers(line, &mut [EMPTY_HEADER]).map_err(|_| Broken)?;
            }
            self.line_start = self.lines.len();
            return Ok(None);
        }
        self.lines.truncate(self.line_start);
        self.line_start = 0;
        self.status = None;
        if matches!(status, 100..200) && status != SWITCHING_PROTOCOLS {
            self.lines.clear();
            return Ok(None);
        }
        Ok(Some(ResponseHead {
            status,
            is_1_0,
            lines: mem::take(&mut self.lines),
        }))
    }

    /// Joins the last line to the field before it.
    fn unfold(&mut self) -> Result<(), Broken> {
        let line = &self.lines[self.line_start..];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_value = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7F);
        if self.line_start == 0 || !line.iter().all(is_value) {
            return Err(Broken);
        }
        let text_start = self.line_start + (line.len() - line.trim_ascii_start().len());
        let text_end = self.line_start + line.trim_ascii_end().len();
        self.lines.truncate(text_end.max(text_start));
        let before = self.lines[..self.line_start].trim_ascii_end().len();
        self.lines.splice(before..text_start, *b" ");
        self.lines.push(b'\n');
        Ok(())
    }
}

/// Parses a status line: the status, and whether the version is HTTP/1.0. Returns `None` if the
/// line is incomplete.
fn parse_status_line(line: &[u8]) -> Result<Option<(u16, bool)>, Broken> {
    let mut head = httparse::Response::new(&mut []);
    // The result is incomplete even after a whole line, because the fields are missing.
    head.parse(line).map_err(|_| Broken)?;
    match (head.reason, head.code, head.version) {
        (Some(_), Some(status @ 100..), Some(minor)) => Ok(Some((status, minor == 0))),
        (Some(_), _, _) => Err(Broken),
        (None, _, _) => Ok(None),
    }
}
