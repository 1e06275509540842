//! Polls streams without a runtime.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use futures_core::Stream;

/// A stream of chunks that are always ready.
pub(super) struct Ready<I>(pub(super) I);

impl<I: Iterator + Unpin> Stream for Ready<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// Calls `take` with each item of a stream that is always ready.
pub(super) fn drain<S: Stream>(stream: S, mut take: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        take(item);
    }
}
