//! Delays before new attempts: jitter and back-off, shared by the state machines.

use core::time::Duration;

use crate::config::Config;
use crate::failure::Failure;
use crate::time::Instant;

/// The shortest delay, whatever the configuration or the service asks for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// A deadline at least 1 ms ahead, so that a driver whose wait is already over cannot spin.
pub(crate) fn due(now: Instant, pause: Duration) -> Instant {
    now + pause.max(SHORTEST_PAUSE)
}

/// What the calculation of a delay needs.
pub(crate) struct Timing<'c> {
    pub(crate) config: &'c Config,
    pub(crate) jitter: &'c mut Jitter,
    pub(crate) now: Instant,
}

impl Timing<'_> {
    pub(crate) fn next_poll(&mut self) -> Instant {
        due(self.now, self.jitter.spread(self.config.poll_interval))
    }
}

/// Pseudo-random numbers from a seed. They are reproducible, and good enough to keep clients
/// from acting at the same moment.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the duration ±10 %.
    pub(crate) fn spread(&mut self, duration: Duration) -> Duration {
        // The SplitMix64 generator.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let thousandths = 900 + u32::try_from(bits % 201).unwrap_or_default();
        duration.saturating_mul(thousandths) / 1000
    }
}

/// Why a new attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DelayReason {
    /// The service answered 429.
    RateLimited,
    /// The service could not be reached. Nothing was sent.
    NotSent,
    /// The failure is temporary, and the request can be repeated without harm.
    Transient,
}

impl DelayReason {
    /// The reason in one word: `rate_limited`, `not_sent` or `transient`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::NotSent => "not_sent",
            Self::Transient => "transient",
        }
    }

    pub(crate) fn of(failure: &Failure) -> Self {
        match failure {
            Failure::NotSent(_) => Self::NotSent,
            limited if limited.can_be_sent_again() => Self::RateLimited,
            _ => Self::Transient,
        }
    }
}

/// The delay before a message that was sent `attempts` times is sent again; `None` if it is not
/// sent again. It is sent again only if it was surely not taken.
pub(crate) fn pause_if_not_taken(
    failure: &Failure,
    attempts: u32,
    timing: &mut Timing<'_>,
) -> Option<Duration> {
    let (config, jitter) = (timing.config, &mut *timing.jitter);
    if attempts >= config.attempts || !failure.can_be_sent_again() {
        return None;
    }
    let Some(error) = failure.api() else {
        return Some(jitter.spread(nth(&config.not_sent_delays, attempts)));
    };
    match error.retry_after {
        Some(asked_for) => (asked_for <= config.retry_after_limit).then_some(asked_for),
        None => Some(jitter.spread(nth(&config.rate_limit_delays, attempts))),
    }
}

/// The delay after this number of attempts.
pub(crate) fn nth(delays: &[Duration; 2], attempts: u32) -> Duration {
    delays[usize::from(attempts > 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{ApiError, Cause, ResponseError};
    use alloc::vec::Vec;
    fn refused(status: u16, retry_after: Option<u64>) -> Failure {
        Failure::Refused(ResponseError::Api(ApiError {
            status,
            code: None,
            message: None,
            retry_after: retry_after.map(Duration::from_secs),
        }))
    }

    fn pause(failure: &Failure, attempts: u32, seed: u64) -> Option<Duration> {
        let mut timing = Timing {
            config: &Config::default(),
            jitter: &mut Jitter::new(seed),
            now: Instant::ORIGIN,
        };
        pause_if_not_taken(failure, attempts, &mut timing)
    }

    #[test]
    fn jitter_is_within_a_tenth_and_the_same_for_the_same_seed() {
        let interval = Duration::from_secs(4);
        let spread = |seed| {
            let mut jitter = Jitter::new(seed);
            core::array::from_fn::<_, 200, _>(|_| jitter.spread(interval))
        };
        assert_eq!(spread(1), spread(1));
        assert_ne!(spread(1), spread(2));
        let within = Duration::from_millis(3600)..=Duration::from_millis(4400);
        assert!(spread(3).iter().all(|pause| within.contains(pause)));
    }

    #[test]
    fn a_message_is_sent_again_only_if_it_was_surely_not_taken() {
        for (failure, attempts, delay) in [
            (refused(429, Some(0)), 1, Some(0.0)),
            (refused(429, Some(120)), 2, Some(120.0)),
            (refused(429, Some(121)), 1, None),
            (refused(429, Some(1)), 3, None),
            (Failure::NotSent(Cause::UNKNOWN), 3, None),
            (Failure::Unanswered(Cause::UNKNOWN), 1, None),
            (Failure::TimedOut, 1, None),
            (refused(500, None), 1, None),
            (refused(503, Some(1)), 1, None),
            (refused(400, None), 1, None),
            (
                Failure::Refused(ResponseError::NotEventStream(None)),
                1,
                None,
            ),
        ] {
            let found = pause(&failure, attempts, 0);
            let found = found.map(|delay| delay.as_secs_f64());
            assert_eq!(found, delay, "{failure:?} after {attempts}");
        }
    }

    #[test]
    fn delays_without_retry_after_have_jitter() {
        let not_sent = Failure::NotSent(Cause::UNKNOWN);
        for (failure, attempts, seconds) in [
            (&not_sent, 1, 0.5),
            (&not_sent, 2, 2.0),
            (&refused(429, None), 1, 5.0),
            (&refused(429, None), 2, 20.0),
        ] {
            let delays: Vec<f64> = (0..100)
                .map(|seed| pause(failure, attempts, seed).unwrap().as_secs_f64())
                .collect();
            let within = seconds * 0.9..=seconds * 1.1;
            assert!(delays.iter().all(|delay| within.contains(delay)));
            let is_spread = |delay: &f64| (delay - seconds).abs() > seconds * 0.05;
            assert!(delays.iter().filter(|delay| is_spread(delay)).count() > 20);
        }
    }

    #[test]
    fn a_retry_after_is_never_shortened() {
        for seed in 0..100 {
            for seconds in [0, 1, 7, 119, 120] {
                let asked_for = Duration::from_secs(seconds);
                assert!(pause(&refused(429, Some(seconds)), 1, seed).unwrap() >= asked_for);
            }
        }
    }
}
