//! An HTTP request as plain data.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;

use super::credentials::AUTHORIZATION;
use crate::config::Config;

/// The method of a [`Request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads messages. It may safely be sent a second time.
    Get,
    /// Sends a message or a rating.
    Post,
}

impl Method {
    /// The method as an HTTP request writes it: `GET` or `POST`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An HTTP request to the service, for any HTTP client. An [`Endpoint`](super::Endpoint)
/// builds it.
///
/// It has its absolute URL, so a client needs nothing else to send it. With the feature
/// `http` it converts into an `http::Request<Bytes>` with that URL as its URI. It has no `host`
/// and no `content-length` header; a program that writes HTTP/1.1 itself must add both.
///
/// `Debug` does not show the value of `authorization`.
///
/// ```
/// use highchat_proto::{ChatRequest, Credentials, Endpoint, Message};
///
/// let endpoint = Endpoint::new("https://chat.example/prefix", Credentials::key("hc_xxx")?)?;
/// let request = endpoint.chat(&ChatRequest::new(Message::new("Բարև 👋")?));
/// let mut head = format!("{} {} HTTP/1.1\r\n", request.method(), request.target());
/// head += &format!("host: {}\r\n", request.host());
/// head += &format!("content-length: {}\r\n", request.body().len());
/// assert_eq!(
///     head,
///     "POST /prefix/v1/chat HTTP/1.1\r\nhost: chat.example\r\ncontent-length: 27\r\n",
/// );
/// let mut bytes = head.into_bytes();
/// for (name, value) in request.headers() {
///     bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
/// }
/// bytes.extend([b"\r\n", &request.body()[..]].concat());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    method: Method,
    /// The absolute URL.
    url: String,
    /// The place in the URL of the host's first byte.
    host_start: usize,
    /// The place in the URL of the path's first byte.
    target_start: usize,
    headers: Vec<(&'static str, Bytes)>,
    body: Bytes,
    is_message: bool,
}

impl Request {
    /// A request to a checked URL, with the places where its host and its path begin.
    pub(super) const fn new(
        method: Method,
        url: String,
        (host_start, target_start): (usize, usize),
        headers: Vec<(&'static str, Bytes)>,
        body: Bytes,
    ) -> Self {
        Self {
            method,
            url,
            host_start,
            target_start,
            headers,
            body,
            is_message: false,
        }
    }

    /// Marks the request as one that sends a message.
    pub(super) const fn sends_message(mut self) -> Self {
        self.is_message = true;
        self
    }

    /// Adds the header `traceparent`, with which logs of several programs find the same request
    /// (W3C Trace Context). A value that is empty, or has anything but hexadecimal digits and
    /// `-`, is not added.
    #[must_use]
    pub fn with_traceparent(mut self, value: &str) -> Self {
        let is_valid = value
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_valid && !value.is_empty() {
            let value = Bytes::copy_from_slice(value.as_bytes());
            self.headers.push(("traceparent", value));
        }
        self
    }

    /// Whether the request sends a message. It must not be sent a second time, unless no byte of
    /// it left. Any other request may be sent again: a poll or a search changes nothing, and of
    /// two ratings the last one counts.
    #[must_use]
    pub const fn is_message(&self) -> bool {
        self.is_message
    }

    /// Whether the request may go out on a connection that carried an earlier exchange, and on
    /// which nothing has happened for `idle` (our decision).
    ///
    /// Nothing shows whether such a connection still reaches the service. So a message may not,
    /// and any other request may only within [`Config::keep_alive`]. If the connection is lost
    /// before the head of the response, or there is no head within
    /// [`Config::REUSE_TIMEOUT`], the request must go out again on a new connection.
    #[must_use]
    pub fn may_reuse_connection(&self, idle: Duration, config: &Config) -> bool {
        !self.is_message && idle <= config.keep_alive && !config.keep_alive.is_zero()
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The absolute URL: the base URL of the endpoint, then the path and the query.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The value for the `host` header: the host and the port as the base URL writes them.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.url[self.host_start..self.target_start]
    }

    /// The request target: the path, with the base URL's path as its prefix, and the query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.url[self.target_start..]
    }

    /// The headers in their order, with names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (*name, &value[..]))
    }

    /// The body: JSON for a `POST`, empty for a `GET`.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }
}

/// The method and the path, for a log. It leaves out the query and everything that is secret.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target().split('?').next().unwrap_or_default();
        write!(f, "{} {path}", self.method)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &Headers(&self.headers))
            .field("body", &self.body)
            .finish()
    }
}

/// Shows header fields in `Debug`, without the value of `authorization`.
struct Headers<'a>(&'a [(&'static str, Bytes)]);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = Bytes::from_static(b"hidden");
        let fields = self.0.iter().map(|(name, value)| match *name {
            AUTHORIZATION => (name, &hidden),
            _ => (name, value),
        });
        f.debug_map().entries(fields).finish()
    }
}

#[cfg(feature = "http")]
impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
        }
    }
}

/// The URI is absolute, and the value of `authorization` is marked as sensitive.
#[cfg(feature = "http")]
impl From<Request> for http::Request<Bytes> {
    fn from(request: Request) -> Self {
        let mut headers = http::HeaderMap::with_capacity(request.headers.len());
        for (name, value) in request.headers {
            let value = http::HeaderValue::from_maybe_shared(value);
            let mut value = value.expect("an endpoint writes visible ASCII");
            value.set_sensitive(name == AUTHORIZATION);
            headers.append(http::HeaderName::from_static(name), value);
        }
        let url = http::Uri::try_from(request.url);
        let mut converted = Self::new(request.body);
        *converted.method_mut() = request.method.into();
        *converted.uri_mut() = url.expect("a checked base URL and escaped values");
        *converted.headers_mut() = headers;
        converted
    }
}
