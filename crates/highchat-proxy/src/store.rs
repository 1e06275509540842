//! What limits messages and polls: this proxy alone, or several proxies together.

use core::time::Duration;
use std::sync::Arc;

use highchat_proto::ConversationId;
#[cfg(feature = "redis")]
use highchat_proto::Saved;

use crate::front::refusal::Refusal;
use crate::key::Key;
use crate::limits::local::Local;
use crate::metrics::RedisGauges;
#[cfg(feature = "redis")]
use crate::shared::{Shared, TurnName};
use crate::upstream::Answer;
use crate::upstream::polls::PollKey;
use crate::visitor::Identity;

/// The limits of messages and polls. Clones share them.
#[derive(Clone)]
pub(crate) enum Store {
    /// Of this proxy alone.
    Local(Arc<Local>),
    /// Of all proxies with the same key and the same Redis.
    #[cfg(feature = "redis")]
    Shared(Arc<Shared>),
}

/// What other proxies know about the conversation of a message.
#[derive(Default)]
pub(crate) struct Prior {
    #[cfg(feature = "redis")]
    pub(crate) resumed: Option<(TurnName, Box<Saved>)>,
}

impl Store {
    /// Begins the work that does not depend on a request. Later calls do nothing.
    pub(crate) fn start(&self) {
        match self {
            Self::Local(_) => {}
            #[cfg(feature = "redis")]
            Self::Shared(shared) => shared.start(),
        }
    }

    /// Uses the limits of another key.
    pub(crate) fn handle_key(&self, key: &Key) {
        match self {
            // The limits of one proxy go on.
            Self::Local(_) => {
                let _ = key;
            }
            #[cfg(feature = "redis")]
            Self::Shared(shared) => shared.handle_key(key),
        }
    }

    /// What the page of counters shows about Redis.
    pub(crate) fn redis(&self) -> RedisGauges {
        match self {
            Self::Local(_) => RedisGauges::default(),
            #[cfg(feature = "redis")]
            Self::Shared(shared) => shared.gauges(),
        }
    }

    /// Gives the share of this proxy to the others, after its last message. Waits at most 200 ms by default.
    pub(crate) async fn leave(&self) {
        match self {
            Self::Local(_) => {}
            #[cfg(feature = "redis")]
            Self::Shared(shared) => shared.leave().await,
        }
    }

    /// Waits until a message may be sent. Returns what other proxies know about its conversation.
    ///
    /// # Errors
    ///
    /// A limit is reached. The error is the time to wait.
    pub(crate) async fn admit(
        &self,
        visitor: Identity,
        conversation: Option<&ConversationId>,
    ) -> Result<Prior, Duration> {
        match self {
            Self::Local(local) => {
                let _ = conversation;
                local.admit(visitor).await?;
                Ok(Prior::default())
            }
            #[cfg(feature = "redis")]
            Self::Shared(shared) => {
                let resumed = shared.admit(visitor, conversation).await?;
                Ok(Prior { resumed })
            }
        }
    }

    /// Takes a poll or a rating from the visitor's allowance.
    ///
    /// # Errors
    ///
    /// The limit is reached. The error is the time to wait.
    pub(crate) async fn take_poll(&self, visitor: Identity) -> Result<(), Duration> {
        match self {
            Self::Local(local) => local.take_poll(visitor),
            #[cfg(feature = "redis")]
            Self::Shared(shared) => shared.take_poll(visitor).await,
        }
    }

    /// Returns the answer to a poll that another proxy has got, or asks the service with `fetch`.
    pub(crate) async fn answer(
        &self,
        poll: &PollKey,
        fetch: impl Future<Output = Result<Answer, Refusal>>,
    ) -> Result<Answer, Refusal> {
        match self {
            Self::Local(_) => {
                let _ = poll;
                fetch.await
            }
            #[cfg(feature = "redis")]
            Self::Shared(shared) => shared.answer(poll, fetch).await,
        }
    }
}
