//! The endpoint: the address of the service, and the credentials for it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::credentials::{AUTHORIZATION, Credentials};
use super::request::{Method, Request};
use crate::api::{ChatRequest, ConversationId, MessagesRequest, RatingRequest, Timestamp};
use crate::failure::Secret;
use crate::json::{Object, to_string};

const ACCEPT: &str = "accept";
const CONTENT_TYPE: &str = "content-type";
const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
const CLIENT: &str = concat!("highchat-rust/", env!("CARGO_PKG_VERSION"));

/// The characters to percent-encode in a path segment and in a value of the query: all except
/// the unreserved characters (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The characters to percent-encode in the path of a base URL, which may already have escapes:
/// those that a path must not hold (RFC 3986, section 3.3). White space and control characters
/// are not in this set, so that a base URL with one of them is refused.
const NOT_IN_A_PATH: &AsciiSet = &AsciiSet::EMPTY
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Why a base URL cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidBaseUrl {
    /// It is not a URL, has no host that can be connected to, or is longer than 2048 bytes
    /// after its path is percent-encoded.
    NotAUrl,
    /// Its host name is not ASCII. DNS and TLS need such a name in punycode.
    Host,
    /// Its scheme is neither `https` nor `http`.
    Scheme,
    /// Its scheme is `http`, and its host is not this machine.
    PlainHttp,
    /// It contains a user name or a password.
    UserInfo,
    /// It has a query or a fragment.
    Query,
}

impl fmt::Display for InvalidBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "the base URL is not valid: it should look like https://host/prefix",
            Self::Host => {
                "the host name of the base URL must be in ASCII: write it in punycode, \
                 which begins with xn--"
            }
            Self::Scheme => "the base URL must begin with https:// or http://",
            Self::PlainHttp => "http:// without TLS is allowed only to this machine",
            Self::UserInfo => "the base URL must not contain a user name or a password",
            Self::Query => "the base URL must not have a query or a fragment",
        })
    }
}

impl core::error::Error for InvalidBaseUrl {}

const MAX_BASE_URL_LEN: usize = 2048;

/// The address of the service and the credentials for it.
///
/// It builds an HTTP request from a checked request of the API. This cannot fail.
///
/// ```
/// use highchat_proto::{ConversationId, Credentials, Endpoint, MessagesRequest};
///
/// let endpoint = Endpoint::new("https://chat.example/prefix/", Credentials::slug("demo")?)?;
/// let request = MessagesRequest::new(ConversationId::new("a/b")?)
///     .with_after("2026-06-14T10:00:00+04:00".parse()?);
/// assert_eq!(
///     endpoint.messages(&request).url(),
///     "https://chat.example/prefix/v1/conversations/a%2Fb/messages\
///      ?slug=demo&after=2026-06-14T10%3A00%3A00%2B04%3A00",
/// );
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Endpoint {
    /// Scheme, authority and path, without a slash at the end.
    base: String,
    /// The place in `base` of the host's first byte.
    host_start: usize,
    /// The place in `base` of the path's first byte.
    path_start: usize,
    host: String,
    port: u16,
    is_tls: bool,
    is_loopback: bool,
    credentials: Credentials,
}

impl Endpoint {
    /// The base URL of the service, as the API's text gives it.
    pub const DEFAULT_BASE_URL: &str = "https://app.highchat.am";

    /// An endpoint for the service at a base URL. The path of the base URL is the prefix of
    /// each request's path.
    ///
    /// # Errors
    ///
    /// The base URL is not valid, or is `http://` to a host other than `localhost`,
    /// 127.0.0.0/8 and `[::1]`, because the key would be sent without encryption.
    pub fn new(base_url: &str, credentials: Credentials) -> Result<Self, InvalidBaseUrl> {
        let (endpoint, is_safe) = Self::parse(base_url, credentials)?;
        is_safe.then_some(endpoint).ok_or(InvalidBaseUrl::PlainHttp)
    }

