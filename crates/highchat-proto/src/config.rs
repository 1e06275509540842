//! Every duration and limit, with its reason.

use core::time::Duration;

/// How long to wait, and how much to read.
///
/// All values are our decision: the API's text gives none. The defaults suit a reply
/// that a person waits for.
///
/// ```
/// use core::time::Duration;
/// use highchat_proto::config::Config;
///
/// let mut config = Config::default();
/// config.idle_timeout = Duration::from_secs(20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// From the request to the head of its response: 60 s. A model may think long
    /// before its first word, but a service answers a head before it thinks. Holds as
    /// well from there to the end of an answer that is no reply stream.
    pub response_timeout: Duration,
    /// Without a byte of a body: 60 s, several times the interval at which services
    /// keep a silent stream alive.
    pub idle_timeout: Duration,
    /// With bytes but no event other than `ping`: 300 s. A service that pings and says
    /// nothing is as good as dead.
    pub progress_timeout: Duration,
    /// One event of a reply, in bytes: 1 MiB, hundreds of times a long sentence.
    pub event_limit: usize,
    /// The body of an error, in bytes: 64 KiB, enough for any page of HTML in which a
    /// JSON object might still be hidden. What is longer is not read further.
    pub error_limit: usize,
    /// A page of messages, in bytes: 8 MiB, some thousand messages of the longest kind.
    pub page_limit: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            response_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            progress_timeout: Duration::from_secs(300),
            event_limit: 1 << 20,
            error_limit: 64 << 10,
            page_limit: 8 << 20,
        }
    }
}
