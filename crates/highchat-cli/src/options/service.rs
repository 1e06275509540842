//! Options for the service, and for how long to wait for it.

use core::time::Duration;
use std::path::PathBuf;

use clap::Args;
use highchat_proto::Config;

use super::roots::RootsOptions;

#[derive(Args, Debug)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceOptions {
    /// Client API key [env: HIGHCHAT_KEY]
    ///
    /// Other users of this machine may see the arguments of a command. They cannot see a
    /// key that is given with --key-file or in the environment.
    #[arg(long, value_name = "KEY", group = "way", hide_default_value = true)]
    pub(crate) key: Option<String>,

    /// File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]
    #[arg(long, value_name = "FILE", group = "way")]
    pub(crate) key_file: Option<PathBuf>,

    /// Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]
    #[arg(long, value_name = "SLUG", group = "way")]
    pub(crate) slug: Option<String>,

    /// Send neither a key nor a slug, because --base-url is a proxy that adds its own key
    #[arg(long, group = "way")]
    pub(crate) no_key: bool,

    /// Start a private sandbox for this run and talk to it, without a key or a network; the
    /// key, slug, URL and conversation in the environment are ignored. Send /human to ask the
    /// sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)
    #[arg(long, group = "way", conflicts_with_all = ["base_url", "insecure_http"])]
    pub(crate) sandbox: bool,

    /// URL of the service; a path is kept as a prefix [default: https://app.highchat.am]
    /// [env: HIGHCHAT_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Allow http:// to another host. Anybody on the network path can read the key
    #[arg(long)]
    pub(crate) insecure_http: bool,

    #[command(flatten)]
    pub(crate) roots: RootsOptions,

    /// Give up if the head of the response does not arrive in this time [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) response_timeout: Option<Duration>,

    /// Give up a reply if nothing arrives for this long [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) idle_timeout: Option<Duration>,

    /// Give up a reply if nothing but pings arrives for this long [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) progress_timeout: Option<Duration>,

    /// Time between two polls for a person's messages [default: 4]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) poll_interval: Option<Duration>,

    /// Send a message (or a rating) at most N times; a message is sent again only if the
    /// service surely did not take it [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: Option<u32>,
}

impl ServiceOptions {
    /// Returns the options of the protocol.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        let given = [
            (self.response_timeout, &mut config.response_timeout),
            (self.idle_timeout, &mut config.idle_timeout),
            (self.progress_timeout, &mut config.progress_timeout),
            (self.poll_interval, &mut config.poll_interval),
        ];
        for (given, value) in given {
            if let Some(given) = given {
                *value = given;
            }
        }
        if let Some(attempts) = self.attempts {
            config.attempts = attempts;
        }
        config
    }
}

/// The longest time that an option accepts: one year, which is practically for ever.
const MAX_SECONDS: f64 = 366.0 * 24.0 * 3600.0;

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!(
            "not a number of seconds between 0 and {MAX_SECONDS}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_positive_and_may_have_a_fraction() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for text in ["0", "-1", "inf", "nan", "1e9", "x", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
