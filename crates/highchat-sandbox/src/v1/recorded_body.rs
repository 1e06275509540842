//! The body of an answer, whose end the journal records.

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

/// The body of an answer, whose end is noted in the journal.
pub(crate) struct RecordedBody {
    body: Body,
    journal: Arc<Journal>,
    number: usize,
    wire: Wire,
    is_whole: bool,
    /// That it is under way.
    _answering: Answering,
}

impl RecordedBody {
    /// `number` is that of its request.
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
        // First the reply is stored, then its end is told: whoever waits for the end looks
        // for the reply next.
        self.body = Body::default();
        self.journal.ended(self.number, end);
    }
}
