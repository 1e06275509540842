//! A request as plain data.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::credentials::AUTHORIZATION;

/// The method of a [`Request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads: a request that does no harm a second time.
    Get,
    /// Sends a message or a rating.
    Post,
}

impl Method {
    /// The method as it stands in a request: `GET` or `POST`.
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

/// An HTTP request of an [`Endpoint`](super::Endpoint), for whatever HTTP client there is.
///
/// It carries its whole URL, so nothing else has to be known to send it. With the feature
/// `http` it converts into an `http::Request<Bytes>`, whose URI is that URL. It has no `host`
/// and no `content-length` header: a client that writes HTTP/1.1 by hand adds both.
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
    /// Absolute.
    url: String,
    /// Where in the URL the host begins, and where the path does.
    host_start: usize,
    target_start: usize,
    headers: Vec<(&'static str, Bytes)>,
    body: Bytes,
}

impl Request {
    /// A request to a checked URL, whose host and path begin at these places.
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
        }
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

    /// The value of the header `host`: host and port as the base URL has them.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.url[self.host_start..self.target_start]
    }

    /// The path, with the prefix that the base URL has, and the query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.url[self.target_start..]
    }

    /// The headers, in order, with names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (*name, &value[..]))
    }

    /// The body: JSON, or nothing.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }
}

/// For a log: the method and the path, without the query and without anything secret.
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

/// Header fields in `Debug`.
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

/// With the absolute URI, and the value of `authorization` marked sensitive.
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
