//! The rating.

use alloc::borrow::Cow;
use alloc::boxed::Box;

use super::Conversation;
use super::backoff::{self, DelayReason};
use super::exchange::{Exchange, Outcome, RequestId, due};
use super::update::{Delayed, Update};
use crate::api::RatingRequest;
use crate::failure::Failure;
use crate::time::Instant;

/// A rating that is on its way.
#[derive(Debug)]
pub(super) struct Rate {
    /// The name of the rating: its first request.
    pub(super) name: RequestId,
    pub(super) request: RatingRequest,
    pub(super) attempts: u32,
    pub(super) phase: RatePhase,
}

#[derive(Debug)]
pub(super) enum RatePhase {
    InFlight(Exchange),
    Delayed(Instant),
}

impl Rate {
    pub(super) const fn exchange(&self) -> Option<RequestId> {
        match &self.phase {
            RatePhase::InFlight(exchange) => Some(exchange.id()),
            RatePhase::Delayed(_) => None,
        }
    }
}

impl Conversation {
    pub(super) fn transmit_rating(
        &mut self,
        name: RequestId,
        request: RatingRequest,
        attempts: u32,
        now: Instant,
    ) {
        let exchange = self.begin_exchange(now);
        let transmitted = self.endpoint.rate(&request);
        self.thread.outbox.transmit(exchange.id(), transmitted);
        self.rating = Some(Box::new(Rate {
            name,
            request,
            attempts: attempts + 1,
            phase: RatePhase::InFlight(exchange),
        }));
    }

    pub(super) fn end_rating(&mut self, mut rating: Box<Rate>, outcome: Outcome, now: Instant) {
        let taken = outcome.and_then(|answer| answer.into_rating().map_err(Failure::Refused));
        let update = match taken {
            Ok(()) => Update::Rated {
                request: rating.name,
                rating: rating.request.rating,
            },
            Err(failure) => {
                let (config, jitter) = (&self.config, &mut self.jitter);
                match backoff::before_rating(&failure, rating.attempts, config, jitter) {
                    Some(delay) => {
                        rating.phase = RatePhase::Delayed(due(now, delay));
                        self.rating = Some(rating);
                        Update::Delayed {
                            what: Delayed::Rating,
                            delay,
                            reason: DelayReason::of(&failure),
                        }
                    }
                    None => Update::RatingFailed {
                        request: rating.name,
                        error: Cow::Owned(failure),
                    },
                }
            }
        };
        self.thread.outbox.update(update);
    }
}
