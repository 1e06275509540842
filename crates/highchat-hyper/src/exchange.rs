//! One exchange: a request on a connection, the head of its answer, and the body.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use highchat_async::KeptConnection as _;
use highchat_connect::{Connector, Exchange};
use highchat_proto::failure::Cause;
use highchat_proto::http::{Head, Request};
use highchat_proto::{Config, Failure};
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::timeout;

use crate::http2::Http2;
use crate::kept::Kept;
use crate::link::Link;

/// The body of an answer, as a stream. Its connection makes progress only while the body is
/// read. It is kept after the end of the body, and closes if the body is dropped before.
pub struct Body {
    /// `None` after the end or an error. hyper repeats an HTTP/2 error at every poll, so a
    /// reader that continues to the end would never reach it.
    unread: Option<Unread>,
    kept: Kept,
}

/// The rest of a body, with its connection.
enum Unread {
    Http1(Exchange),
    Http2(Incoming, Http2),
}

/// Sends a request on the kept connection if it may, otherwise on a new one, and waits for the
/// head of the answer.
///
/// If there is no connection within [`Config::connect_timeout`], nothing was sent. Dropping the
/// future closes the connection.
pub(crate) async fn open(
    connector: Connector,
    request: Request,
    config: Config,
    kept: Kept,
) -> Result<(Head, Body), Failure> {
    if let Some(link) = kept.take(&request, &config) {
        let sent = send(link, &request, &connector, &kept);
        // Otherwise the connection was stale. This request may be repeated.
        if let Ok(Ok(opened)) = timeout(Config::REUSE_TIMEOUT, sent).await {
            return Ok(opened);
        }
        kept.close();
    }
    let opened = timeout(config.connect_timeout(), Link::open(&connector)).await;
    let opened = opened.unwrap_or_else(|elapsed| Err(connector.not_sent(&elapsed)));
    send(opened?, &request, &connector, &kept).await
}

async fn send(
    link: Link,
    request: &Request,
    connector: &Connector,
    kept: &Kept,
) -> Result<(Head, Body), Failure> {
    let (head, unread) = match link {
        Link::Http1(connection) => {
            let (head, exchange) = Exchange::open(connection, request, connector).await?;
            (Head::from(&head), Unread::Http1(exchange))
        }
        Link::Http2(mut http2) => {
            let answer = http2.send(request.clone().into(), connector).await?;
            kept.put(Link::Http2(http2.clone()));
            let (head, body) = answer.into_parts();
            (Head::from(&head), Unread::Http2(body, http2))
        }
    };
    let (unread, kept) = (Some(unread), kept.clone());
    Ok((head, Body { unread, kept }))
}

impl Unread {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cause>>> {
        match self {
            Self::Http1(exchange) => exchange.poll_body(cx).map_err(|lost| Cause::of(&lost)),
            Self::Http2(body, http2) => {
                let mut chunk = poll_data(body, cx);
                if chunk.is_pending() {
                    http2.poll(cx);
                    chunk = poll_data(body, cx);
                }
                chunk.map_err(|lost| Cause::of(&lost))
            }
        }
    }

    /// Whether the end is known already. Then a request that the last chunk leads to finds the
    /// connection free.
    fn is_over(&self) -> bool {
        match self {
            Self::Http1(exchange) => exchange.is_over(),
            Self::Http2(body, _) => body.is_end_stream(),
        }
    }

    /// The connection, if it can carry another exchange.
    fn into_link(self) -> Option<Link> {
        match self {
            Self::Http1(exchange) => exchange.into_connection().map(Link::Http1),
            Self::Http2(_, http2) => Some(Link::Http2(http2)),
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Cause>;

    /// Returns the next chunk. Dropping the wait loses nothing. An error is the last item.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(unread) = &mut self.unread else {
            return Poll::Ready(None);
        };
        let chunk = ready!(unread.poll(cx));
        match &chunk {
            Some(Ok(_)) if !unread.is_over() => {}
            None | Some(Ok(_)) => {
                let link = self.unread.take().and_then(Unread::into_link);
                link.into_iter().for_each(|link| self.kept.put(link));
            }
            Some(Err(_)) => self.unread = None,
        }
        Poll::Ready(chunk)
    }
}

/// Returns the next data of a body. Trailers are skipped.
fn poll_data(body: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Bytes>>> {
    loop {
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(data))),
            Some(Ok(Err(_))) => {}
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    }
}
