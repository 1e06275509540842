//! The web pages and their files.

use core::hash::{Hash as _, Hasher as _};
use std::borrow::Cow;
use std::hash::DefaultHasher;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::journal::Request;
use crate::net::answer::Body;
use crate::net::guard;
use crate::net::refusal::Refusal;

/// The content security policy. It allows only the files below, and does not let text become
/// HTML. So a script in a message does not run. The client is WebAssembly inside of a file.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The characters that are percent-encoded in a path. No character that has a meaning in HTML is
/// left.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const CHAT: &str = include_str!("../assets/chat.html");
const INBOX: &str = include_str!("../assets/inbox.html");
const INDEX: &str = include_str!("../assets/index.html");
const MISSING: &str = include_str!("../assets/missing.html");

/// The files under `/assets/`: name, content type and content.
const ASSETS: &[(&str, &str, &str)] = &[
    ("base.css", CSS, include_str!("../assets/base.css")),
    ("chat.css", CSS, include_str!("../assets/chat.css")),
    ("chat.js", SCRIPT, include_str!("../assets/chat.js")),
    ("composer.js", SCRIPT, include_str!("../assets/composer.js")),
    (
        "inbox-api.js",
        SCRIPT,
        include_str!("../assets/inbox-api.js"),
    ),
    ("entry.js", SCRIPT, include_str!("../assets/entry.js")),
    ("highchat.js", SCRIPT, include_str!("../assets/highchat.js")),
    ("icon.svg", SVG, include_str!("../assets/icon.svg")),
    ("inbox.css", CSS, include_str!("../assets/inbox.css")),
    ("inbox.js", SCRIPT, include_str!("../assets/inbox.js")),
    ("language.js", SCRIPT, include_str!("../assets/language.js")),
    ("list.js", SCRIPT, include_str!("../assets/list.js")),
    ("log.js", SCRIPT, include_str!("../assets/log.js")),
    ("rating.js", SCRIPT, include_str!("../assets/rating.js")),
    ("reply.js", SCRIPT, include_str!("../assets/reply.js")),
    ("store.js", SCRIPT, include_str!("../assets/store.js")),
    ("tail.js", SCRIPT, include_str!("../assets/tail.js")),
    ("texts.js", SCRIPT, include_str!("../assets/texts.js")),
];

/// Returns the path of the chat page with this slug.
pub(crate) fn chat_path(slug: &str) -> String {
    format!("/c/{}", utf8_percent_encode(slug, SEGMENT))
}

/// Answers a request to a page or a file of it. Returns `None` for any other path.
pub(crate) fn answer(slug: &str, request: &Request) -> Option<Result<Response<Body>, Refusal>> {
    let (status, content_type, content) = find(slug, request)?;
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return Some(Err(Refusal::method_not_allowed("GET, HEAD")));
    }
    Some(Ok(page(request, status, content_type, content)))
}

fn find(slug: &str, request: &Request) -> Option<(StatusCode, &'static str, Cow<'static, str>)> {
    let found = |content| Some((StatusCode::OK, HTML, Cow::Borrowed(content)));
    let path = request.path.as_str();
    if path == "/" {
        return Some((StatusCode::OK, HTML, Cow::Owned(index(slug, request))));
    }
    if path == "/inbox" {
        return found(INBOX);
    }
    if let Some(asked) = path.strip_prefix("/c/") {
        if percent_decode_str(asked)
            .decode_utf8()
            .is_ok_and(|asked| asked == slug)
        {
            return found(CHAT);
        }
        return Some((StatusCode::NOT_FOUND, HTML, Cow::Borrowed(MISSING)));
    }
    let name = path.strip_prefix("/assets/")?;
    let (_, content_type, content) = ASSETS.iter().find(|(known, ..)| *known == name)?;
    Some((StatusCode::OK, content_type, Cow::Borrowed(content)))
}

/// Returns the front page. Its examples use the host of the request.
fn index(slug: &str, request: &Request) -> String {
    let host = guard::host(&request.headers).unwrap_or("127.0.0.1:8787");
    let path = chat_path(slug);
    let query: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
    INDEX
        .replace("{{host}}", host)
        .replace("{{chat}}", &path)
        .replace("{{query}}", &query)
}

fn page(
    request: &Request,
    status: StatusCode,
    content_type: &'static str,
    content: Cow<'static, str>,
) -> Response<Body> {
    let tag = tag(&content);
    let fresh = status == StatusCode::OK
        && request
            .headers
            .get(IF_NONE_MATCH)
            .is_some_and(|known| *known == tag);
    let body = match (fresh, content) {
        (true, _) => Bytes::new(),
        (false, Cow::Borrowed(content)) => Bytes::from_static(content.as_bytes()),
        (false, Cow::Owned(content)) => Bytes::from(content),
    };
    let mut response = Response::new(Full::new(body).boxed_unsync());
    *response.status_mut() = match fresh {
        true => StatusCode::NOT_MODIFIED,
        false => status,
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Returns an entity tag made from the content. A new version of the program may have other
/// content under the same name.
fn tag(content: &str) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
        .parse()
        .expect("hexadecimal digits are visible")
}
