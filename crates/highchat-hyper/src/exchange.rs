//! One exchange: a connection, a request, the head of its answer, and the body.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Uri, Version, response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::rt::{Executor, Read, Write};
use hyper_util::client::legacy::connect::Connection;
use tokio::time::timeout;
use tower_service::Service;

use crate::tasks::Tasks;
use crate::watch::{BoxError, Watch, Watched};

/// The most that a head may have, in bytes (our decision).
const HEAD_LIMIT: u32 = 64 * 1024;
/// How far HTTP/2 lets the service write ahead of what was read, in bytes: the
/// standard's own default, some minutes of a reply.
const WINDOW: u32 = 65_535;

/// The body of an answer. Its connection makes progress only while it is read, and
/// closes with it.
pub(crate) struct Body {
    incoming: Incoming,
    tasks: Tasks,
}

/// Connects, sends a request and waits for the head of its answer.
///
/// The connection is there within `connect_timeout`, or nothing was sent.
///
/// Not to be repeated where [`Watch::failure`] does not say so. Dropping it closes the
/// connection.
pub(crate) async fn open<C>(
    mut connector: C,
    mut request: Request<Bytes>,
    connect_timeout: Duration,
    watch: Arc<Watch>,
) -> Result<(response::Parts, Body), BoxError>
where
    C: Service<Uri>,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Error: Into<BoxError>,
{
    let uri = request.uri().clone();
    let connecting = async {
        let ready = poll_fn(|cx| connector.poll_ready(cx)).await;
        ready.map_err(Into::into)?;
        connector.call(uri).await.map_err(Into::into)
    };
    let io = timeout(connect_timeout, connecting).await??;
    let connected = io.connected();
    let io = Watched::new(io, Arc::clone(&watch));
    let mut tasks = Tasks::default();
    let answer = if connected.is_negotiated_h2() {
        *request.version_mut() = Version::HTTP_2;
        let (mut sender, connection) = http2::Builder::new(tasks.spawner())
            .max_header_list_size(HEAD_LIMIT)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(io)
            .await?;
        tasks.spawner().execute(async {
            // Its errors come with the answer as well.
            let _ = connection.await;
        });
        watch.hand_over();
        let answer = sender.send_request(request.map(Full::new));
        tasks.drive(answer).await?
    } else {
        address(&mut request, connected.is_proxied())?;
        let (mut sender, connection) = http1::Builder::new()
            // The buffer may exceed its limit by one read, the head may not.
            .max_buf_size(HEAD_LIMIT as usize)
            .max_header_size(HEAD_LIMIT as usize)
            .handshake(io)
            .await?;
        tasks.spawner().execute(async {
            let _ = connection.await;
        });
        watch.hand_over();
        let answer = sender.send_request(request.map(Full::new));
        tasks.drive(answer).await?
    };
    let (head, incoming) = answer.into_parts();
    Ok((head, Body { incoming, tasks }))
}

/// Puts the authority where HTTP/1.1 wants it: into a header, and into the target only
/// where that is for a proxy.
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

impl Body {
    /// Waits for the next bytes; `None` at the end. Nothing is lost where the wait is
    /// given up.
    pub(crate) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Bytes>>> {
        let mut is_driven = false;
        loop {
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers say nothing that anybody asks for.
                    if let Ok(chunk) = frame.into_data() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if is_driven => return Poll::Pending,
                Poll::Pending => {
                    self.tasks.poll(cx);
                    is_driven = true;
                }
            }
        }
    }
}
