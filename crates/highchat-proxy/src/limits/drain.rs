//! Ends the proxy in two steps: first it refuses new requests, then it ends the streams.

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The state of the proxy's end. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Drain {
    begun: CancellationToken,
    cut: CancellationToken,
    under_way: watch::Sender<usize>,
}

impl Drain {
    pub(crate) fn new() -> Self {
        Self {
            begun: CancellationToken::new(),
            cut: CancellationToken::new(),
            under_way: watch::Sender::new(0),
        }
    }

    /// From now on new requests are refused, except the admitted ones.
    pub(crate) fn begin(&self) {
        self.begun.cancel();
    }

    /// Ends all streams with an `error` event.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Whether a request that begins now is refused.
    pub(crate) fn refuses(&self, is_admitted: bool) -> bool {
        self.has_begun() && (!is_admitted || self.cut.is_cancelled())
    }

    pub(crate) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    pub(crate) fn until_cut(&self) -> WaitForCancellationFutureOwned {
        self.cut.clone().cancelled_owned()
    }

    /// The counter of requests under way. Each request adds and subtracts itself.
    pub(crate) fn under_way(&self) -> watch::Sender<usize> {
        self.under_way.clone()
    }
}
