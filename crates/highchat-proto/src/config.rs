//! Every duration and limit, with its reason.

use core::time::Duration;

/// How long to wait, and how much to read.
///
/// All values are our decision: the API's text gives none. The defaults suit a reply
/// that a person waits for.
///
/// ```
/// use core::time::Duration;
/// use highchat_proto::Config;
///
/// let config = Config::default()
///     .with_idle_timeout(Duration::from_secs(20))
///     .with_attempts(1);
/// assert_eq!(config.idle_timeout, Duration::from_secs(20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// From the request to the head of its response: 60 s. A model may think long
    /// before its first word, but a service answers a head before it thinks. Holds as
    /// well from there to the end of an answer that is no reply stream. The adapters give
    /// half of it to the way to the service (name, connection, TLS): what is given up
    /// there was surely not sent.
    pub response_timeout: Duration,
    /// Without a byte of a body: 60 s, several times the interval at which services
    /// keep a silent stream alive.
    pub idle_timeout: Duration,
    /// With bytes but no event other than `ping`: 300 s. A service that pings and says
    /// nothing is as good as dead.
    pub progress_timeout: Duration,
    /// For the rest of a body once its reply is over: 2 s. It is read so that the
    /// connection can be kept; nothing in it matters any more but a `done` behind a
    /// `human`.
    pub settle_timeout: Duration,
    /// How often a message is sent, all in all: 3. More than once only where it was
    /// surely not taken; 1: never again. Holds for ratings as well, which may be
    /// repeated on any passing failure.
    pub attempts: u32,
    /// Before another attempt after a 429 without `Retry-After`: 5 s, then 20 s, each
    /// give or take 10 %. Where there are more attempts, the last one holds for them.
    pub rate_limit_delays: [Duration; 2],
    /// The longest `Retry-After` that is waited for by itself: 120 s. Longer, and the
    /// refusal is reported at once.
    pub retry_after_limit: Duration,
    /// Before another attempt after a failure to reach the service: 0.5 s, then 2 s, each
    /// give or take 10 %.
    pub not_sent_delays: [Duration; 2],
    /// From one look for a cut reply to the next, the first from the cut on: 1, 3, 6
    /// and 10 s, which gives a service some 20 s to write it down.
    pub recovery_delays: [Duration; 4],
    /// From the end of one poll to the start of the next: 4 s (the API's text), give or
    /// take 10 %, so that many clients do not ask in step.
    pub poll_interval: Duration,
    /// The longest pause between polls that fail: 60 s. It doubles up to there.
    pub poll_backoff_limit: Duration,
    /// What jitter is made of. A set seed gives the same rhythm each time, which suits a
    /// test. `None`: the adapters draw one for each session, so that many clients never
    /// ask in step. The protocol itself draws none: a
    /// [`Conversation`](crate::Conversation) that gets
    /// [no other](crate::Conversation::with_seed) uses a fixed one.
    pub seed: Option<u64>,
    /// The text of a reply that is remembered so that its rest can be found, in bytes:
    /// 1 MiB. A longer reply streams on, but is not looked for where it is cut.
    pub reply_limit: usize,
    /// One event of a reply, in bytes: 1 MiB, hundreds of times a long sentence.
    pub event_limit: usize,
    /// The body of an error, in bytes: 64 KiB, enough for any page of HTML in which a
    /// JSON object might still be hidden. What is longer is not read further.
    pub error_limit: usize,
    /// A page of messages, in bytes: 8 MiB, some thousand messages of the longest kind.
    pub page_limit: usize,
}

impl Config {
    /// The most that the head of an answer may have, in bytes: 64 KiB, which no service
    /// needs. It is the only limit on a head, whatever number of fields it has; over HTTP/2
    /// it counts as HTTP/2 counts, with 32 bytes more for each field (RFC 9113, section
    /// 6.5.2).
    pub const HEAD_LIMIT: usize = 64 << 10;

