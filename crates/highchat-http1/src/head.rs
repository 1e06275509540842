//! Reads the head of an answer from bytes, however they are cut.

use core::fmt;
use std::borrow::Cow;

use highchat_proto::Config;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::response::{self, Response};
use http::{HeaderMap, StatusCode, Version};
use httparse::{EMPTY_HEADER, ParserConfig, Status};
use ureq_proto::client::Call;
use ureq_proto::client::state::RecvResponse;

/// The number of bytes of the first line that are checked before the line is complete. They
/// are enough to detect a service that does not speak HTTP.
const PROTOCOL_LEN: usize = "HTTP/1.1".len();

/// The error for an answer that is not HTTP/1 or breaks a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is no HTTP/1, or beyond its limits")
    }
}

impl core::error::Error for Broken {}

/// Reads the head of an answer and skips the interim heads before it.
///
/// Each line is checked when it is complete, so that bytes that are not HTTP are detected at
/// once. The head is parsed only when it is complete, so that the work is bounded by its
/// length and the result does not depend on how the bytes are cut.
///
/// ureq-proto gets only the fields that frame the body, and decides what follows the head. It
/// cannot get the whole head, because it accepts at most 128 fields and no folded lines.
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

    /// Whether a byte of the answer was read.
    pub(crate) const fn has_begun(&self) -> bool {
        self.taken > 0
    }

    /// Reads the head, and removes its bytes from `input`. Returns `None` while the head is
    /// incomplete.
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

    /// The last complete line.
    fn last_line(&self) -> &[u8] {
        let before = self
            .bytes
            .split_last()
            .map_or(&[][..], |(_, before)| before);
        let start = before.iter().rposition(|byte| *byte == b'\n');
        &self.bytes[start.map_or(0, |end| end + 1)..]
    }

    /// Passes the fields that frame the body to ureq-proto.
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

    /// The call that decides what follows a complete head.
    pub(crate) fn into_call(self) -> Call<RecvResponse> {
        self.call
    }
}

/// Parses a head. Returns `None` if it is incomplete.
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

/// Rejects a line that is neither a field nor the continuation of one.
fn check_field(line: &[u8]) -> Result<(), Broken> {
    if !line.starts_with(b" ") && !line.starts_with(b"\t") {
        httparse::parse_headers(line, &mut [EMPTY_HEADER]).map_err(|_| Broken)?;
    }
    Ok(())
}

/// Joins the lines of a folded field value: each line end, with the white space around it,
/// becomes one space (RFC 9112, section 5.2).
fn unfolded(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return Cow::Borrowed(value);
    }
    let lines = value.split(|byte| *byte == b'\n');
    let lines: Vec<_> = lines.map(<[u8]>::trim_ascii).collect();
    Cow::Owned(lines.join(&b' '))
}
