//! The rate limit: messages a minute for each credential.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::api::access::Credential;
use crate::clock::TimeScale;

const WINDOW: Duration = Duration::from_secs(60);

/// The messages of each credential in the last minute.
pub(crate) struct RateLimit {
    limit: usize,
    scale: TimeScale,
    sent: HashMap<Credential, VecDeque<Instant>>,
}

impl RateLimit {
    /// Creates a limit of messages a minute. 0: no limit.
    pub(crate) fn new(limit: u32, scale: TimeScale) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            scale,
            sent: HashMap::new(),
        }
    }

    /// Counts a message. If the limit is reached, returns the number of seconds to wait.
    pub(crate) fn admit(&mut self, credential: Credential, now: Instant) -> Result<(), u64> {
        if self.limit == 0 {
            return Ok(());
        }
        let window = self.scale.real(WINDOW);
        let sent = self.sent.entry(credential).or_default();
        while sent
            .front()
            .is_some_and(|&first| now.duration_since(first) >= window)
        {
            sent.pop_front();
        }
        if sent.len() < self.limit {
            sent.push_back(now);
            return Ok(());
        }
        let Some(first) = sent.front_mut() else {
            return Ok(());
        };
        let left = window - now.duration_since(*first);
        let seconds = self.scale.whole_seconds(left);
        // The number was rounded down, and a client that waits exactly this long must not be
        // refused again.
        let whole = Duration::from_secs(seconds);
        if let Some(shorter) = left.checked_sub(whole) {
            *first = first.checked_sub(shorter).unwrap_or(*first);
        }
        Err(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_for_a_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rate = RateLimit::new(2, TimeScale::default());
        let mut admit = |seconds| rate.admit(Credential::Slug, at(seconds));

        assert_eq!(admit(0), Ok(()));
        assert_eq!(admit(40), Ok(()));
        assert_eq!(admit(50), Err(10));
        assert_eq!(admit(59), Err(1));
        assert_eq!(admit(60), Ok(()));
        assert_eq!(admit(61), Err(39));
        assert_eq!(admit(100), Ok(()));
    }

    #[test]
    fn each_credential_has_its_own_limit() {
        let now = Instant::now();
        let mut rate = RateLimit::new(1, TimeScale::default());

        assert_eq!(rate.admit(Credential::Key(0), now), Ok(()));
        assert!(rate.admit(Credential::Key(0), now).is_err());
        assert_eq!(rate.admit(Credential::Key(1), now), Ok(()));
        assert_eq!(rate.admit(Credential::Slug, now), Ok(()));
    }

    #[test]
    fn the_time_scale_shortens_the_minute_and_retry_after_is_enough() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rate = RateLimit::new(1, TimeScale::new(20));
        let mut admit = |ms| rate.admit(Credential::Slug, at(ms));

        // A minute takes 3 s.
        assert_eq!(admit(0), Ok(()));
        assert_eq!(admit(500), Err(2));
        assert_eq!(admit(2499), Err(0), "a part of a second does not count");
        assert_eq!(admit(2499), Ok(()));
        assert_eq!(admit(5498), Err(0));
        assert_eq!(admit(5499), Ok(()));
    }

    #[test]
    fn zero_means_no_limit() {
        let now = Instant::now();
        let mut rate = RateLimit::new(0, TimeScale::default());

        assert!((0..1000).all(|_| rate.admit(Credential::Slug, now).is_ok()));
    }
}
