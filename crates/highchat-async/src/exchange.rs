//! One exchange of a session, as the inputs of a conversation.
//!
//! ```text
//!            head                    end | loss
//! Opening ─────────▶ Reading ─────────────────────▶ Over
//!    └───────────────────── failure ─────────────────┘
//! ```

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt};
use highchat_proto::failure::TransportFailure;
use highchat_proto::http::Head;

use crate::transport::Transport;

/// An exchange. As a stream, it yields its inputs in order, and ends after the last one.
pub(crate) enum Exchange<T: Transport> {
    Opening(T::Opening),
    Reading(T::Body),
    Over,
}

/// An input of a conversation.
pub(crate) enum Input {
    Head(Head),
    Chunk(Bytes),
    End,
    Failure(TransportFailure),
}

impl<T: Transport> Stream for Exchange<T>
where
    Self: Unpin,
{
    type Item = Input;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        let (next, input) = match &mut *self {
            Self::Opening(opening) => match ready!(opening.poll_unpin(cx)) {
                Ok((head, body)) => (Self::Reading(body), Input::Head(head)),
                Err(failure) => (Self::Over, Input::Failure(failure.into())),
            },
            Self::Reading(body) => match ready!(body.poll_next_unpin(cx)) {
                Some(Ok(chunk)) => return Poll::Ready(Some(Input::Chunk(chunk))),
                Some(Err(cause)) => {
                    let lost = TransportFailure::Interrupted(cause);
                    (Self::Over, Input::Failure(lost))
                }
                None => (Self::Over, Input::End),
            },
            Self::Over => return Poll::Ready(None),
        };
        *self = next;
        Poll::Ready(Some(input))
    }
}
