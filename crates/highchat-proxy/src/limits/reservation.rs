//! Reserves a time to send a message under the limit for all visitors together.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::limits::window::Window;

/// A reserved time to send a message. It is given back if this is dropped before that time.
pub(crate) struct Reservation {
    window: Arc<Mutex<Window>>,
    at: Instant,
    is_used: bool,
}

impl Reservation {
    /// Reserves the next free time.
    ///
    /// # Errors
    ///
    /// The wait would be longer than `max_wait`. The error is the length of the wait.
    pub(crate) fn reserve(
        window: &Arc<Mutex<Window>>,
        max_wait: Duration,
    ) -> Result<Self, Duration> {
        let at = window
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reserve(Instant::now(), max_wait)?;
        Ok(Self {
            window: Arc::clone(window),
            at,
            is_used: false,
        })
    }

    /// Waits until the reserved time.
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
