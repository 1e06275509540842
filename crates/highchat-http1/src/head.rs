//! The head of an answer, out of bytes that are cut anywhere.

use core::fmt;
use std::borrow::Cow;

use highchat_proto::Config;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::response::{self, Response};
use http::{HeaderMap, StatusCode, Version};
use httparse::{EMPTY_HEADER, ParserConfig, Status};
use ureq_proto::client::Call;
use ureq_proto::client::state::RecvResponse;

/// How much of the first line is looked at before it is whole: enough to see that no HTTP
/// is spoken there.
const PROTOCOL_LEN: usize = "HTTP/1.1".len();

/// What came is no HTTP/1 answer, or breaks a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is no HTTP/1, or beyond its limits")
    }
}

impl core::error::Error for Broken {}

/// A head that is awaited, with the interim heads before it.
///
/// Each line is checked when it is whole, so that what is no HTTP is seen at once, and the
/// head is parsed when all of it is there: the work is bounded by its length, and what comes
/// of it does not depend on the cuts. The fields of HTTP/1.1 that frame the body go to
/// ureq-proto, which says what is to come. It is not given the head as it is, because it
/// takes no more than 128 fields, and no folded line.
pub(crate) struct Head {
    call: Call<RecvResponse>,
    bytes: Vec<u8>,
    taken: usize,
}

impl Head {
    pub(crate) const fn new(call: Call<RecvResponse>) -> Self {
        Self {
            call,
            bytes: Vec::new(),
            taken: 0,
        }
    }

    /// Whether a byte of an answer came.
    pub(crate) const fn has_begun(&self) -> bool {
        self.taken > 0
    }

    /// Takes what belongs to the head out of `input`; the head, once it is whole.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<response::Parts>, Broken> {
        while !input.is_empty() {
            let line_end = input.iter().position(|byte| *byte == b'\n');
            let (line, rest) = input.split_at(line_end.map_or(input.len(), |end| end + 1));
            *input = rest;
            self.taken = self.taken.saturating_add(line.len());
            if self.taken > Config::HEAD_LIMIT {
                return Err(Broken);
            }
            // Empty lines before a head are skipped.
            if self.bytes.is_empty() && line.iter().all(|byte| b"\r\n".contains(byte)) {
                continue;
            }
            let known = self.bytes.len();
            self.bytes.extend_from_slice(line);
            let looked_at = match line_end {
                Some(_) => {
                    let line = self.last_line();
                    let is_first = line.len() == self.bytes.len();
                    if !is_first && !is_empty_line(line) {
                        check_field(line)?;
                        continue;
                    }
                    self.bytes.len()
                }
                None if known < PROTOCOL_LEN => self.bytes.len().min(PROTOCOL_LEN),
                None => continue,
            };
            let Some(parts) = parse(&self.bytes[..looked_at])? else {
                continue;
            };
            self.bytes.clear();
            let is_interim = parts.status.is_informational();
            if !is_interim || parts.status == StatusCode::SWITCHING_PROTOCOLS {
                self.frame(&parts)?;
                return Ok(Some(parts));
            }
        }
        Ok(None)
    }

    /// The line that has just ended.
    fn last_line(&self) -> &[u8] {
        let before = self
            .bytes
            .split_last()
            .map_or(&[][..], |(_, before)| before);
        let start = before.iter().rposition(|byte| *byte == b'\n');
        &self.bytes[start.map_or(0, |end| end + 1)..]
    }

    /// Tells ureq-proto what frames the body.
    fn frame(&mut self, parts: &response::Parts) -> Result<(), Broken> {
        let minor = u8::from(parts.version == Version::HTTP_11);
        let mut head = format!("HTTP/1.{minor} {}\r\n", parts.status.as_str()).into_bytes();
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION] {
            for value in parts.headers.get_all(&name) {
                head.extend(name.as_str().bytes().chain(*b": "));
                head.extend(value.as_bytes().iter().chain(b"\r\n"));
            }
        }
        head.extend(b"\r\n");
        match self.call.try_response(&head, false).map_err(|_| Broken)? {
            (_, Some(_)) => Ok(()),
            (_, None) => Err(Broken),
        }
    }

    /// What is to come after a head that was whole.
    pub(crate) fn into_call(self) -> Call<RecvResponse> {
        self.call
    }
}

/// A head; `None`: more of it is to come.
fn parse(bytes: &[u8]) -> Result<Option<response::Parts>, Broken> {
    let lines = bytes.iter().filter(|byte| **byte == b'\n');
    let mut fields = vec![EMPTY_HEADER; lines.count()];
    let mut head = httparse::Response::new(&mut fields);
    let parsed = ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .parse_response(&mut head, bytes);
    let (Status::Complete(_), Some(status)) = (parsed.map_err(|_| Broken)?, head.code) else {
        return Ok(None);
    };
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = StatusCode::from_u16(status).map_err(|_| Broken)?;
    parts.version = match head.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    parts.headers = HeaderMap::with_capacity(head.headers.len());
    for field in head.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Broken)?;
        let value = HeaderValue::from_bytes(&unfolded(field.value)).map_err(|_| Broken)?;
        parts.headers.try_append(name, value).map_err(|_| Broken)?;
    }
    Ok(Some(parts))
}

fn is_empty_line(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// Refuses a line that cannot be a field, nor go on with the one before it.
fn check_field(line: &[u8]) -> Result<(), Broken> {
    if !line.starts_with(b" ") && !line.starts_with(b"\t") {
        httparse::parse_headers(line, &mut [EMPTY_HEADER]).map_err(|_| Broken)?;
    }
    Ok(())
}

/// The value of a field that may go over several lines: a line's end, with the white space
/// around it, is a space (RFC 9112, section 5.2).
fn unfolded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return Cow::Borrowed(value);
    }
    let lines = value.split(|byte| *byte == b'\n');
    let lines: Vec<_> = lines.map(<[u8]>::trim_ascii).collect();
    Cow::Owned(lines.join(&b' '))
}
