//! Writes a request as HTTP/1.1.

use alloc::string::ToString;
use alloc::vec::Vec;

use highchat_proto::http::{Method, Request};

/// A length in bytes that is enough for most heads.
const USUAL_HEAD: usize = 512;

/// What the request means for its answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    /// The method is `HEAD`, so the answer has no body.
    pub(crate) is_head: bool,
    /// The request has `connection: close`.
    pub(crate) closes: bool,
}

/// The bytes of a request.
pub(crate) fn serialize(request: &Request) -> Vec<u8> {
    serialize_to(request.target(), request)
}

/// The bytes of a request to a proxy that reads it.
pub(crate) fn serialize_for_proxy(request: &Request) -> Vec<u8> {
    if is_tls(request) {
        serialize(request)
    } else {
        serialize_to(request.url(), request)
    }
}

fn serialize_to(target: &str, request: &Request) -> Vec<u8> {
    let host = without_default_port(request.host(), is_tls(request));
    let body = request.body();
    let mut bytes = Vec::with_capacity(USUAL_HEAD + body.len());
    write_line(&mut bytes, request.method().as_str(), target);
    write_field(&mut bytes, "host", host.as_bytes());
    for (name, value) in request.headers() {
        write_field(&mut bytes, name, value);
    }
    write_body(&mut bytes, request.method() != Method::Get, body);
    bytes
}

fn is_tls(request: &Request) -> bool {
    request.url().starts_with("https:")
}

/// The bytes of a request, and what it means for its answer. Returns `None` if it cannot be
/// sent like this.
#[cfg(feature = "http")]
pub(crate) fn serialize_http(request: &http::Request<impl AsRef<[u8]>>) -> Option<(Vec<u8>, Sent)> {
    use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};

    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let authority = uri.authority().map(http::uri::Authority::as_str);
    if request.version() != http::Version::HTTP_11
        || method == http::Method::CONNECT
        || authority.is_some_and(|it| it.contains('@'))
        || headers.contains_key(TRANSFER_ENCODING)
        || headers.contains_key(EXPECT)
    {
        return None;
    }
    let is_tls = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    let host = match headers.get(HOST) {
        Some(host) => host.as_bytes(),
        None => without_default_port(authority?, is_tls).as_bytes(),
    };
    let body = request.body().as_ref();
    let target = uri.path_and_query().map_or("/", |it| it.as_str());
    let mut bytes = Vec::with_capacity(USUAL_HEAD + body.len());
    write_line(&mut bytes, method.as_str(), target);
    write_field(&mut bytes, "host", host);
    for (name, value) in headers {
        if ![HOST, CONTENT_LENGTH].contains(name) {
            write_field(&mut bytes, name.as_str(), value.as_bytes());
        }
    }
    let has_body = ![http::Method::GET, http::Method::HEAD].contains(method) || !body.is_empty();
    write_body(&mut bytes, has_body, body);
    let closes = headers.get_all(CONNECTION).iter().any(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|it| it.trim_ascii().eq_ignore_ascii_case(b"close"))
    });
    let is_head = method == http::Method::HEAD;
    Some((bytes, Sent { is_head, closes }))
}

fn write_line(bytes: &mut Vec<u8>, method: &str, target: &str) {
    for part in [method, " ", target, " HTTP/1.1\r\n"] {
        bytes.extend_from_slice(part.as_bytes());
    }
}

fn write_field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        bytes.extend_from_slice(part);
    }
}

/// Ends the head, and writes the body with its length.
fn write_body(bytes: &mut Vec<u8>, has_body: bool, body: &[u8]) {
    if has_body {
        write_field(bytes, "content-length", body.len().to_string().as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes.shrink_to_fit();
}

/// The value of `host`: a port that the scheme implies is left out, as most clients do.
fn without_default_port(host: &str, is_tls: bool) -> &str {
    let port = if is_tls { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(host);
    host.strip_suffix(':').unwrap_or(host)
}
