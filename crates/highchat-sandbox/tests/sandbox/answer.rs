//! What comes back on a plain socket.

use std::io::Read;

use serde_json::Value;

/// An answer, its chunks joined.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Reads a whole one.
    pub(crate) fn parse(received: &[u8]) -> Self {
        let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let end = end.expect("a head");
        let head = core::str::from_utf8(&received[..end]).expect("UTF-8");
        let (first, rest) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = first.split(' ').nth(1).expect("a status").parse();
        let headers = rest
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Self {
            status: status.expect("a number"),
            headers,
            body: String::new(),
        };
        let body = match answer.header("transfer-encoding") {
            Some("chunked") => joined(&received[end + 4..]),
            _ => received[end + 4..].to_vec(),
        };
        answer.body = String::from_utf8_lossy(&body).into_owned();
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known == name)?;
        Some(value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// The bytes of a chunked body, which must be whole.
fn joined(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunked.windows(2).position(|bytes| bytes == b"\r\n");
        let end = end.expect("the line of a chunk");
        let length = core::str::from_utf8(&chunked[..end]).expect("a length");
        let length = usize::from_str_radix(length, 16).expect("a length");
        chunked = &chunked[end + 2..];
        if length == 0 {
            assert_eq!(chunked, b"\r\n", "a clean end");
            return body;
        }
        body.extend_from_slice(&chunked[..length]);
        chunked = &chunked[length + 2..];
    }
}

/// Reads until what came contains `end`.
pub(crate) fn read_until(stream: &mut impl Read, end: &str) -> String {
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(end.as_bytes()) {
        stream.read_exact(&mut byte).expect("more of the answer");
        received.push(byte[0]);
    }
    String::from_utf8(received).expect("UTF-8")
}
