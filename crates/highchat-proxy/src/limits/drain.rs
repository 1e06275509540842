//! Ends the proxy in two steps: no new requests, then no more streams.

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// First no new requests, then no more streams.
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

    /// From here on new requests are refused.
    pub(crate) fn begin(&self) {
        self.begun.cancel();
    }

    /// From here on streams end with an error.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    pub(crate) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    pub(crate) fn until_cut(&self) -> WaitForCancellationFutureOwned {
        self.cut.clone().cancelled_owned()
    }

    /// How many requests are under way, for those that count themselves.
    pub(crate) fn under_way(&self) -> watch::Sender<usize> {
        self.under_way.clone()
    }

    /// Waits until no request is under way.
    pub(crate) async fn idle(&self) {
        // The sender is here, so there is always something to wait for.
        let _ = self
            .under_way
            .subscribe()
            .wait_for(|count| *count == 0)
            .await;
    }
}
