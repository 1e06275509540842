//! The time at which a message may go out under the limit for all visitors.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::limits::window::Window;

/// A time at which a message may go out; given back where it is dropped before that.
pub(crate) struct Reservation {
    window: Arc<Mutex<Window>>,
    at: Instant,
    is_used: bool,
}

impl Reservation {
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
            is_used: false,
        })
    }

    /// Waits until the time has come.
    pub(crate) async fn wait(mut self) {
        tokio::time::sleep_until(self.at.into()).await;
        self.is_used = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_used {
            let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
            window.give_back(self.at);
        }
    }
}
