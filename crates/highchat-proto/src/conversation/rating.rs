//! One rating, from its first request to its end.
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

use super::backoff::{Clocks, DelayReason, due, nth, pause_if_not_taken};
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

/// A rating that is on its way.
#[derive(Debug)]
pub(crate) struct Rate {
    phase: Phase,
    /// Its first request.
    name: RequestId,
    request: RatingRequest,
    attempts: u32,
}

impl Rate {
    /// A rating that is sent now.
    pub(crate) const fn new(name: RequestId, request: RatingRequest) -> Self {
        Self {
            phase: Phase::InFlight,
            name,
            request,
            attempts: 1,
        }
    }

    /// The answer came, or why there is none.
    pub(crate) fn handle_answer(
        &mut self,
        answer: Result<(), Failure>,
        clocks: &mut Clocks<'_>,
    ) -> Step {
        match (&self.phase, answer) {
            (Phase::InFlight, Ok(())) => Step::Rated(self.name, self.request.rating),
            (Phase::InFlight, Err(failure)) => match pause(&failure, self.attempts, clocks) {
                Some(pause) => {
                    self.phase = Phase::Delayed(due(clocks.now, pause));
                    Step::Delayed(Delayed::Rating, pause, DelayReason::of(&failure))
                }
                None => Step::RatingFailed(self.name, failure),
            },
            (Phase::Delayed(_), _) => Step::Nothing,
        }
    }

    /// The driver gave the request up: it is sent again, and does not count.
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

    /// What is to be sent.
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

/// When a rating that was sent `attempts` times is sent again: the last one counts, so it
/// may be taken twice.
fn pause(failure: &Failure, attempts: u32, clocks: &mut Clocks<'_>) -> Option<Duration> {
    if failure.can_be_sent_again() {
        return pause_if_not_taken(failure, attempts, clocks);
    }
    let may_help = attempts < clocks.config.attempts && failure.is_transient();
    let pause = nth(&clocks.config.not_sent_delays, attempts);
    may_help.then(|| clocks.jitter.spread(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::api::{ConversationId, Rating};
    use crate::config::Config;
    use crate::conversation::backoff::Jitter;
    use crate::failure::{Cause, Cut, ResponseError};

    #[test]
    fn a_rating_is_sent_again_whenever_that_may_help() {
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
            let mut clocks = Clocks {
                config: &config,
                jitter: &mut Jitter::new(0),
                now: Instant::ORIGIN,
            };
            let pause = pause(failure, attempts, &mut clocks).map(|pause| pause.as_secs_f64());
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
        let name = RequestId::from_u64(7);
        let id = ConversationId::new("c").unwrap();
        let config = Config::default();
        let mut rate = Rate::new(name, RatingRequest::new(id, Rating::Up));
        let mut now = Instant::ORIGIN;
        for _ in 0..10 {
            rate.withdraw(now);
            now = rate.deadline().unwrap();
            let step = rate.handle_timeout(now);
            assert!(matches!(step, Step::Transmit(Purpose::Rating)), "{step:?}");
        }
        let mut clocks = Clocks {
            config: &config,
            jitter: &mut Jitter::new(0),
            now,
        };
        let step = rate.handle_answer(Err(Failure::TimedOut), &mut clocks);
        assert!(matches!(step, Step::Delayed(..)), "{step:?}");
    }
}
