//! What a machine answers: the one thing that the rest of the conversation has to do now.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::backoff::DelayReason;
use super::exchanges::{Purpose, RequestId};
use super::update::{Delayed, TurnEnd};
use crate::api::{ChatMessage, Page, Rating, State, Timestamp};
use crate::failure::Failure;

/// A machine's answer to what it was told; the join acts on it at once.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing to do.
    Nothing,
    /// Send the machine's request.
    Transmit(Purpose),
    /// Nothing more is wanted from the exchange.
    Abort(Purpose),
    /// It will be tried again by itself.
    Delayed(Delayed, Duration, DelayReason),
    /// The turn has no whole reply, unless one is found.
    TurnFailed(Failure),
    /// One look for a reply is over.
    Searched {
        found: Option<Found>,
        /// How the turn ended, if the search is over.
        end: Option<TurnEnd>,
        said: Said,
    },
    /// A poll is over.
    Polled {
        /// What was not seen before.
        messages: Vec<ChatMessage>,
        unreadable: usize,
        /// `None`: the poll was asked before the state changed.
        said: Option<Said>,
    },
    /// Polling ended with an error.
    HandoffFailed(Failure),
    Rated(RequestId, Rating),
    RatingFailed(RequestId, Failure),
}

/// A reply that was cut and found again.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) message: ChatMessage,
    /// What of its content had not come before.
    pub(crate) missing: Box<str>,
}

/// What a page says of the state.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) state: Option<State>,
    pub(crate) ts: Option<Timestamp>,
}

impl From<&Page> for Said {
    fn from(page: &Page) -> Self {
        Self {
            state: page.state.clone(),
            ts: page.ts.clone(),
        }
    }
}
