use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::access::Credential;

const WINDOW: Duration = Duration::from_secs(60);

/// How many messages each credential sent in the last minute.
pub(crate) struct RateLimit {
    limit: usize,
    sent: HashMap<Credential, VecDeque<Instant>>,
}

impl RateLimit {
    /// A limit of 0 is none.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            sent: HashMap::new(),
        }
    }

    /// Counts one message, or says how long until one would be taken.
    pub(crate) fn admit(&mut self, credential: Credential, now: Instant) -> Result<(), Duration> {
        if self.limit == 0 {
            return Ok(());
        }
        let sent = self.sent.entry(credential).or_default();
        while sent
            .front()
            .is_some_and(|&first| now.duration_since(first) >= WINDOW)
        {
            sent.pop_front();
        }
        match sent.front() {
            Some(&first) if sent.len() >= self.limit => Err(WINDOW - now.duration_since(first)),
            _ => {
                sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_forgotten_a_minute_after_it_was_sent() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rate = RateLimit::new(2);
        let mut admit = |seconds| rate.admit(Credential::Slug, at(seconds));

        assert_eq!(admit(0), Ok(()));
        assert_eq!(admit(40), Ok(()));
        assert_eq!(admit(50), Err(Duration::from_secs(10)));
        assert_eq!(admit(59), Err(Duration::from_secs(1)));
        assert_eq!(admit(60), Ok(()));
        assert_eq!(admit(61), Err(Duration::from_secs(39)));
        assert_eq!(admit(100), Ok(()));
    }

    #[test]
    fn each_credential_has_a_limit_of_its_own() {
        let now = Instant::now();
        let mut rate = RateLimit::new(1);

        assert_eq!(rate.admit(Credential::Key(0), now), Ok(()));
        assert!(rate.admit(Credential::Key(0), now).is_err());
        assert_eq!(rate.admit(Credential::Key(1), now), Ok(()));
        assert_eq!(rate.admit(Credential::Slug, now), Ok(()));
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let now = Instant::now();
        let mut rate = RateLimit::new(0);

        assert!((0..1000).all(|_| rate.admit(Credential::Slug, now).is_ok()));
    }
}
