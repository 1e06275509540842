//! The rating.

use core::time::Duration;
use std::boxed::Box;

use super::Conversation;
use super::backoff::{self, DelayReason};
use super::exchange::{Exchange, Outcome, RequestId, Trouble, due};
use super::outbox::{Delayed, Kept};
use crate::api::RatingRequest;
use crate::failure::TransportFailure;
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
        let taken = outcome.and_then(|answer| answer.into_rating().map_err(Trouble::Refused));
        let update = match taken {
            Ok(()) => Kept::Rated(rating.name, rating.request.rating),
            Err(trouble) if trouble.is(TransportFailure::Withdrawn) => {
                rating.attempts -= 1;
                rating.phase = RatePhase::Delayed(due(now, Duration::ZERO));
                self.rating = Some(rating);
                return;
            }
            Err(trouble) => {
                let (config, jitter) = (&self.config, &mut self.jitter);
                match backoff::before_rating(&trouble, rating.attempts, config, jitter) {
                    Some(delay) => {
                        rating.phase = RatePhase::Delayed(due(now, delay));
                        self.rating = Some(rating);
                        Kept::Delayed(Delayed::Rating, delay, DelayReason::of(&trouble))
                    }
                    None => Kept::RatingFailed(rating.name, Box::new(trouble.into())),
                }
            }
        };
        self.thread.outbox.update(update);
    }
}
