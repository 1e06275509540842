//! The body of an answer: complete bytes or a stream.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Frame, SizeHint};

use crate::front::half_close::Answering;
use crate::reply::relay::Relay;

/// The body of every answer of the proxy. Dropping a streaming body ends the request to the
/// service at once.
#[derive(Debug)]
pub struct Body {
    kind: Kind,
    /// Marks the request as being answered until the body is dropped.
    _answering: Option<Answering>,
}

#[derive(Debug)]
enum Kind {
    Whole(Full<Bytes>),
    Stream(Box<Relay>),
}

impl Body {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self {
            kind: Kind::Whole(Full::new(bytes.into())),
            _answering: None,
        }
    }

    pub(crate) fn stream(relay: Relay) -> Self {
        Self {
            kind: Kind::Stream(Box::new(relay)),
            _answering: None,
        }
    }

    /// Keeps `answering` until the body is dropped.
    pub(crate) fn with_answering(self, answering: Answering) -> Self {
        Self {
            _answering: Some(answering),
            ..self
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.kind {
            Kind::Whole(body) => Pin::new(body).poll_frame(cx),
            Kind::Stream(relay) => relay
                .poll(cx)
                .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(body) => body.size_hint(),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}