    /// An endpoint that may also use `http://` to any host, otherwise like [`new`](Self::new).
    ///
    /// Use it only in a network that is protected in another way: everybody who can listen
    /// there can read the key.
    ///
    /// # Errors
    ///
    /// The base URL is not valid.
    pub fn with_insecure_http(
        base_url: &str,
        credentials: Credentials,
    ) -> Result<Self, InvalidBaseUrl> {
        Ok(Self::parse(base_url, credentials)?.0)
    }

    /// The endpoint, and whether the connection is encrypted or stays inside this machine.
    fn parse(base_url: &str, credentials: Credentials) -> Result<(Self, bool), InvalidBaseUrl> {
        if base_url.contains(['?', '#']) {
            return Err(InvalidBaseUrl::Query);
        }
        let (scheme, rest) = base_url.split_at(base_url.find(':').unwrap_or_default());
        let host_start = match rest.starts_with("://") {
            true => scheme.len() + 3,
            false => 0,
        };
        let path_start = base_url[host_start..].find('/');
        let path_start = path_start.map_or(base_url.len(), |host_len| host_start + host_len);
        let (origin, path) = base_url.split_at(path_start);
        if origin.contains('@') {
            return Err(InvalidBaseUrl::UserInfo);
        }
        if !origin.is_ascii() {
            return Err(InvalidBaseUrl::Host);
        }
        let mut base = String::from(origin);
        // Adapters compare the scheme without folding its case.
        base[..host_start].make_ascii_lowercase();
        base.extend(utf8_percent_encode(path, NOT_IN_A_PATH));
        if base.len() > MAX_BASE_URL_LEN {
            return Err(InvalidBaseUrl::NotAUrl);
        }
        let (is_tls, default_port) = match &base[..host_start] {
            "https://" => (true, 443),
            "http://" => (false, 80),
            _ if is_other_scheme(scheme) => return Err(InvalidBaseUrl::Scheme),
            _ => return Err(InvalidBaseUrl::NotAUrl),
        };
        if !is_path(&base[path_start..]) {
            return Err(InvalidBaseUrl::NotAUrl);
        }
        let (host, port) =
            host_and_port(&base[host_start..path_start]).ok_or(InvalidBaseUrl::NotAUrl)?;
        let port = port.unwrap_or(default_port);
        let is_loopback = is_loopback(host);
        let host = without_brackets(host).into();
        base.truncate(base.trim_end_matches('/').len());
        let is_safe = is_tls || is_loopback;
        let endpoint = Self {
            base,
            host_start,
            path_start,
            host,
            port,
            is_tls,
            is_loopback,
            credentials,
        };
        Ok((endpoint, is_safe))
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The host to connect to: a name, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to: the port of the base URL, or 443 for `https` and 80 for `http`.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The host and the port, for error messages: `chat.example:443`, `[::1]:8787`.
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }

    /// Whether the connection uses TLS, which is if the scheme is `https`.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether the service is on this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// The key, to hide it in texts of the service.
    pub(crate) fn secret(&self) -> Secret {
        self.credentials.secret()
    }

    /// The HTTP request that sends a message.
    #[must_use]
    pub fn chat(&self, request: &ChatRequest) -> Request {
        self.post(self.url("/v1/chat", None), EVENT_STREAM, request)
            .sends_message()
    }

    /// The HTTP request that reads the messages of a conversation.
    #[must_use]
    pub fn messages(&self, request: &MessagesRequest) -> Request {
        let path = conversation_path(&request.conversation_id, "messages");
        let url = self.url(&path, request.after.as_ref());
        self.request(Method::Get, url, self.headers(JSON), Bytes::new())
    }

    /// The HTTP request that rates a conversation.
    #[must_use]
    pub fn rate(&self, request: &RatingRequest) -> Request {
        let path = conversation_path(&request.conversation_id, "rating");
        self.post(self.url(&path, None), JSON, request)
    }

