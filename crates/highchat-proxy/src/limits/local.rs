//! The limits of one proxy alone.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::config::Config;
use crate::limits::reservation::Reservation;
use crate::limits::visitor_rate::{Rate, VisitorRate};
use crate::limits::window::Window;
use crate::visitor::Identity;

/// The limits of messages and polls of one proxy alone.
pub(crate) struct Local {
    window: Arc<Mutex<Window>>,
    messages: Mutex<VisitorRate>,
    polls: Mutex<VisitorRate>,
    queue_patience: Duration,
}

impl Local {
    pub(crate) fn new(config: &Config) -> Self {
        let visitors = |limit| Mutex::new(VisitorRate::new(Rate::a_minute(limit)));
        let window = Window::new(config.messages_in_all, config.message_span);
        Self {
            window: Arc::new(Mutex::new(window)),
            messages: visitors(config.messages_a_visitor),
            polls: visitors(config.polls_a_visitor),
            queue_patience: config.queue_patience,
        }
    }

    /// Waits until a message may be sent.
    ///
    /// # Errors
    ///
    /// A limit is reached. The error is the time to wait.
    pub(crate) async fn admit(&self, visitor: Identity) -> Result<(), Duration> {
        take(&self.messages, visitor)?;
        let reservation = Reservation::reserve(&self.window, self.queue_patience)?;
        reservation.wait().await;
        Ok(())
    }

    /// Takes a poll or a rating from the visitor's allowance.
    ///
    /// # Errors
    ///
    /// The limit is reached. The error is the time to wait.
    pub(crate) fn take_poll(&self, visitor: Identity) -> Result<(), Duration> {
        take(&self.polls, visitor)
    }
}

fn take(rates: &Mutex<VisitorRate>, visitor: Identity) -> Result<(), Duration> {
    let mut rates = rates.lock().unwrap_or_else(PoisonError::into_inner);
    rates.take(visitor, Instant::now())
}
