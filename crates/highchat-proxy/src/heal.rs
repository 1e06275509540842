//! Makes a cut reply whole: finds it among the conversation's messages and returns its rest.
//!
//! ```text
//!   message ──▶ Followed ── each event of the reply ──▶ over: the conversation is kept
//!                  │
//!                  └── cut ──▶ search ── found ──▶ the rest of the reply, and its end
//!                                 └── not found | visitor leaves ──▶ nothing
//! ```
//!
//! The rules are the same as in `highchat-proto`: a `Conversation` follows each turn, and also
//! does the search. So the message is never sent again, and in doubt nothing is found.

pub(crate) mod conversations;
pub(crate) mod followed;
pub(crate) mod known;
pub(crate) mod search;

use core::time::Duration;
use std::sync::Arc;

use highchat_proto::time::Instant;
use highchat_proto::{Config as ClientConfig, Request};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::front::refusal::Refusal;
use crate::heal::known::Known;
use crate::limits::held::Held;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::upstream::{Access, Answer, Upstream};
use crate::visitor::Identity;

/// How many requests of searches may be under way at once. If the service restarts, very many
/// replies are cut at the same moment.
const MAX_REQUESTS: usize = 32;

/// The state that the searches of all visitors share.
pub(crate) struct Healer {
    upstream: Arc<Upstream>,
    metrics: Arc<Metrics>,
    held: Arc<Held>,
    /// The requests of a search count as polls of the visitor.
    store: Store,
    requests: Semaphore,
    config: Arc<ClientConfig>,
    known: Known,
    /// The origin of the times that conversations get.
    origin: std::time::Instant,
}

impl Healer {
    pub(crate) fn new(
        config: &Config,
        upstream: &Arc<Upstream>,
        metrics: &Arc<Metrics>,
        held: &Arc<Held>,
        store: &Store,
    ) -> Self {
        let client = ClientConfig::default()
            .with_response_timeout(config.response_timeout)
            .with_recovery_delays(config.recovery_delays)
            // The stream has its own clocks.
            .with_idle_timeout(Duration::MAX)
            .with_progress_timeout(Duration::MAX);
        Self {
            upstream: Arc::clone(upstream),
            metrics: Arc::clone(metrics),
            held: Arc::clone(held),
            store: store.clone(),
            requests: Semaphore::new(MAX_REQUESTS),
            config: Arc::new(client),
            known: Known::new(store),
            origin: std::time::Instant::now(),
        }
    }

    fn now(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
    }

    /// Sends one request of a search.
    async fn fetch(
        &self,
        request: Request,
        access: &Access,
        visitor: Identity,
    ) -> Result<Answer, Refusal> {
        // The semaphore is never closed.
        let _permit = self.requests.acquire().await.ok();
        let taken = self.store.take_poll(visitor).await;
        taken.map_err(Refusal::rate_limited)?;
        self.metrics.asked_in_search();
        self.upstream.fetch_with(access, request).await
    }
}
