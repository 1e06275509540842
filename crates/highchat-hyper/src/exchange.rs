//! One exchange: a request on a connection, the head of its answer, and the body.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use highchat_async::KeptConnection as _;
use highchat_connect::Connector;
use highchat_proto::failure::Cause;
use highchat_proto::http::{Head, Request};
use highchat_proto::{Config, Failure};
use http::Response;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::timeout;

use crate::kept::Kept;
use crate::link::Link;

/// The body of an answer, as a stream. Its connection makes progress only while the body is
/// read. It is kept after the end of the body, and closes if the body is dropped before.
pub struct Body {
    /// `None` after the end or an error. hyper repeats an HTTP/2 error at every poll, so a
    /// reader that continues to the end would never reach it.
    open: Option<(Incoming, Link)>,
    kept: Kept,
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
    if let Some(mut link) = kept.take(&request, &config) {
        let sent = link.send(request.clone().into(), &connector);
        // Otherwise the connection was stale. This request may be repeated.
        if let Ok(Ok(answer)) = timeout(Config::REUSE_TIMEOUT, sent).await {
            return Ok(begin(answer, link, kept));
        }
        kept.close();
    }
    let opened = timeout(config.connect_timeout(), Link::open(&connector)).await;
    let opened = opened.unwrap_or_else(|elapsed| Err(connector.not_sent(&elapsed)));
    let mut link = opened?;
    let answer = link.send(request.into(), &connector).await?;
    Ok(begin(answer, link, kept))
}

fn begin(answer: Response<Incoming>, link: Link, kept: Kept) -> (Head, Body) {
    if let Some(shared) = link.share() {
        kept.put(shared);
    }
    let (head, body) = answer.into_parts();
    let open = Some((body, link));
    (Head::from(&head), Body { open, kept })
}

impl Stream for Body {
    type Item = Result<Bytes, Cause>;

    /// Returns the next chunk. Dropping the wait loses nothing. An error is the last item.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some((body, link)) = &mut self.open else {
            return Poll::Ready(None);
        };
        let mut chunk = poll_data(body, cx);
        if chunk.is_pending() {
            link.poll(cx);
            chunk = poll_data(body, cx);
        }
        match &chunk {
            // The end may be known already. Then a request that this chunk leads to finds the
            // connection free.
            Poll::Ready(Some(Ok(_))) if !body.is_end_stream() => {}
            Poll::Ready(None | Some(Ok(_))) => {
                if let Some((_, link)) = self.open.take() {
                    self.kept.put(link);
                }
            }
            Poll::Ready(Some(Err(_))) => self.open = None,
            Poll::Pending => {}
        }
        chunk.map_err(|lost| Cause::of(&lost))
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
