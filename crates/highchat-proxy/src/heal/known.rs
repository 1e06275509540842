//! The conversations in which a reply can be searched for: of this proxy, or of several.

use std::sync::{Mutex, PoisonError};

use highchat_proto::{ConversationId, Saved};

use crate::heal::conversations::{Conversations, TurnNumber};
#[cfg(feature = "redis")]
use crate::shared::TurnName;
use crate::store::{Prior, Store};

/// The conversations that began with a message through this proxy, or through any of the proxies
/// that share them.
pub(crate) struct Known {
    here: Mutex<Conversations>,
    store: Store,
}

/// The name of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Here(TurnNumber),
    #[cfg(feature = "redis")]
    Shared(TurnName),
}

impl Known {
    pub(crate) fn new(store: &Store) -> Self {
        Self {
            here: Mutex::default(),
            store: store.clone(),
        }
    }

    /// Begins a turn in a known conversation. Returns its name, and what is known.
    pub(crate) fn resume(&self, id: &ConversationId, prior: Prior) -> Option<(Turn, Box<Saved>)> {
        match &self.store {
            Store::Local(_) => {
                let _ = prior;
                let (turn, saved) = self.here(|here| here.resume(id))?;
                Some((Turn::Here(turn), saved))
            }
            #[cfg(feature = "redis")]
            Store::Shared(_) => {
                let (turn, saved) = prior.resumed?;
                Some((Turn::Shared(turn), saved))
            }
        }
    }

    /// Begins the first turn of a new conversation. Returns `None` if its id is not new.
    pub(crate) fn begin(&self, id: &ConversationId) -> Option<Turn> {
        match &self.store {
            Store::Local(_) => self.here(|here| here.begin(id)).map(Turn::Here),
            #[cfg(feature = "redis")]
            Store::Shared(shared) => Some(Turn::Shared(shared.begin_turn(id))),
        }
    }

    /// Whether no other turn is known to have begun since this one.
    pub(crate) fn may_be_newest(&self, id: &ConversationId, turn: &Turn) -> bool {
        match turn {
            Turn::Here(turn) => self.here(|here| here.is_newest(id, *turn)),
            // Redis is asked before the search.
            #[cfg(feature = "redis")]
            Turn::Shared(_) => true,
        }
    }

    /// Whether surely no other turn has begun since this one.
    pub(crate) async fn is_newest(&self, id: &ConversationId, turn: &Turn) -> bool {
        match (&self.store, turn) {
            (_, Turn::Here(turn)) => self.here(|here| here.is_newest(id, *turn)),
            #[cfg(feature = "redis")]
            (Store::Shared(shared), Turn::Shared(turn)) => shared.is_newest(id, turn).await,
            #[cfg(feature = "redis")]
            (Store::Local(_), Turn::Shared(_)) => false,
        }
    }

    /// Ends a turn. `saved` is what is known now; with `None` the conversation is forgotten.
    pub(crate) fn end(&self, id: &ConversationId, turn: &Turn, saved: Option<Box<Saved>>) {
        match (&self.store, turn) {
            (_, Turn::Here(turn)) => self.here(|here| here.end(id, *turn, saved)),
            #[cfg(feature = "redis")]
            (Store::Shared(shared), Turn::Shared(turn)) => {
                shared.end_turn(id, turn, saved.as_deref());
            }
            #[cfg(feature = "redis")]
            (Store::Local(_), Turn::Shared(_)) => {}
        }
    }

    fn here<R>(&self, with: impl FnOnce(&mut Conversations) -> R) -> R {
        with(&mut self.here.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
