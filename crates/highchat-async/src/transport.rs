//! What an adapter gives: exchanges, and a timer.

use core::task::Context;
use core::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use highchat_proto::failure::Cause;
use highchat_proto::http::{Head, Request};
use highchat_proto::{Config, Endpoint, Failure};

/// An HTTP client for one service. A [`Session`](crate::Session) needs nothing else of an
/// adapter.
///
/// The guide "Write an adapter" lists what the HTTP client must not do: it must not follow
/// redirects, retry, or send a message over a connection that may be stale.
pub trait Transport: Clone {
    /// The request and the wait for the head of its answer. Dropping it gives the exchange up.
    /// It must then close its connection if no other exchange can use it.
    type Opening: Future<Output = Result<(Head, Self::Body), Failure>> + Unpin;
    /// The chunks of the body. `None` means that the body is whole for HTTP. An error means that
    /// it was cut; nothing is read after it.
    ///
    /// It must read from the connection only when it is polled, because that is the
    /// backpressure. A small buffer is allowed.
    type Body: Stream<Item = Result<Bytes, Cause>> + Unpin;
    /// The connection that a session keeps for its next request; `()` if it keeps none, or if
    /// the HTTP client has a pool.
    type Kept: KeptConnection;
    /// The timer.
    type Timer: Timer;
    /// The name of the adapter's crate, under which a session logs.
    const NAME: &'static str;

    /// The service and the credential.
    fn endpoint(&self) -> &Endpoint;

    /// The timeouts and limits.
    fn config(&self) -> &Config;

    /// Starts an exchange. Nothing is sent before the future is polled.
    ///
    /// It may take the connection from `kept` if [`Request::may_reuse_connection`] says so, and
    /// put it back after the end of the body. A session passes the same `kept` each time; a call
    /// without a session passes an empty one.
    ///
    /// If there is no connection within [`Config::connect_timeout`], the future fails with
    /// [`Failure::NotSent`]. That failure means that the service surely did not take the
    /// request. Any other loss is [`Failure::Unanswered`], and so is a head longer than
    /// [`Config::HEAD_LIMIT`].
    fn open(&self, request: Request, kept: &Self::Kept) -> Self::Opening;
}

/// The connection that a session keeps between two exchanges.
pub trait KeptConnection: Default {
    /// Lets the connection make progress, so that its end is noticed, and closes it after
    /// `keep_alive`. Returns how much of this time is left, if there is a connection.
    fn poll(&self, keep_alive: Duration, cx: &mut Context<'_>) -> Option<Duration>;

    /// Closes the connection, because no other request is to come.
    fn close(&self);
}

/// No connection is kept.
impl KeptConnection for () {
    fn poll(&self, _: Duration, _: &mut Context<'_>) -> Option<Duration> {
        None
    }

    fn close(&self) {}
}

/// Time as it passes, and a future that waits.
pub trait Timer {
    /// A wait. A scheduler may hide bytes that have arrived, to make a task yield, as tokio's
    /// cooperative scheduling does. The wait must then be pending at least once, so that it does
    /// not end before these bytes are read.
    type Sleep: Future<Output = ()> + Unpin;

    /// Starts to measure time.
    fn start() -> Self;

    /// The time since the start. It never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits for `duration`. A wait of [`Duration::MAX`] lasts longer than any program runs.
    fn sleep(duration: Duration) -> Self::Sleep;
}
