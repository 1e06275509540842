//! The result of a state machine's input: one action for the conversation to carry out.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::backoff::DelayReason;
use super::exchanges::{Purpose, RequestId};
use super::update::{Delayed, TurnEnd};
use crate::api::{ChatMessage, Page, Rating, State, Timestamp};
use crate::failure::Failure;

/// What the conversation must do after an input to one of its state machines.
#[derive(Debug)]
pub(crate) enum Step {
    /// Do nothing.
    Nothing,
    /// Send the request of this purpose.
    Transmit(Purpose),
    /// Abort the exchange with this purpose.
    Abort(Purpose),
    /// Report that a new attempt follows after the delay.
    Delayed(Delayed, Duration, DelayReason),
    /// The turn failed. Its reply may still be found by a search.
    TurnFailed(Failure),
    /// One page of a search was read.
    Searched {
        found: Option<FoundReply>,
        /// How the turn ended; `None` if the search goes on.
        end: Option<TurnEnd>,
        reported: ReportedState,
    },
    /// A poll was answered.
    Polled {
        /// The messages that were not seen before.
        messages: Vec<ChatMessage>,
        unreadable: usize,
        /// `None` if the state changed after the poll was sent: the page may be older.
        reported: Option<ReportedState>,
    },
    /// Polling ended with an error.
    HandoffFailed(Failure),
    Rated(RequestId, Rating),
    RatingFailed(RequestId, Failure),
}

/// A cut reply that was found by a search.
#[derive(Debug)]
pub(crate) struct FoundReply {
    pub(crate) message: ChatMessage,
    /// The rest of its content, after the text received before.
    pub(crate) missing: Box<str>,
}

/// The state that the service reported in a page or an event.
#[derive(Debug, Default)]
pub(crate) struct ReportedState {
    pub(crate) state: Option<State>,
    pub(crate) ts: Option<Timestamp>,
}

impl From<&Page> for ReportedState {
    fn from(page: &Page) -> Self {
        Self {
            state: page.state.clone(),
            ts: page.ts.clone(),
        }
    }
}
