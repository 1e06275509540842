//! Faults of HTTP answers: refusals instead of a reply, and changes of the head and body.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::Write as _;
use std::time::SystemTime;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HOST, HeaderValue, LOCATION, RETRY_AFTER,
};
use http::{Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Frame;
use serde_json::json;

use super::{Fault, Faults, Injection};
use crate::clock::TimeScale;
use crate::journal::Request;
use crate::net::answer::{self, Body};
use crate::net::refusal::Refusal;

const HTML: &str = "<!doctype html>\n<title>500 Internal Server Error</title>\n\
    <h1>Internal Server Error</h1>\n<p>The server encountered an error and could not \
    complete your request.\n";

/// Returns the refusal for a fault. `port` is the sandbox's own port. The amount of a fault is in
/// the client's time; the defaults are in the sandbox's time.
pub(crate) fn refusal(
    injection: Injection,
    request: &Request,
    port: u16,
    scale: TimeScale,
) -> Response<Body> {
    let default = |seconds| scale.whole_seconds(scale.real(Duration::from_secs(seconds)));
    let seconds = |seconds| injection.amount.unwrap_or_else(|| default(seconds));
    match injection.fault {
        Fault::TooManySeconds | Fault::Poll429 => Refusal::rate_limited(seconds(1)).into_response(),
        Fault::TooManyDate => {
            let now = SystemTime::now();
            let mut response = too_many();
            let headers = response.headers_mut();
            headers.insert(DATE, http_date(now));
            let wait = Duration::from_secs(seconds(2)).min(MAX_WAIT);
            headers.insert(RETRY_AFTER, http_date(now + wait));
            response
        }
        Fault::Html500 | Fault::Poll500 => html(),
        Fault::Poll404 => Refusal::no_such_conversation().into_response(),
        Fault::Empty502 => answer::empty(StatusCode::BAD_GATEWAY),
        Fault::Empty204 => answer::empty(StatusCode::NO_CONTENT),
        Fault::Redirect => redirect(request, port),
        Fault::JsonError200 => answer::json(
            StatusCode::OK,
            &json!({ "error": {
                "code": "internal",
                "message": "Ներքին սխալ։ Փորձեք մի փոքր ուշ։",
            } }),
        ),
        _ => too_many(),
    }
}

/// The longest wait: a year, so that the date can be represented.
const MAX_WAIT: Duration = Duration::from_secs(366 * 24 * 3600);

fn too_many() -> Response<Body> {
    let mut response = Refusal::rate_limited(0).into_response();
    response.headers_mut().remove(RETRY_AFTER);
    response
}

fn http_date(time: SystemTime) -> HeaderValue {
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).expect("a date is ASCII")
}

fn html() -> Response<Body> {
    let mut response = Response::new(Full::from(HTML).boxed_unsync());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}

/// Redirects to the same port under the other name of this machine. That is another origin, so a
/// client must not send its key there.
fn redirect(request: &Request, port: u16) -> Response<Body> {
    let host = request
        .headers
        .get(HOST)
        .map_or(&b""[..], HeaderValue::as_bytes);
    let other = if host.starts_with(b"localhost") {
        "127.0.0.1"
    } else {
        "localhost"
    };
    let mut response = answer::empty(StatusCode::TEMPORARY_REDIRECT);
    let location = format!("http://{other}:{port}{REDIRECTED}");
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The target of redirects. The API has no such path.
pub(crate) const REDIRECTED: &str = "/v1/redirected";

/// Applies the faults of the HTTP answer to a reply.
pub(crate) fn alter(mut response: Response<Body>, faults: &Faults) -> Response<Body> {
    if faults.has(Fault::WrongType) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
    }
    if faults.has(Fault::CloseDelimited) {
        *response.version_mut() = Version::HTTP_10;
    }
    if faults.has(Fault::Gzip) {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(CONTENT_ENCODING, gzip);
        response = response.map(|body| Compressed::new(body).boxed_unsync());
    }
    response
}

/// A body that is compressed with gzip. It flushes after each piece, so that a client can
/// decompress each piece at once.
struct Compressed {
    body: Body,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Compressed {
    fn new(body: Body) -> Self {
        Self {
            body,
            encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
        }
    }
}

impl hyper::body::Body for Compressed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let data = frame.and_then(|Ok(frame)| frame.into_data().ok());
        let bytes = match (data, self.encoder.take()) {
            (Some(data), Some(mut encoder)) => {
                // Writing to memory does not fail.
                let _ = encoder.write_all(&data).and_then(|()| encoder.flush());
                let bytes = core::mem::take(encoder.get_mut());
                self.encoder = Some(encoder);
                bytes
            }
            (None, Some(encoder)) => encoder.finish().unwrap_or_default(),
            (_, None) => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }
}
