//! The body of an answer that reports its end to the journal.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::fault::Wire;
use crate::journal::{End, Journal};
use crate::net::answer::Body;
use crate::net::half_close::Answering;

/// The body of an answer that reports its end to the journal.
pub(crate) struct RecordedBody {
    body: Body,
    journal: Arc<Journal>,
    number: usize,
    wire: Wire,
    is_whole: bool,
    /// Marks the answer as under way until the body is dropped.
    _answering: Answering,
}

impl RecordedBody {
    /// Creates a body. `number` is the number of the request in the journal.
    pub(crate) fn new(
        body: Body,
        journal: Arc<Journal>,
        number: usize,
        wire: Wire,
        answering: Answering,
    ) -> Self {
        Self {
            body,
            journal,
            number,
            wire,
            is_whole: false,
            _answering: answering,
        }
    }
}

impl hyper::body::Body for RecordedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.is_whole = matches!(frame, Poll::Ready(None)) || self.body.is_end_stream();
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RecordedBody {
    fn drop(&mut self) {
        let end = if self.wire.breaks() {
            End::Fault
        } else if self.is_whole || self.body.is_end_stream() {
            End::Whole
        } else {
            End::ClientLeft
        };
        // Dropping the body stores the reply. That must happen before the end is reported, because
        // a test that waits for the end may poll for the reply next.
        self.body = Body::default();
        self.journal.ended(self.number, end);
    }
}
