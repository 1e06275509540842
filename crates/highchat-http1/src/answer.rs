//! Reads the answer to one request from bytes.
//!
//! ```text
//!   Head ── complete ──▶ Body ── its end ──▶ Over
//!    │ └───────── no body ──────────────────▲
//!    └─ fault ─▶ Broken ◀─ fault ─ Body
//! ```

use alloc::vec::Vec;
use core::fmt;

use highchat_proto::Config;
use highchat_proto::http::Request;

use crate::body::Body;
use crate::broken::Broken;
use crate::head::{HeadReader, ResponseHead};
use crate::request::{self, Sent};

/// Reads the answer to one request, without a conversation: for a program that forwards
/// answers.
///
/// ```text
///   Head ── complete ──▶ Body ── its end ──▶ Over
///    │ └───────── no body ──────────────────▲
///    └─ fault ─▶ Broken ◀─ fault ─ Body
/// ```
///
/// It buffers only an incomplete head, up to 64 KiB. The body is not copied. The results do not
/// depend on how the bytes are cut: what came before a fault is returned first, then the fault.
/// The [crate]'s documentation lists what is supported of HTTP/1.1.
///
/// ```
/// use highchat_http1::{Answer, Part};
/// use highchat_proto::{ChatRequest, Credentials, Endpoint, Message};
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_xxx")?)?;
/// let request = endpoint.chat(&ChatRequest::new(Message::new("Բարև 👋")?));
/// let (bytes, mut answer) = Answer::to(&request);
/// assert!(bytes.starts_with(b"POST /v1/chat HTTP/1.1\r\nhost: chat.example\r\n"));
///
/// let mut input = &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..];
/// let Some(Part::Head(head)) = answer.read(&mut input)? else { panic!() };
/// assert_eq!(head.status(), 200);
/// let Some(Part::Body(piece)) = answer.read(&mut input)? else { panic!() };
/// assert_eq!(piece, b"ok");
/// assert!(matches!(answer.read(&mut input)?, Some(Part::Over(true))));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Answer {
    sent: Sent,
    /// The size limit of the head, in bytes.
    head_limit: usize,
    state: State,
}

enum State {
    Head(HeadReader),
    Body {
        body: Body,
        is_reusable: bool,
    },
    /// Whether the pipe can carry another exchange.
    Over(bool),
    Broken,
}

/// The next part of an answer.
#[derive(Debug)]
pub enum Part<'i> {
    /// The whole head. Interim heads are skipped.
    Head(ResponseHead),
    /// The next bytes of the body, at least one. They are a part of the input.
    Body(&'i [u8]),
    /// The end of the answer, known from its own framing. The value is `true` if HTTP allows
    /// another exchange on the pipe.
    Over(bool),
}

impl Answer {
    /// Returns the bytes of a request, and the reader of its answer.
    #[must_use]
    pub fn to(request: &Request) -> (Vec<u8>, Self) {
        (request::serialize(request), Self::after(Sent::default()))
    }

    /// Like [`to`](Self::to), for a connection to a proxy that reads the request. If the service
    /// has no TLS, the request line has the whole URL (RFC 9112, section 3.2.2).
    #[must_use]
    pub fn to_through_proxy(request: &Request) -> (Vec<u8>, Self) {
        let bytes = request::serialize_for_proxy(request);
        (bytes, Self::after(Sent::default()))
    }

    /// Returns the bytes of a request of the crate `http`, and the reader of its answer.
    ///
    /// The `host` comes from the URI if the request has no such header. The length of the body
    /// is added. Returns `None` if the request cannot be sent like this: its version is not
    /// HTTP/1.1, its method is `CONNECT`, it has no host, its URI has user information, or it
    /// has the header `transfer-encoding` or `expect`.
    #[cfg(feature = "http")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    #[must_use]
    pub fn to_http(request: &http::Request<impl AsRef<[u8]>>) -> Option<(Vec<u8>, Self)> {
        let (bytes, sent) = request::serialize_http(request)?;
        Some((bytes, Self::after(sent)))
    }

    const fn after(sent: Sent) -> Self {
        Self {
            sent,
            head_limit: Config::HEAD_LIMIT,
            state: State::Head(HeadReader::new()),
        }
    }

    /// Forgets what was read, so that the answer begins again at its head: for a request that is
    /// sent again on another connection.
    pub fn restart(&mut self) {
        *self = Self::after(self.sent).with_head_limit(self.head_limit);
    }

    /// Sets the size limit of the head in bytes, interim heads included, in place of
    /// [`Config::HEAD_LIMIT`]. It is for devices with little
    /// memory. It has no effect after the head.
    #[must_use]
    pub const fn with_head_limit(mut self, limit: usize) -> Self {
        self.head_limit = limit;
        if let State::Head(reader) = &mut self.state {
            reader.set_limit(limit);
        }
        self
    }

    /// Whether no byte of the answer was read yet. If so, a request that is safe to repeat can
    /// be sent again on another connection.
    #[must_use]
    pub const fn is_unanswered(&self) -> bool {
        match &self.state {
            State::Head(reader) => !reader.has_begun(),
            State::Body { .. } | State::Over(_) | State::Broken => false,
        }
    }

    /// Whether the answer ends when the service closes the pipe.
    #[must_use]
    pub const fn ends_with_its_pipe(&self) -> bool {
        match &self.state {
            State::Body { body, .. } => body.ends_with_its_pipe(),
            State::Head(_) | State::Over(_) | State::Broken => false,
        }
    }

    /// Reads the next part of the answer, and removes its bytes from `input`. Returns `None` if
    /// more input is needed; `input` is empty then. After the end it returns [`Part::Over`]
    /// again, and leaves `input` as it is.
    ///
    /// # Errors
    ///
    /// The answer is not HTTP/1, or breaks a limit. Each further call returns the same error.
    pub fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Part<'i>>, Broken> {
        let read = self.step(input);
        if read.is_err() {
            self.state = State::Broken;
        }
        read
    }

    fn step<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Part<'i>>, Broken> {
        match &mut self.state {
            State::Head(reader) => {
                let Some(head) = reader.read(input)? else {
                    return Ok(None);
                };
                let body = head.body(self.sent.is_head)?;
                let is_reusable = !self.sent.closes && head.keeps_its_pipe(body.as_ref());
                self.state = match body {
                    Some(body) => State::Body { body, is_reusable },
                    None => State::Over(is_reusable),
                };
                Ok(Some(Part::Head(head)))
            }
            State::Body { body, is_reusable } => {
                if let Some(piece) = body.read(input)? {
                    return Ok(Some(Part::Body(piece)));
                }
                if !body.is_over() {
                    return Ok(None);
                }
                let is_reusable = *is_reusable;
                self.state = State::Over(is_reusable);
                Ok(Some(Part::Over(is_reusable)))
            }
            State::Over(is_reusable) => Ok(Some(Part::Over(*is_reusable))),
            State::Broken => Err(Broken),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
