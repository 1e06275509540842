//! Reads an HTTP/1.1 response from a plain socket.

use std::io::Read;

use serde_json::Value;

/// An HTTP response with its body chunks joined.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers in order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, without chunk sizes.
    pub body: String,
}

impl Answer {
    /// Parses a complete response.
    pub fn parse(received: &[u8]) -> Self {
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

    /// The value of the first header with this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The body as JSON. Panics if the body is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The names and the data of the events.
    pub fn events(&self) -> Vec<(String, Value)> {
        assert_eq!(self.status, 200, "{}", self.body);
        let blocks = self.body.strip_suffix("\n\n").expect("a whole last event");
        blocks
            .split("\n\n")
            .map(|block| {
                let (name, data) = block.split_once('\n').expect("two lines");
                let name = name.strip_prefix("event: ").expect("a name");
                let data = data.strip_prefix("data: ").expect("data");
                (name.to_owned(), serde_json::from_str(data).expect("JSON"))
            })
            .collect()
    }

    /// The names of the events. Equal names that follow each other are one.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.events().into_iter().map(|(name, _)| name).collect();
        names.dedup();
        names
    }

    /// The joined text of the deltas.
    pub fn text(&self) -> String {
        let events = self.events();
        let deltas = events.iter().filter(|(name, _)| name == "delta");
        deltas
            .map(|(_, data)| data["text"].as_str().expect("text"))
            .collect()
    }

    /// The conversation id of the `meta` event.
    pub fn conversation_id(&self) -> String {
        let (name, data) = &self.events()[0];
        assert_eq!(name, "meta");
        data["conversation_id"].as_str().expect("an id").to_owned()
    }

    /// The data of the last event.
    pub fn last(&self) -> Value {
        self.events().pop().expect("an event").1
    }

    /// The status and the code of an error response. Panics unless its message is Armenian.
    pub fn refusal(&self) -> (u16, String) {
        let error = &self.json()["error"];
        let message = error["message"].as_str().expect("a message");
        assert!(
            message.chars().any(|c| ('Ա'..='և').contains(&c)),
            "{message}"
        );
        let code = error["code"].as_str().expect("a code");
        (self.status, code.to_owned())
    }

    /// The code of an error response. See [`refusal`](Self::refusal).
    pub fn code(&self) -> String {
        self.refusal().1
    }

    /// The stream before its last event. Panics unless that is an `error` event with a message.
    pub fn before_error(&self) -> &str {
        let (before, data) = self
            .body
            .rsplit_once("event: error\ndata: ")
            .expect("an error");
        let data = data.strip_suffix("\n\n").expect("a whole last event");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert!(
            data["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        before
    }
}

/// The bytes of a chunked body. Panics if the body is not complete.
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

/// Reads up to and including the text `end`.
pub fn read_until(stream: &mut impl Read, end: &str) -> String {
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(end.as_bytes()) {
        stream.read_exact(&mut byte).expect("more of the answer");
        received.push(byte[0]);
    }
    String::from_utf8(received).expect("UTF-8")
}
