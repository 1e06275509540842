//! Accepts connections and serves HTTP/1.1 on them.

use core::convert::Infallible;
use core::net::IpAddr;
use core::pin::Pin;
use core::time::Duration;
use std::io;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutWriter;
use tokio_util::task::TaskTracker;

use crate::front::half_close::HalfClose;
use crate::front::refusal::Refusal;
use crate::limits::slots::{Slot, Slots};
use crate::proxy::Proxy;
use crate::reply::body::Body;
use crate::server::listening;
use crate::server::transport::Transport;

/// The longest head of a request, and the most output that is buffered in memory for one
/// visitor, in bytes.
const MAX_BUFFER: usize = 16 * 1024;

/// The most output that the operating system buffers for one visitor, in bytes.
const SEND_BUFFER: usize = 64 * 1024;

/// The longest time for the refusal of invalid input, and the most bytes of that input that are
/// read after the refusal.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_DISCARDED: u64 = 1024 * 1024;

/// How many connections to the metrics address are open at once.
const MAX_READERS: usize = 16;

/// How long a drain waits for the first request of a connection.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// Accepts visitors' connections until the proxy drains, and then stops listening.
pub(crate) async fn visitors(
    listener: TcpListener,
    proxy: Proxy,
    connections: Slots,
    open: TaskTracker,
) {
    let accept = |(stream, peer): (TcpStream, IpAddr)| {
        let is_trusted = proxy.handler().trust.includes(peer);
        let visitor = (!is_trusted).then(|| peer.into());
        // Otherwise the connection closes without an answer: an answer would need one more
        // task in a full server.
        if let Some(slot) = connections.take(visitor) {
            open.spawn(serve(stream, peer, proxy.clone(), slot));
        }
    };
    loop {
        tokio::select! {
            connection = next(&listener) => accept(connection),
            () = proxy.handler().drain.begun() => break,
        }
    }
    listening::stop(listener, accept).await;
}

/// Serves the metrics page for ever.
pub(crate) async fn metrics(listener: TcpListener, proxy: Proxy) {
    let readers = Slots::new(MAX_READERS, MAX_READERS);
    loop {
        let (stream, _) = next(&listener).await;
        let Some(slot) = readers.take(None) else {
            continue;
        };
        let proxy = proxy.clone();
        tokio::spawn(async move {
            let time_limit = proxy.handler().config.request_timeout;
            let page = service_fn(|request| {
                let page = metrics_page(&proxy, &request);
                async { Ok::<_, Infallible>(page) }
            });
            let connection = builder(time_limit)
                .keep_alive(false)
                .serve_connection(with_write_timeout(stream, time_limit), page);
            // An error means that the client has left.
            let _ = connection.await;
            drop(slot);
        });
    }
}

fn metrics_page(proxy: &Proxy, request: &http::Request<Incoming>) -> Response<Body> {
    let mut response = Response::new(Body::whole(""));
    if request.uri().path() == "/metrics" {
        *response.body_mut() = Body::whole(proxy.metrics());
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4"),
        );
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

async fn next(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip()),
            // Usually the process has no free file descriptor, so an immediate retry would only
            // use CPU time.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, peer: IpAddr, proxy: Proxy, slot: Slot) {
    // Events must be sent without delay. The connection also works if either setting fails.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
    let handler = proxy.handler();
    let half_close = HalfClose::admitted();
    let config = &handler.config;
    let (time_limit, floor) = (config.visitor_timeout, config.visitor_floor);
    let stream = Transport::new(stream, time_limit, floor, half_close.clone());
    let mut builder = builder(handler.config.request_timeout);
    // An event is short: copying it next to its chunk size costs less than a list of slices.
    builder.writev(false);
    let service = proxy.service_on(peer, half_close.clone());
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = handler.drain.begun() => {
            // A graceful end would close a connection without a request at once.
            let first = timeout(FIRST_REQUEST_TIMEOUT, &mut connection);
            let early = if half_close.awaits_first() { first.await.ok() } else { None };
            match early {
                Some(ended) => ended,
                None => {
                    Pin::new(&mut connection).graceful_shutdown();
                    (&mut connection).await
                }
            }
        }
    };
    if let Err(error) = ended {
        let parts = connection.into_parts();
        let stream = parts.io.into_inner();
        // If the visitor has sent nothing, there is nothing to refuse.
        let is_slow = error.is_timeout() && !parts.read_buf.is_empty();
        // Any other error means that the visitor has left or stalled.
        if let Some(refusal) = Refusal::for_invalid_request(stream.withheld_status(), is_slow) {
            let response = handler.refuse(peer, refusal);
            // Boxed, so that waiting connections do not reserve memory for it. An error means
            // that the visitor has left.
            let refusing = Box::pin(refuse(stream.into_inner(), response));
            let _ = timeout(REFUSAL_TIMEOUT, refusing).await;
        }
    }
    drop(slot);
}

/// Writes the answer to input that is not a valid request, and then reads on for a moment:
/// closing a socket with unread bytes would reset the connection, and the answer would be
/// lost. The head is written here because hyper only answers valid requests.
async fn refuse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    response: Response<String>,
) -> io::Result<()> {
    let (head, body) = response.into_parts();
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let end = format!(
        "connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    bytes.extend_from_slice(end.as_bytes());
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(MAX_DISCARDED);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

/// A connection whose writes fail if the client reads nothing for `time_limit`.
fn with_write_timeout(
    stream: TcpStream,
    time_limit: Duration,
) -> TokioIo<Pin<Box<TimeoutWriter<TcpStream>>>> {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(time_limit));
    TokioIo::new(Box::pin(stream))
}

fn builder(time_limit: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(time_limit)
        .max_buf_size(MAX_BUFFER);
    builder
}
