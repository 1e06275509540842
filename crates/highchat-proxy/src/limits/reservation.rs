//! A message's turn under the limit for all.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::limits::window::Window;

/// A time at which a message may go out; given back where it is dropped before that.
pub(crate) struct Turn {
    window: Arc<Mutex<Window>>,
    at: Instant,
    has_come: bool,
}

impl Turn {
    /// The next turn, in the order of asking.
    ///
    /// # Errors
    ///
    /// It is too far away; how far.
    pub(crate) fn reserve(
        window: &Arc<Mutex<Window>>,
        patience: Duration,
    ) -> Result<Self, Duration> {
        let at = window
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reserve(Instant::now(), patience)?;
        Ok(Self {
            window: Arc::clone(window),
            at,
            has_come: false,
        })
    }

    /// Waits until it comes.
    pub(crate) async fn comes(mut self) {
        tokio::time::sleep_until(self.at.into()).await;
        self.has_come = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.has_come {
            let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
            window.give_back(self.at);
        }
    }
}