    /// What the way to the service has (name, connection, TLS): half of
    /// [`response_timeout`](Self::response_timeout). What is given up there was surely
    /// not sent, and can be tried again.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.response_timeout / 2
    }

    /// Sets [`response_timeout`](Self::response_timeout): how long a request waits for the head of its response.
    #[must_use]
    pub const fn with_response_timeout(mut self, response_timeout: Duration) -> Self {
        self.response_timeout = response_timeout;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout): how long a body may go without a byte.
    #[must_use]
    pub const fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Sets [`progress_timeout`](Self::progress_timeout): how long a reply may go with nothing but pings.
    #[must_use]
    pub const fn with_progress_timeout(mut self, progress_timeout: Duration) -> Self {
        self.progress_timeout = progress_timeout;
        self
    }

    /// Sets [`settle_timeout`](Self::settle_timeout): how long the rest of a body is read after its reply is over.
    #[must_use]
    pub const fn with_settle_timeout(mut self, settle_timeout: Duration) -> Self {
        self.settle_timeout = settle_timeout;
        self
    }

    /// Sets [`attempts`](Self::attempts): how often a message is sent, the first time included; 0 is as 1.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets [`rate_limit_delays`](Self::rate_limit_delays): how long to wait after the first and after each later 429 without `Retry-After`.
    #[must_use]
    pub const fn with_rate_limit_delays(mut self, rate_limit_delays: [Duration; 2]) -> Self {
        self.rate_limit_delays = rate_limit_delays;
        self
    }

    /// Sets [`retry_after_limit`](Self::retry_after_limit): the longest `Retry-After` that is waited for.
    #[must_use]
    pub const fn with_retry_after_limit(mut self, retry_after_limit: Duration) -> Self {
        self.retry_after_limit = retry_after_limit;
        self
    }

    /// Sets [`not_sent_delays`](Self::not_sent_delays): how long to wait after the first and after each later failure to reach the service.
    #[must_use]
    pub const fn with_not_sent_delays(mut self, not_sent_delays: [Duration; 2]) -> Self {
        self.not_sent_delays = not_sent_delays;
        self
    }

    /// Sets [`recovery_delays`](Self::recovery_delays): how long to wait before each of the four searches for a cut reply.
    #[must_use]
    pub const fn with_recovery_delays(mut self, recovery_delays: [Duration; 4]) -> Self {
        self.recovery_delays = recovery_delays;
        self
    }

    /// Sets [`poll_interval`](Self::poll_interval): how long to wait from the end of one poll to the start of the next.
    #[must_use]
    pub const fn with_poll_interval(mut self, poll_interval: Duration) -> Self {
        self.poll_interval = poll_interval;
        self
    }

    /// Sets [`poll_backoff_limit`](Self::poll_backoff_limit): the longest pause between polls that fail.
    #[must_use]
    pub const fn with_poll_backoff_limit(mut self, poll_backoff_limit: Duration) -> Self {
        self.poll_backoff_limit = poll_backoff_limit;
        self
    }

    /// Sets [`seed`](Self::seed): what jitter is made of.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets [`reply_limit`](Self::reply_limit): how much text of a reply is remembered for its recovery, in bytes.
    #[must_use]
    pub const fn with_reply_limit(mut self, reply_limit: usize) -> Self {
        self.reply_limit = reply_limit;
        self
    }

    /// Sets [`event_limit`](Self::event_limit): the longest event of a reply, in bytes.
    #[must_use]
    pub const fn with_event_limit(mut self, event_limit: usize) -> Self {
        self.event_limit = event_limit;
        self
    }

    /// Sets [`error_limit`](Self::error_limit): how much of the body of an error is read, in bytes.
    #[must_use]
    pub const fn with_error_limit(mut self, error_limit: usize) -> Self {
        self.error_limit = error_limit;
        self
    }

    /// Sets [`page_limit`](Self::page_limit): the longest page of messages, in bytes.
    #[must_use]
    pub const fn with_page_limit(mut self, page_limit: usize) -> Self {
        self.page_limit = page_limit;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            response_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            progress_timeout: Duration::from_secs(300),
            settle_timeout: Duration::from_secs(2),
            attempts: 3,
            rate_limit_delays: [Duration::from_secs(5), Duration::from_secs(20)],
            retry_after_limit: Duration::from_secs(120),
            not_sent_delays: [Duration::from_millis(500), Duration::from_secs(2)],
            recovery_delays: [1, 3, 6, 10].map(Duration::from_secs),
            poll_interval: Duration::from_secs(4),
            poll_backoff_limit: Duration::from_secs(60),
            seed: None,
            reply_limit: 1 << 20,
            event_limit: 1 << 20,
            error_limit: 64 << 10,
            page_limit: 8 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each sets its own field, and no other: what is set one by one is what is written out.
    #[test]
    fn each_field_has_a_setter() {
        let second = Duration::from_secs;
        let config = Config::default()
            .with_response_timeout(second(1))
            .with_idle_timeout(second(2))
            .with_progress_timeout(second(3))
            .with_settle_timeout(second(4))
            .with_attempts(5)
            .with_rate_limit_delays([second(6), second(7)])
            .with_retry_after_limit(second(8))
            .with_not_sent_delays([second(9), second(10)])
            .with_recovery_delays([11, 12, 13, 14].map(second))
            .with_poll_interval(second(15))
            .with_poll_backoff_limit(second(16))
            .with_seed(17)
            .with_reply_limit(18)
            .with_event_limit(19)
            .with_error_limit(20)
            .with_page_limit(21);
        let expected = Config {
            response_timeout: second(1),
            idle_timeout: second(2),
            progress_timeout: second(3),
            settle_timeout: second(4),
            attempts: 5,
            rate_limit_delays: [second(6), second(7)],
            retry_after_limit: second(8),
            not_sent_delays: [second(9), second(10)],
            recovery_delays: [11, 12, 13, 14].map(second),
            poll_interval: second(15),
            poll_backoff_limit: second(16),
            seed: Some(17),
            reply_limit: 18,
            event_limit: 19,
            error_limit: 20,
            page_limit: 21,
        };
        assert_eq!(config, expected);
    }
}
