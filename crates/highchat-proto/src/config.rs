//! The settings of the protocol: every timeout, delay and limit, with its reason.

use core::time::Duration;

/// The settings of a client: how long to wait, how often to try, and how much to read.
///
/// All default values are our decision, except `poll_interval`: the API's text gives no others.
/// They suit a reply that a person waits for.
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
    /// Time from a request to the head of its response: 60 s. A model may think long before its
    /// first word, but a service sends the head before that. The same time again applies from
    /// the head to the end of a response that is not a reply stream. The adapters use half of
    /// it for the connection (name, TCP, TLS; see [`connect_timeout`](Self::connect_timeout)).
    pub response_timeout: Duration,
    /// Time that a body may go without a byte: 60 s. Most services send a ping several times in
    /// this time, to keep a silent stream alive.
    pub idle_timeout: Duration,
    /// Time that a reply may go with bytes, but with no event except `ping`: 300 s. A service
    /// that only sends pings counts as dead.
    pub progress_timeout: Duration,
    /// Time to read the rest of a body after its reply ended: 2 s. The rest is read so that the
    /// connection can be reused. Its events are ignored, except a `done` after a `human`.
    pub settle_timeout: Duration,
    /// Time that a connection without a request is kept for the next poll, search or rating:
    /// 10 s, two poll intervals. A message does not wait for it, and gets a new connection. With
    /// zero, no connection is kept.
    pub keep_alive: Duration,
    /// How many times a message is sent at most: 3. It is sent again only if the service surely
    /// did not take it. With 1, it is never sent again. The same number applies to ratings,
    /// which are repeated after any temporary failure.
    pub attempts: u32,
    /// Delays before the next attempt after a 429 without `Retry-After`: 5 s, then 20 s, each
    /// ±10 %. The last delay applies to all further attempts.
    pub rate_limit_delays: [Duration; 2],
    /// The longest `Retry-After` that the conversation waits for: 120 s. If the service asks
    /// for more, the refusal is reported at once.
    pub retry_after_limit: Duration,
    /// Delays before the next attempt if the service could not be reached: 0.5 s, then 2 s,
    /// each ±10 %. The last delay applies to all further attempts.
    pub not_sent_delays: [Duration; 2],
    /// Delays before each of the four searches for a cut reply: 1, 3, 6 and 10 s, the first one
    /// after the cut. This gives the service about 20 s to store the reply.
    pub recovery_delays: [Duration; 4],
    /// Time from the end of one poll to the start of the next: 4 s (the API's text), ±10 %, so
    /// that many clients do not poll at the same moment.
    pub poll_interval: Duration,
    /// The longest delay between polls that fail: 60 s. The delay doubles until it reaches
    /// this.
    pub poll_backoff_limit: Duration,
    /// The seed of all jitter. With a fixed seed, the delays are the same in every run, which
    /// suits a test. With `None`, each adapter draws a seed for each session, so that many
    /// clients do not poll at the same moment. A [`Conversation`](crate::Conversation) draws
    /// nothing itself: it uses the seed from [`with_seed`](crate::Conversation::with_seed), or
    /// else a fixed one.
    pub seed: Option<u64>,
    /// How much text of a reply is remembered, in bytes: 1 MiB. A search needs this text to
    /// find the rest of a cut reply. A longer reply still streams, but is not searched for if
    /// it is cut.
    pub reply_limit: usize,
    /// The size limit of one event of a reply, in bytes: 1 MiB, hundreds of times a long
    /// sentence.
    pub event_limit: usize,
    /// How much of an error's body is read, in bytes: 64 KiB. This is enough for an HTML page
    /// that contains a JSON object.
    pub error_limit: usize,
    /// The size limit of a page of messages, in bytes: 8 MiB, some thousand messages of the
    /// longest kind.
    pub page_limit: usize,
}

impl Config {
    /// The size limit of a response head, in bytes: 64 KiB, which no service needs. It is the
    /// only limit of a head; the number of its fields is not limited. Over HTTP/2, each field
    /// counts 32 bytes more (RFC 9113, section 6.5.2).
    pub const HEAD_LIMIT: usize = 64 << 10;

    /// Time that a request waits on a kept connection for the head of its response, before it is
    /// repeated on a new connection: 5 s. The service answers a poll at once, so a longer wait
    /// means that the network has changed, and that the connection leads nowhere.
    pub const REUSE_TIMEOUT: Duration = Duration::from_secs(5);

