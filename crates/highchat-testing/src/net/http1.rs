//! Parses HTTP/1.1 requests, and writes the steps of a response as HTTP/1.1.

use fastrand::Rng;
use http::StatusCode;

use crate::world::step::{Head, Step};

/// The maximum number of headers that the project's clients send.
const MOST_HEADERS: usize = 32;

/// A parsed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request target: the path and the query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Removes the first request from the received bytes. Returns `None` if it is not complete.
///
/// # Panics
///
/// The bytes are not HTTP/1.1.
#[must_use]
pub fn take_request(bytes: &mut Vec<u8>) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes).expect("a request");
    let httparse::Status::Complete(head_len) = parsed else {
        return None;
    };
    let target = request.path.unwrap_or_default().to_owned();
    let length = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body_len = length.map_or(0, |header| {
        let text = core::str::from_utf8(header.value).expect("a number");
        text.parse().expect("a number")
    });
    let len = head_len + body_len;
    if bytes.len() < len {
        return None;
    }
    let body = bytes[head_len..len].to_vec();
    bytes.drain(..len);
    Some(Request { target, body })
}

/// How HTTP marks the end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// With `content-length`.
    Length,
    /// With chunks.
    Chunked,
    /// With the end of the connection, so that a client cannot notice a cut body.
    Close,
}

/// Writes one response.
#[derive(Clone, Copy, Debug)]
pub struct Encoder {
    framing: Framing,
    closes: bool,
}

impl Encoder {
    /// An encoder with a random framing.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        let framing = match rng.u8(..3) {
            0 => Framing::Length,
            1 => Framing::Chunked,
            _ => Framing::Close,
        };
        Self {
            framing,
            closes: framing == Framing::Close || rng.bool(),
        }
    }

    /// Whether the service closes the connection after the response.
    #[must_use]
    pub const fn closes(&self) -> bool {
        self.closes
    }

    /// The bytes of a step. A lost connection has none.
    #[must_use]
    pub fn encode(&self, step: &Step) -> Vec<u8> {
        match step {
            Step::Head(head) => self.head(*head).into_bytes(),
            Step::Body(body) if self.framing != Framing::Chunked => body.clone(),
            // An empty chunk would end the body.
            Step::Body(body) if body.is_empty() => Vec::new(),
            Step::Body(body) => {
                let mut chunk = format!("{:x}\r\n", body.len()).into_bytes();
                chunk.extend_from_slice(body);
                chunk.extend_from_slice(b"\r\n");
                chunk
            }
            Step::End if self.framing == Framing::Chunked => b"0\r\n\r\n".to_vec(),
            Step::End | Step::Lost | Step::NotSent => Vec::new(),
        }
    }

    fn head(&self, head: Head) -> String {
        let status = StatusCode::from_u16(head.status).expect("a status");
        let mut lines = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {}\r\n",
            head.content_type
        );
        if let Some(seconds) = head.retry_after {
            lines += &format!("retry-after: {seconds}\r\n");
        }
        match self.framing {
            Framing::Length => lines += &format!("content-length: {}\r\n", head.len),
            Framing::Chunked => lines += "transfer-encoding: chunked\r\n",
            Framing::Close => {}
        }
        if self.closes {
            lines += "connection: close\r\n";
        }
        lines + "\r\n"
    }
}

/// Cuts bytes at random places into at most four pieces.
pub fn pieces<'a>(rng: &mut Rng, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while bytes.len() > 1 && pieces.len() < 3 && rng.bool() {
        let (piece, rest) = bytes.split_at(rng.usize(1..bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    if !bytes.is_empty() {
        pieces.push(bytes);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_returned_when_it_is_complete() {
        let body = "{\"message\":\"Բարև 👋\"}";
        let first = format!(
            "POST /v1/chat?widget=demo HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let second = "GET /v1/c/messages HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let mut came = Vec::new();
        for byte in first.bytes() {
            assert_eq!(take_request(&mut came), None);
            came.push(byte);
        }
        came.extend_from_slice(second.as_bytes());
        let request = Request {
            target: "/v1/chat?widget=demo".into(),
            body: body.into(),
        };
        assert_eq!(take_request(&mut came), Some(request));
        let request = Request {
            target: "/v1/c/messages".into(),
            body: Vec::new(),
        };
        assert_eq!(take_request(&mut came), Some(request));
        assert!(came.is_empty());
    }

    #[test]
    fn each_framing_marks_the_end_of_the_body() {
        let head = Head {
            retry_after: Some(7),
            len: 11,
            ..Head::new(429, "text/plain")
        };
        let steps = [Step::Head(head), Step::Body("Բարև 👋".into()), Step::End];
        let written = |framing, closes| {
            let encoder = Encoder { framing, closes };
            let bytes = steps.iter().flat_map(|step| encoder.encode(step)).collect();
            String::from_utf8(bytes).unwrap()
        };
        let common =
            "HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain\r\nretry-after: 7\r\n";
        assert_eq!(
            written(Framing::Length, false),
            format!("{common}content-length: 11\r\n\r\nԲարև 👋")
        );
        assert_eq!(
            written(Framing::Chunked, false),
            format!("{common}transfer-encoding: chunked\r\n\r\nd\r\nԲարև 👋\r\n0\r\n\r\n")
        );
        assert_eq!(
            written(Framing::Close, true),
            format!("{common}connection: close\r\n\r\nԲարև 👋")
        );
    }

    #[test]
    fn the_pieces_together_are_the_bytes() {
        let text = "Պատվերը ճանապարհին է 📦";
        let mut rng = Rng::with_seed(1);
        let mut counts = [0; 5];
        for _ in 0..1000 {
            let pieces = pieces(&mut rng, text.as_bytes());
            assert_eq!(pieces.concat(), text.as_bytes());
            counts[pieces.len()] += 1;
        }
        assert!(counts[1..].iter().all(|count| *count > 0), "{counts:?}");
    }
}
