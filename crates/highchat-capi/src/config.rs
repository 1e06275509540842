//! The settings of a conversation.

use core::time::Duration;

use highchat_proto as proto;

use crate::time::milliseconds;

/// The settings of a conversation. Fill it with `highchat_config_default`, then change what you
/// need. Times are in milliseconds, limits in bytes. `highchat_proto::Config` gives the reason
/// for each value.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Config {
    /// Time from a request to the head of its response: 60000. Half of it is the time to open a
    /// pipe.
    pub response_timeout_ms: u64,
    /// Time that a body may go without a byte: 60000.
    pub idle_timeout_ms: u64,
    /// Time that a reply may go with only pings: 300000.
    pub progress_timeout_ms: u64,
    /// Time to read the rest of a body after its reply ended: 2000.
    pub settle_timeout_ms: u64,
    /// Time that a pipe without a request is kept for the next poll, search or rating: 10000.
    /// With 0, no pipe is kept.
    pub keep_alive_ms: u64,
    /// Delays before the next attempt after a 429 without `Retry-After`: 5000, then 20000.
    pub rate_limit_delays_ms: [u64; 2],
    /// The longest `Retry-After` that the conversation waits for: 120000.
    pub retry_after_limit_ms: u64,
    /// Delays before the next attempt if the service could not be reached: 500, then 2000.
    pub not_sent_delays_ms: [u64; 2],
    /// Delays before each of the four searches for a cut reply: 1000, 3000, 6000 and 10000.
    pub recovery_delays_ms: [u64; 4],
    /// Time from the end of one poll to the start of the next: 4000.
    pub poll_interval_ms: u64,
    /// The longest delay between polls that fail: 60000.
    pub poll_backoff_limit_ms: u64,
    /// The seed of all jitter. With 0, the library draws one for each conversation. Any other
    /// seed gives the same delays in every run, which suits a test.
    pub seed: u64,
    /// How much text of a reply is remembered for a search: 1048576.
    pub reply_limit: usize,
    /// The size limit of one event of a reply: 1048576.
    pub event_limit: usize,
    /// How much of an error's body is read: 65536.
    pub error_limit: usize,
    /// The size limit of a page of messages: 8388608.
    pub page_limit: usize,
    /// How many times a message is sent at most: 3. It is sent again only if the service surely
    /// did not take it. 0 counts as 1.
    pub attempts: u32,
}

impl Default for Config {
    fn default() -> Self {
        let config = proto::Config::default();
        Self {
            response_timeout_ms: milliseconds(config.response_timeout),
            idle_timeout_ms: milliseconds(config.idle_timeout),
            progress_timeout_ms: milliseconds(config.progress_timeout),
            settle_timeout_ms: milliseconds(config.settle_timeout),
            keep_alive_ms: milliseconds(config.keep_alive),
            rate_limit_delays_ms: config.rate_limit_delays.map(milliseconds),
            retry_after_limit_ms: milliseconds(config.retry_after_limit),
            not_sent_delays_ms: config.not_sent_delays.map(milliseconds),
            recovery_delays_ms: config.recovery_delays.map(milliseconds),
            poll_interval_ms: milliseconds(config.poll_interval),
            poll_backoff_limit_ms: milliseconds(config.poll_backoff_limit),
            seed: config.seed.unwrap_or_default(),
            reply_limit: config.reply_limit,
            event_limit: config.event_limit,
            error_limit: config.error_limit,
            page_limit: config.page_limit,
            attempts: config.attempts,
        }
    }
}

impl From<Config> for proto::Config {
    fn from(config: Config) -> Self {
        let time = Duration::from_millis;
        let mut settings = Self::default();
        settings.response_timeout = time(config.response_timeout_ms);
        settings.idle_timeout = time(config.idle_timeout_ms);
        settings.progress_timeout = time(config.progress_timeout_ms);
        settings.settle_timeout = time(config.settle_timeout_ms);
        settings.keep_alive = time(config.keep_alive_ms);
        settings.rate_limit_delays = config.rate_limit_delays_ms.map(time);
        settings.retry_after_limit = time(config.retry_after_limit_ms);
        settings.not_sent_delays = config.not_sent_delays_ms.map(time);
        settings.recovery_delays = config.recovery_delays_ms.map(time);
        settings.poll_interval = time(config.poll_interval_ms);
        settings.poll_backoff_limit = time(config.poll_backoff_limit_ms);
        settings.seed = (config.seed != 0).then_some(config.seed);
        settings.reply_limit = config.reply_limit;
        settings.event_limit = config.event_limit;
        settings.error_limit = config.error_limit;
        settings.page_limit = config.page_limit;
        settings.attempts = config.attempts;
        settings
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;
    use std::{assert_eq, format, matches};

    use super::*;

    /// The names in the debug form of a structure.
    fn names(debug: &str) -> Vec<String> {
        let words =
            debug.split(|character: char| !(character.is_alphanumeric() || character == '_'));
        let names = words.filter(|word| word.starts_with(|first: char| first.is_lowercase()));
        let mut names: Vec<String> = names
            .map(|name| name.trim_end_matches("_ms").to_string())
            .filter(|name| !matches!(&**name, "s" | "ms" | "s_"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_setting_of_the_protocol_can_be_set() {
        let of_rust = format!("{:?}", proto::Config::default());
        assert_eq!(names(&format!("{:?}", Config::default())), names(&of_rust));
    }

    #[test]
    fn the_default_settings_are_those_of_the_protocol() {
        assert_eq!(
            proto::Config::from(Config::default()),
            proto::Config::default()
        );
    }
}