    /// Time to connect to the service (name, TCP, TLS): half of
    /// [`response_timeout`](Self::response_timeout). If it runs out, the request was surely not
    /// sent, and can be tried again.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.response_timeout / 2
    }

    /// Sets [`response_timeout`](Self::response_timeout): the time from a request to the head
    /// of its response.
    #[must_use]
    pub const fn with_response_timeout(mut self, response_timeout: Duration) -> Self {
        self.response_timeout = response_timeout;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout): the time that a body may go without a byte.
    #[must_use]
    pub const fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Sets [`progress_timeout`](Self::progress_timeout): the time that a reply may go with
    /// only pings.
    #[must_use]
    pub const fn with_progress_timeout(mut self, progress_timeout: Duration) -> Self {
        self.progress_timeout = progress_timeout;
        self
    }

    /// Sets [`settle_timeout`](Self::settle_timeout): the time to read the rest of a body after
    /// its reply ended.
    #[must_use]
    pub const fn with_settle_timeout(mut self, settle_timeout: Duration) -> Self {
        self.settle_timeout = settle_timeout;
        self
    }

    /// Sets [`keep_alive`](Self::keep_alive): the time that a connection is kept without a
    /// request.
    #[must_use]
    pub const fn with_keep_alive(mut self, keep_alive: Duration) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Sets [`attempts`](Self::attempts): how many times a message is sent at most. 0 counts as
    /// 1.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets [`rate_limit_delays`](Self::rate_limit_delays): the delays after the first and
    /// after each later 429 without `Retry-After`.
    #[must_use]
    pub const fn with_rate_limit_delays(mut self, rate_limit_delays: [Duration; 2]) -> Self {
        self.rate_limit_delays = rate_limit_delays;
        self
    }

    /// Sets [`retry_after_limit`](Self::retry_after_limit): the longest `Retry-After` that the
    /// conversation waits for.
    #[must_use]
    pub const fn with_retry_after_limit(mut self, retry_after_limit: Duration) -> Self {
        self.retry_after_limit = retry_after_limit;
        self
    }

    /// Sets [`not_sent_delays`](Self::not_sent_delays): the delays after the first and after
    /// each later failure to reach the service.
    #[must_use]
    pub const fn with_not_sent_delays(mut self, not_sent_delays: [Duration; 2]) -> Self {
        self.not_sent_delays = not_sent_delays;
        self
    }

    /// Sets [`recovery_delays`](Self::recovery_delays): the delays before each of the four
    /// searches for a cut reply.
    #[must_use]
    pub const fn with_recovery_delays(mut self, recovery_delays: [Duration; 4]) -> Self {
        self.recovery_delays = recovery_delays;
        self
    }

    /// Sets [`poll_interval`](Self::poll_interval): the time from the end of one poll to the
    /// start of the next.
    #[must_use]
    pub const fn with_poll_interval(mut self, poll_interval: Duration) -> Self {
        self.poll_interval = poll_interval;
        self
    }

    /// Sets [`poll_backoff_limit`](Self::poll_backoff_limit): the longest delay between polls
    /// that fail.
    #[must_use]
    pub const fn with_poll_backoff_limit(mut self, poll_backoff_limit: Duration) -> Self {
        self.poll_backoff_limit = poll_backoff_limit;
        self
    }

    /// Sets [`seed`](Self::seed): the seed of all jitter.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets [`reply_limit`](Self::reply_limit): how much text of a reply is remembered, in
    /// bytes.
    #[must_use]
    pub const fn with_reply_limit(mut self, reply_limit: usize) -> Self {
        self.reply_limit = reply_limit;
        self
    }

    /// Sets [`event_limit`](Self::event_limit): the size limit of one event, in bytes.
    #[must_use]
    pub const fn with_event_limit(mut self, event_limit: usize) -> Self {
        self.event_limit = event_limit;
        self
    }

    /// Sets [`error_limit`](Self::error_limit): how much of an error's body is read, in bytes.
    #[must_use]
    pub const fn with_error_limit(mut self, error_limit: usize) -> Self {
        self.error_limit = error_limit;
        self
    }

    /// Sets [`page_limit`](Self::page_limit): the size limit of a page of messages, in bytes.
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
            keep_alive: Duration::from_secs(10),
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

    /// Each setter sets its own field and no other.
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
            .with_page_limit(21)
            .with_keep_alive(second(22));
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
            keep_alive: second(22),
        };
        assert_eq!(config, expected);
    }
}
