//! Exchanges, as far as all of them are alike.

use core::time::Duration;

use super::exchange::{Exchange, RequestId, due};
use super::ratings::RatePhase;
use super::turn::Phase;
use super::{Conversation, handoff, recovery};
use crate::failure::{Cause, Failure};
use crate::time::Instant;

impl Conversation {
    /// The poll or the look for a cut reply that has this id.
    pub(super) fn page_exchange(&mut self, id: RequestId) -> Option<&mut Exchange> {
        let looking = match self.recovery.as_deref_mut().map(|r| &mut r.phase) {
            Some(recovery::Phase::InFlight(exchange)) => Some(exchange),
            _ => None,
        };
        let polling = match &mut self.thread.handoff.phase {
            handoff::Phase::InFlight(exchange) => Some(&mut **exchange),
            _ => None,
        };
        [looking, polling]
            .into_iter()
            .flatten()
            .find(|exchange| exchange.id() == id)
    }

    pub(super) fn rate_exchange(&mut self, id: RequestId) -> Option<&mut Exchange> {
        match self.rating.as_deref_mut().map(|rating| &mut rating.phase) {
            Some(RatePhase::InFlight(exchange)) if exchange.id() == id => Some(exchange),
            _ => None,
        }
    }

    /// Ends an exchange whose answer is decided before its body ends.
    pub(super) fn end_where_enough(&mut self, id: RequestId, now: Instant) {
        let turn = match &self.turn.phase {
            Phase::Requested(exchange, _) if exchange.id() == id => exchange.is_enough(),
            _ => false,
        };
        let is_enough = turn
            || self
                .page_exchange(id)
                .is_some_and(|exchange| exchange.is_enough())
            || self
                .rate_exchange(id)
                .is_some_and(|exchange| exchange.is_enough());
        if is_enough {
            self.thread.outbox.abort(id);
            self.end_exchange(id, Failure::Unanswered(Cause::UNKNOWN), now);
        }
    }

    pub(super) fn time_out(&mut self, id: RequestId, now: Instant) {
        self.thread.outbox.abort(id);
        self.break_off(id);
        self.end_exchange(id, Failure::TimedOut, now);
    }

    /// What came of an answer is all of it.
    pub(super) fn break_off(&mut self, id: RequestId) {
        if let Some(exchange) = self.page_exchange(id) {
            exchange.break_off();
        }
    }

    /// Does a poll or a rating again that the driver gave up; whether it was one.
    pub(super) fn withdraw(&mut self, id: RequestId, now: Instant) -> bool {
        let again = due(now, Duration::ZERO);
        if self.thread.handoff.exchange() == Some(id) {
            self.thread.handoff.phase = handoff::Phase::Due(again);
            return true;
        }
        match &mut self.rating {
            Some(rating) if rating.exchange() == Some(id) => {
                rating.attempts -= 1;
                rating.phase = RatePhase::Delayed(again);
                true
            }
            _ => false,
        }
    }

    /// Ends an exchange that is no stream; `without` is what is wrong where it has no
    /// answer yet.
    pub(super) fn end_exchange(&mut self, id: RequestId, without: Failure, now: Instant) {
        if self.turn.exchange() == Some(id) {
            match core::mem::replace(&mut self.turn.phase, Phase::Idle) {
                Phase::Requested(mut exchange, pending) => {
                    let failure = match exchange.end(without) {
                        Ok(answer) => Failure::Refused(answer.into_chat_error()),
                        Err(failure) => failure,
                    };
                    self.handle_refusal(failure, pending, now);
                }
                phase => self.turn.phase = phase,
            }
        } else if self.recovery.as_ref().and_then(|r| r.exchange()) == Some(id) {
            if let Some(exchange) = self.page_exchange(id) {
                let outcome = exchange.end(without);
                self.end_look(outcome, now);
            }
        } else if self.thread.handoff.exchange() == Some(id) {
            if let Some(exchange) = self.page_exchange(id) {
                let outcome = exchange.end(without);
                self.end_poll(outcome, now);
            }
        } else if let Some(exchange) = self.rate_exchange(id) {
            let outcome = exchange.end(without);
            if let Some(rating) = self.rating.take() {
                self.end_rating(rating, outcome, now);
            }
        }
    }
}
