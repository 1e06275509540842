//! One rating, from its first request until it is answered or failed.
//!
//! ```text
//!            2xx: rated | no tries left: failed
//!   InFlight ──────────────────────────────────▶ over
//!    │    ▲
//!    │    │ at
//!    ▼    │
//!   Delayed(at): a failure that passes | withdrawn by the driver
//! ```

use core::time::Duration;

use super::backoff::{DelayReason, Timing, due, nth, pause_if_not_taken};
use super::exchanges::{Purpose, RequestId};
use super::step::Step;
use super::update::Delayed;
use crate::api::RatingRequest;
use crate::failure::Failure;
use crate::time::Instant;

#[derive(Debug)]
enum Phase {
    InFlight,
    Delayed(Instant),
}

/// A rating in progress.
#[derive(Debug)]
pub(crate) struct PendingRating {
    phase: Phase,
    /// The id of its first request.
    id: RequestId,
    request: RatingRequest,
    attempts: u32,
}

impl PendingRating {
    /// Creates a rating whose first request is sent now.
    pub(crate) const fn new(id: RequestId, request: RatingRequest) -> Self {
        Self {
            phase: Phase::InFlight,
            id,
            request,
            attempts: 1,
        }
    }

    /// Handles the answer, or the failure to get it.
    pub(crate) fn handle_answer(
        &mut self,
        answer: Result<(), Failure>,
        timing: &mut Timing<'_>,
    ) -> Step {
        match (&self.phase, answer) {
            (Phase::InFlight, Ok(())) => Step::Rated(self.id, self.request.rating),
            (Phase::InFlight, Err(failure)) => match pause(&failure, self.attempts, timing) {
                Some(pause) => {
                    self.phase = Phase::Delayed(due(timing.now, pause));
                    Step::Delayed(Delayed::Rating, pause, DelayReason::of(&failure))
                }
                None => Step::RatingFailed(self.id, failure),
            },
            (Phase::Delayed(_), _) => Step::Nothing,
        }
    }

    /// Sends the request again soon, because the driver withdrew it. This attempt does not
    /// count.
    pub(crate) fn withdraw(&mut self, now: Instant) {
        match self.phase {
            Phase::InFlight => {
                self.attempts -= 1;
                self.phase = Phase::Delayed(due(now, Duration::ZERO));
            }
            Phase::Delayed(_) => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Step {
        match self.phase {
            Phase::Delayed(at) if at <= now => {
                self.attempts += 1;
                self.phase = Phase::InFlight;
                Step::Transmit(Purpose::Rating)
            }
            Phase::InFlight | Phase::Delayed(_) => Step::Nothing,
        }
    }

    /// The request to send.
    pub(crate) const fn request(&self) -> &RatingRequest {
        &self.request
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Delayed(at) => Some(at),
            Phase::InFlight => None,
        }
    }
}

/// The delay before a rating that was sent `attempts` times is sent again; `None` if it is not.
/// A rating may be taken twice without harm, because the last one counts.
fn pause(failure: &Failure, attempts: u32, timing: &mut Timing<'_>) -> Option<Duration> {
    if failure.can_be_sent_again() {
        return pause_if_not_taken(failure, attempts, timing);
    }
    let may_help = attempts < timing.config.attempts && failure.is_transient();
    let pause = nth(&timing.config.not_sent_delays, attempts);
    may_help.then(|| timing.jitter.spread(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::api::{ConversationId, Rating};
    use crate::config::Config;
    use crate::conversation::backoff::Jitter;
    use crate::failure::{Cause, Cut, ResponseError};

    #[test]
    fn a_rating_is_sent_again_after_any_temporary_failure() {
        let config = Config::default();
        let not_sent = Failure::NotSent(Cause::UNKNOWN);
        let lost = Failure::Unanswered(Cause::UNKNOWN);
        for (failure, attempts, seconds) in [
            (&not_sent, 1, Some(0.5)),
            (&not_sent, 3, None),
            (&lost, 1, Some(0.5)),
            (&lost, 2, Some(2.0)),
            (&lost, 3, None),
            (&Failure::TimedOut, 1, Some(0.5)),
            (&ResponseError::BrokenOff.into(), 1, Some(0.5)),
            (&ResponseError::InvalidPage.into(), 1, None),
            (&Cut::Truncated.into(), 1, None),
        ] {
            let mut timing = Timing {
                config: &config,
                jitter: &mut Jitter::new(0),
                now: Instant::ORIGIN,
            };
            let pause = pause(failure, attempts, &mut timing).map(|pause| pause.as_secs_f64());
            assert_eq!(pause.is_some(), seconds.is_some(), "{failure} {attempts}");
            let is_near = |(pause, seconds): (f64, f64)| (pause / seconds - 1.0).abs() <= 0.1;
            assert!(
                pause.zip(seconds).is_none_or(is_near),
                "{failure} {attempts}"
            );
        }
    }

    #[test]
    fn a_rating_that_the_driver_withdraws_is_sent_again_without_counting() {
        let rating_id = RequestId::from_u64(7);
        let conversation_id = ConversationId::new("c").unwrap();
        let config = Config::default();
        let mut rating =
            PendingRating::new(rating_id, RatingRequest::new(conversation_id, Rating::Up));
        let mut now = Instant::ORIGIN;
        for _ in 0..10 {
            rating.withdraw(now);
            now = rating.deadline().unwrap();
            let step = rating.handle_timeout(now);
            assert!(matches!(step, Step::Transmit(Purpose::Rating)), "{step:?}");
        }
        let mut timing = Timing {
            config: &config,
            jitter: &mut Jitter::new(0),
            now,
        };
        let step = rating.handle_answer(Err(Failure::TimedOut), &mut timing);
        assert!(matches!(step, Step::Delayed(..)), "{step:?}");
    }
}
