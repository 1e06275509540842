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
/// let mut config = Config::default();
/// config.idle_timeout = Duration::from_secs(20);
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
