//! A simple HTTP client on a plain socket.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use highchat_sandbox::{Builder, Sandbox};
use serde_json::{Value, json};

pub(crate) use highchat_testing::net::answer::{Answer, read_until};

/// A timeout that is only reached if something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Returns a builder for a sandbox without delays and without a rate limit.
pub(crate) fn quick() -> Builder {
    Sandbox::builder().token_delay(Duration::ZERO).rate_limit(0)
}

/// A request. It has the default key of the sandbox unless that is changed.
#[derive(Clone)]
pub(crate) struct Call {
    method: &'static str,
    target: String,
    host: String,
    authorization: Option<String>,
    headers: String,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            host: "127.0.0.1".to_owned(),
            authorization: Some("Bearer hc_sandbox".to_owned()),
            headers: String::new(),
            body: Vec::new(),
        }
    }

    /// `POST /v1/chat` with this body.
    pub(crate) fn chat(body: &Value) -> Self {
        Self::new("POST", "/v1/chat").json(body)
    }

    pub(crate) fn messages(id: &str) -> Self {
        Self::new("GET", format!("/v1/conversations/{id}/messages"))
    }

    pub(crate) fn rating(id: &str, body: &Value) -> Self {
        Self::new("POST", format!("/v1/conversations/{id}/rating")).json(body)
    }

    /// A request to a path that the API does not have, as from a program of this machine.
    pub(crate) fn local(method: &'static str, target: impl Into<String>) -> Self {
        Self::new(method, target).without_key()
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        self.target = format!("{}?{query}", self.target);
        self
    }

    pub(crate) fn authorization(mut self, value: &str) -> Self {
        self.authorization = Some(value.to_owned());
        self
    }

    pub(crate) fn without_key(mut self) -> Self {
        self.authorization = None;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Sends the request, and reads the answer to the end of the connection.
    pub(crate) fn send(self, sandbox: &Sandbox) -> Answer {
        let mut stream = self.header("connection", "close").open(sandbox);
        let mut received = Vec::new();
        stream.read_to_end(&mut received).expect("a whole answer");
        Answer::parse(&received)
    }

    /// Sends the request. Returns the connection with the answer unread.
    pub(crate) fn open(self, sandbox: &Sandbox) -> TcpStream {
        let mut stream = connect(sandbox);
        stream.write_all(&self.bytes()).expect("an open connection");
        stream
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\n",
            self.method, self.target, self.host
        );
        if let Some(value) = &self.authorization {
            head += &format!("authorization: {value}\r\n");
        }
        head += &self.headers;
        if !self.body.is_empty() {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        [head.as_bytes(), &self.body].concat()
    }
}

pub(crate) fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.addr()).expect("the sandbox listens");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream
}

/// Sends a message in a new conversation.
pub(crate) fn say(sandbox: &Sandbox, message: &str) -> Answer {
    Call::chat(&json!({ "message": message })).send(sandbox)
}

/// Sends a message in an existing conversation.
pub(crate) fn say_in(sandbox: &Sandbox, id: &str, message: &str) -> Answer {
    Call::chat(&json!({ "message": message, "conversation_id": id })).send(sandbox)
}

/// Returns what the messages endpoint shows of a conversation: the state, and the role and content
/// of each message.
pub(crate) fn transcript(sandbox: &Sandbox, id: &str) -> (String, Vec<(String, String)>) {
    let page = Call::messages(id).send(sandbox).json();
    let string = |value: &Value| value.as_str().expect("a string").to_owned();
    let messages = page["messages"].as_array().expect("a list");
    let messages = messages
        .iter()
        .map(|message| (string(&message["role"]), string(&message["content"])))
        .collect();
    (string(&page["state"]), messages)
}

/// Waits until a condition is true, at most for [`LONG`]. Returns whether it is true.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let end = std::time::Instant::now() + LONG;
    while std::time::Instant::now() < end {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
