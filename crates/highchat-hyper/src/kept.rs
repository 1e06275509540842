//! The connection that a session keeps for its next request.

use core::task::Context;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highchat_async::KeptConnection;
use highchat_proto::Config;
use highchat_proto::http::Request;
use tokio::time::Instant;

use crate::link::Link;

/// The place for the connection of an exchange that is over, or that can carry others. Clones
/// share it. An exchange without a session has a place of its own, and both are dropped
/// together.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Option<(Link, Instant)>>>);

impl Kept {
    /// Keeps a connection on which the service has just sent bytes.
    pub(crate) fn put(&self, link: Link) {
        *self.lock() = Some((link, Instant::now()));
    }

    /// Returns the kept connection, if the request may go out on it.
    pub(crate) fn take(&self, request: &Request, config: &Config) -> Option<Link> {
        let mut kept = self.lock();
        let (link, since) = kept.take()?;
        if !request.may_reuse_connection(since.elapsed(), config) {
            return None;
        }
        if let Some(shared) = link.share() {
            *kept = Some((shared, Instant::now()));
        }
        Some(link)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Link, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptConnection for Kept {
    fn poll(&self, keep_alive: Duration, cx: &mut Context<'_>) -> Option<Duration> {
        let mut kept = self.lock();
        let (link, since) = kept.as_mut()?;
        let left = keep_alive.saturating_sub(since.elapsed());
        if !link.poll(cx) || left.is_zero() {
            *kept = None;
            return None;
        }
        Some(left)
    }

    fn close(&self) {
        *self.lock() = None;
    }
}
