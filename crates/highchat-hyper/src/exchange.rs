//! One exchange: a connection, a request, the head of its answer, and the body.

use core::error::Error;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use h2::Reason;
use highchat_connect::{BoxError, Connector};
use highchat_proto::failure::Cause;
use highchat_proto::{Config, Failure};
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, Version, response};
use http_body_util::{BodyDataStream, Full};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper::rt::Executor;
use tokio::time::timeout;

use crate::tasks::{Tasks, tasks};

/// The largest number of fields that a head within the limit can have: each line has at least
/// a name, a colon and an end.
const MAX_FIELDS: usize = Config::HEAD_LIMIT / "n:\n".len();
/// The number of bytes that the service may send over HTTP/2 before the client reads them: the
/// default of the standard, some minutes of a reply.
const WINDOW: u32 = 65_535;

type Answering = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>;

/// The body of an answer, as a stream. Its connection makes progress only while the body is
/// read, and closes when the body is dropped.
pub(crate) struct Body {
    /// `None` after the end or an error. hyper repeats an HTTP/2 error at every poll, so a
    /// reader that continues to the end would never reach it.
    chunks: Option<BodyDataStream<Incoming>>,
    tasks: Tasks,
}

/// Connects, sends a request and waits for the head of its answer.
///
/// If there is no connection within `connect_timeout`, nothing was sent. Dropping the future
/// closes the connection.
pub(crate) async fn open(
    connector: Connector,
    request: Request<Bytes>,
    connect_timeout: Duration,
) -> Result<(response::Parts, Body), Failure> {
    let connected = timeout(connect_timeout, connect(&connector, request)).await;
    let connected = connected.unwrap_or_else(|elapsed| Err(connector.not_sent(&elapsed)));
    let (answer, mut tasks) = connected?;
    match tasks.drive(answer).await {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            let chunks = Some(BodyDataStream::new(body));
            Ok((head, Body { chunks, tasks }))
        }
        Err(error) => {
            // hyper returns the request only if it wrote nothing of it.
            let was_given_back = error.message().is_some();
            let error = error.into_error();
            if was_given_back || is_refused(&error) {
                Err(connector.not_sent(&error))
            } else {
                Err(Failure::Unanswered(Cause::of(&error)))
            }
        }
    }
}

/// Whether the service reports over HTTP/2 that it did not process the request (RFC 9113,
/// section 8.7): by REFUSED_STREAM, or by a GOAWAY whose last stream is before the request's.
/// h2 ends a stream with a GOAWAY only in that case.
fn is_refused(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &h2::Error| {
        let is_refusal = cause.is_reset() && cause.reason() == Some(Reason::REFUSED_STREAM);
        cause.is_remote() && (is_refusal || cause.is_go_away())
    })
}

/// Connects, and passes the request to hyper. hyper sends nothing before the tasks are polled.
async fn connect(
    connector: &Connector,
    mut request: Request<Bytes>,
) -> Result<(Pin<Box<dyn Future<Output = Answering> + Send>>, Tasks), Failure> {
    let io = connector.connect().await?;
    let (spawner, mut tasks) = tasks();
    // The errors of a connection task are ignored, because the answer reports them too.
    if io.is_http2() {
        *request.version_mut() = Version::HTTP_2;
        let handshake = http2::Builder::new(spawner.clone())
            .max_header_list_size(Config::HEAD_LIMIT as u32)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(io);
        let handshake = tasks.drive(handshake).await;
        let (mut sender, connection) = handshake.map_err(|error| connector.not_sent(&error))?;
        spawner.execute(async { drop(connection.await) });
        let answer = sender.try_send_request(request.map(Full::new));
        Ok((Box::pin(answer), tasks))
    } else {
        let addressed = address(&mut request, io.is_proxied());
        addressed.map_err(|error| connector.not_sent(&*error))?;
        let handshake = http1::Builder::new()
            // Two limits: the buffer may exceed its limit by one read, the head may not.
            .max_buf_size(Config::HEAD_LIMIT)
            .max_header_size(Config::HEAD_LIMIT)
            .max_headers(MAX_FIELDS)
            .allow_obsolete_multiline_headers_in_responses(true)
            .handshake(io)
            .await;
        let (mut sender, connection) = handshake.map_err(|error| connector.not_sent(&error))?;
        spawner.execute(async { drop(connection.await) });
        let answer = sender.try_send_request(request.map(Full::new));
        Ok((Box::pin(answer), tasks))
    }
}

/// Moves the authority into the `host` header, as HTTP/1.1 requires. The target keeps the
/// whole URL only for a proxy that reads the request.
fn address(request: &mut Request<Bytes>, is_proxied: bool) -> Result<(), BoxError> {
    let uri = request.uri_mut();
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(host)?;
    if !is_proxied || uri.scheme() != Some(&Scheme::HTTP) {
        let target = uri.path_and_query().cloned();
        *uri = target.map_or_else(Uri::default, Uri::from);
    }
    request.headers_mut().insert(HOST, host);
    Ok(())
}

impl Stream for Body {
    type Item = hyper::Result<Bytes>;

    /// Returns the next chunk. Dropping the wait loses nothing. An error is the last item.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { chunks, tasks } = &mut *self;
        let Some(body) = chunks else {
            return Poll::Ready(None);
        };
        let mut chunk = body.poll_next_unpin(cx);
        if chunk.is_pending() {
            tasks.poll(cx);
            chunk = body.poll_next_unpin(cx);
        }
        if matches!(chunk, Poll::Ready(None | Some(Err(_)))) {
            *chunks = None;
        }
        chunk
    }
}
