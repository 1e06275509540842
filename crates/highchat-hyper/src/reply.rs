//! A reply as it comes in.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use highchat_proto::event::Event;
use highchat_proto::failure::Failure;
use highchat_proto::reply::{self, Ready};
use highchat_proto::time::Instant;
use tokio::time::{Sleep, sleep};

use crate::clock::Clock;
use crate::exchange::Body;

/// A reply that is being read. Dropping it ends the exchange, and closes the connection.
///
/// It gives its events one by one, borrowed ([`next_event`](Self::next_event)), or as a
/// [`Stream`] of owned ones, which ends behind a failure. Nothing is read ahead of what
/// is asked for: an application that takes its time slows the service down. Its
/// connection makes progress only while an event is waited for.
///
/// The end of the events is the end of a reply: `done`, `human` or `error` came last.
/// A reply that was cut ends in [`Failure::Cut`] instead, and so does one on which
/// [`Config::idle_timeout`](highchat_proto::config::Config::idle_timeout) or
/// [`progress_timeout`](highchat_proto::config::Config::progress_timeout) runs out. The
/// time from an event to the next call does not count for them.
pub struct Reply {
    reply: reply::Reply,
    /// `None` once there is nothing more to be read.
    body: Option<Body>,
    clock: Clock,
    /// When something was last read, or tried to be.
    now: Instant,
    /// What was read last, and how much of it was taken.
    chunk: Bytes,
    start: usize,
    /// Whether the service is what was waited for when this was last polled.
    is_waiting: bool,
    /// Until some moment not after the deadline, which only ever moves on.
    timer: Option<Pin<Box<Sleep>>>,
    has_failed: bool,
}

/// What [`Reply::poll_advance`] came to.
enum Step {
    Event {
        ready: Ready,
        /// Where in the chunk it began.
        start: usize,
    },
    /// There is nothing more to read.
    End,
}

impl Reply {
    pub(crate) fn new(reply: reply::Reply, body: Body, clock: Clock) -> Self {
        Self {
            reply,
            body: Some(body),
            now: clock.now(),
            clock,
            chunk: Bytes::new(),
            start: 0,
            is_waiting: false,
            timer: None,
            has_failed: false,
        }
    }

    /// Waits for the next event; `None`: the reply is over, and whole unless its last
    /// event was an `error`.
    ///
    /// Cancel safe: nothing is lost where the future is dropped before it is ready, and
    /// the clocks go on meanwhile.
    ///
    /// # Errors
    ///
    /// The reply was cut: [`Failure::Cut`], again at each further call.
    pub async fn next_event(&mut self) -> Result<Option<Event<'_>>, Failure> {
        let step = poll_fn(|cx| self.poll_advance(cx)).await?;
        self.take(step)
    }

    /// Reads up to the next event, which must be taken at once.
    fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        let advanced = self.poll_reading(cx);
        self.is_waiting = advanced.is_pending();
        if let Poll::Ready(Ok(Step::End) | Err(_)) = advanced {
            self.body = None;
        }
        advanced
    }

    fn poll_reading(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        loop {
            let start = self.start;
            let mut input = &self.chunk[start..];
            let advanced = self.reply.advance(&mut input, self.now);
            self.start = self.chunk.len() - input.len();
            if let Some(ready) = advanced? {
                return Poll::Ready(Ok(Step::Event { ready, start }));
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(Ok(Step::End));
            };
            self.now = self.clock.now();
            if !self.is_waiting {
                self.reply.resume(self.now);
            }
            match body.poll_chunk(cx) {
                Poll::Ready(Some(Ok(chunk))) => (self.chunk, self.start) = (chunk, 0),
                Poll::Ready(Some(Err(_))) => {
                    self.reply.handle_interruption()?;
                    return Poll::Ready(Ok(Step::End));
                }
                Poll::Ready(None) => return Poll::Ready(Ok(Step::End)),
                Poll::Pending => ready!(self.poll_deadline(cx))?,
            }
        }
    }

    /// Waits for the deadline; never ready without an error.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        loop {
            // Before the deadline is looked at: where the runtime wants the task to
            // pause, the body may be pending with bytes there, but so is the timer.
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(cx));
                self.reply.handle_timeout(self.clock.now())?;
            }
            let Some(deadline) = self.reply.deadline() else {
                return Poll::Pending;
            };
            let wait = deadline.saturating_duration_since(self.clock.now());
            match &mut self.timer {
                Some(timer) => timer.as_mut().set(sleep(wait)),
                None => self.timer = Some(Box::pin(sleep(wait))),
            }
        }
    }

    fn take(&mut self, step: Step) -> Result<Option<Event<'_>>, Failure> {
        let Step::Event { ready, start } = step else {
            return Ok(self.reply.finish()?);
        };
        let event = self.reply.event(ready, &self.chunk[start..], self.now);
        if event.as_ref().map_or(true, Event::ends_reply) {
            self.body = None;
        }
        Ok(Some(event?))
    }
}

impl Stream for Reply {
    type Item = Result<Event<'static>, Failure>;

    /// The next event, owned; after a failure there is none.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_failed {
            return Poll::Ready(None);
        }
        let step = ready!(self.poll_advance(cx));
        let item = step.and_then(|step| Ok(self.take(step)?.map(Event::into_owned)));
        self.has_failed = item.is_err();
        Poll::Ready(item.transpose())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("is_over", &self.reply.is_over())
            .finish_non_exhaustive()
    }
}
