//! The body of an answer: complete bytes or a stream.

use core::convert::Infallible;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::front::half_close::Answering;
use crate::limits::held::HeldBytes;
use crate::reply::relay::Relay;

/// How many bytes of a complete body hyper gets at once.
const PIECE: usize = 16 * 1024;

/// The body of every answer of the proxy. Dropping a streaming body ends the request to the
/// service at once.
#[derive(Debug)]
pub struct Body {
    kind: Kind,
    /// Marks the request as being answered until the body is dropped.
    _answering: Option<Answering>,
    /// Counts the bytes until the body is dropped.
    _held: Option<HeldBytes>,
}

#[derive(Debug)]
enum Kind {
    /// The bytes that hyper has not taken yet.
    Whole(Bytes),
    Stream(Box<Relay>),
}

impl Body {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self {
            kind: Kind::Whole(bytes.into()),
            _answering: None,
            _held: None,
        }
    }

    pub(crate) fn stream(relay: Relay) -> Self {
        Self {
            kind: Kind::Stream(Box::new(relay)),
            _answering: None,
            _held: None,
        }
    }

    /// Keeps `held` until the body is dropped.
    pub(crate) fn with_held(self, held: HeldBytes) -> Self {
        Self {
            _held: Some(held),
            ..self
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
            Kind::Whole(rest) if rest.is_empty() => Poll::Ready(None),
            Kind::Whole(rest) if rest.len() <= PIECE => {
                Poll::Ready(Some(Ok(Frame::data(mem::take(rest)))))
            }
            Kind::Whole(rest) => {
                // A copy, so that a piece that waits in hyper does not keep all bytes in memory.
                let piece = Bytes::copy_from_slice(&rest.split_to(PIECE));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Kind::Stream(relay) => relay
                .poll(cx)
                .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(rest) => rest.is_empty(),
            Kind::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(rest) => SizeHint::with_exact(rest.len() as u64),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}