    fn url(&self, path: &str, after: Option<&Timestamp>) -> String {
        let mut url = format!("{}{path}", self.base);
        let pairs = [
            ("slug", self.credentials.slug_value()),
            ("after", after.map(Timestamp::as_str)),
        ];
        let mut separator = '?';
        for (name, value) in pairs {
            if let Some(value) = value {
                url.push(separator);
                url.push_str(name);
                url.push('=');
                url.extend(utf8_percent_encode(value, RESERVED));
                separator = '&';
            }
        }
        url
    }

    fn post(&self, url: String, accept: &'static str, body: &dyn Object) -> Request {
        let body = to_string(body);
        let mut headers = self.headers(accept);
        headers.push((CONTENT_TYPE, Bytes::from_static(JSON.as_bytes())));
        // As their owner, the text needs less code than the other kinds of `Bytes`, and none of
        // them is in a small program.
        self.request(Method::Post, url, headers, Bytes::from_owner(body))
    }

    /// The headers of each request. The vector has room for `content-type`, which a request
    /// with a body adds.
    fn headers(&self, accept: &'static str) -> Vec<(&'static str, Bytes)> {
        let fixed = [
            (ACCEPT, accept),
            ("accept-encoding", "identity"),
            ("user-agent", CLIENT),
        ];
        let mut headers = Vec::with_capacity(fixed.len() + 2);
        headers.extend(fixed.map(|(name, value)| (name, Bytes::from_static(value.as_bytes()))));
        let authorization = self.credentials.authorization();
        headers.extend(authorization.map(|value| (AUTHORIZATION, value.clone())));
        headers
    }

    const fn request(
        &self,
        method: Method,
        url: String,
        headers: Vec<(&'static str, Bytes)>,
        body: Bytes,
    ) -> Request {
        let places = (self.host_start, self.path_start);
        Request::new(method, url, places, headers, body)
    }
}

/// Whether it is a scheme (RFC 3986, section 3.1), but neither `https` nor `http`.
fn is_other_scheme(scheme: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(rest)
        && !scheme.eq_ignore_ascii_case("https")
        && !scheme.eq_ignore_ascii_case("http")
}

/// Whether it can be a path, after the characters that a path must not hold were encoded: it has
/// no white space and no control character, and each `%` begins an escape.
fn is_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).all(|at| match bytes[at] {
        b'%' => is_digit(at + 1) && is_digit(at + 2),
        byte => byte.is_ascii_graphic(),
    })
}

/// The host and the port of an authority without user information (RFC 3986, section 3.2). The
/// host is an IPv6 address in brackets or a name. A name with an escape is refused, and so is a
/// future IP version (`[v…]`), because no connection can be made to it.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_len = match authority.starts_with('[') {
        true => authority.find(']')? + 1,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_len);
    let is_in_a_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    let address = without_brackets(host);
    let is_valid = match address.len() < host.len() {
        true => address.parse::<Ipv6Addr>().is_ok(),
        false => !host.is_empty() && host.bytes().all(is_in_a_name),
    };
    let port = match port.strip_prefix(':') {
        // A sign is no digit, but `parse` accepts it.
        Some(port) if port.starts_with('+') => return None,
        Some(port) => Some(u16::try_from(port.parse::<u64>().ok()?).ok()?),
        None if port.is_empty() => None,
        None => return None,
    };
    is_valid.then_some((host, port))
}

fn conversation_path(id: &ConversationId, what: &str) -> String {
    let mut path = String::from("/v1/conversations/");
    path.extend(utf8_percent_encode(id.as_str(), RESERVED));
    path.push('/');
    path.push_str(what);
    path
}

fn without_brackets(host: &str) -> &str {
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    address.unwrap_or(host)
}

fn is_loopback(host: &str) -> bool {
    let address = without_brackets(host);
    if address.len() < host.len() {
        return address.parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback());
    }
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
}

/// The key of the credentials.
impl From<&Endpoint> for Secret {
    fn from(endpoint: &Endpoint) -> Self {
        endpoint.secret()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("base", &self.base)
            .field("credentials", &self.credentials)
            .finish()
    }
}
