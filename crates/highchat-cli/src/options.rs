//! The command line.

use core::time::Duration;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use highchat_proto::config::Config;
use highchat_proto::id::{ConversationId, VisitorRef};

/// Talk to a HighChat bot from a terminal or a script.
#[derive(Debug, Parser)]
#[command(name = "highchat", version, max_term_width = 100)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ask(AskOptions),
    Sandbox(SandboxOptions),
}

const EXIT_STATUS: &str = "\
Exit status:
  0    the whole reply was shown
  1    anything not listed here
  2    wrong usage, or input refused before anything was sent
  3    the reply is incomplete, or the message may or may not have been taken;
       it was not sent again
  4    401 or 403: the key or the slug is not accepted
  5    429: too many messages
  6    404: unknown conversation
  7    the service could not be reached; the message was surely not taken
  8    the service failed: an error event, a 5xx, a redirect, any other answer
       that is no reply
  130  interrupted by Ctrl-C
  143  interrupted by SIGTERM";

/// Send one message and stream the reply to standard output
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_STATUS)]
pub(crate) struct AskOptions {
    /// The message; several words are joined by spaces
    ///
    /// Without it, or as `-`, the message is read from standard input, and loses one
    /// newline at its end.
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Vec<String>,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    /// Continue that conversation [env: HIGHCHAT_CONVERSATION]
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<ConversationId>,

    /// Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]
    #[arg(long, value_name = "REF")]
    pub(crate) visitor: Option<VisitorRef>,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceOptions {
    /// Client API key [env: HIGHCHAT_KEY]
    ///
    /// Other users of this machine may see the arguments of a command: --key-file and
    /// the environment keep a key to yourself.
    #[arg(long, value_name = "KEY", group = "way", hide_default_value = true)]
    pub(crate) key: Option<String>,

    /// File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]
    #[arg(long, value_name = "FILE", group = "way")]
    pub(crate) key_file: Option<PathBuf>,

    /// Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]
    #[arg(long, value_name = "SLUG", group = "way")]
    pub(crate) slug: Option<String>,

    /// Start a private sandbox for this run and talk to it: no key, no network; the
    /// environment's key, slug, URL and conversation are left aside
    #[arg(long, group = "way", conflicts_with_all = ["base_url", "insecure_http"])]
    pub(crate) sandbox: bool,

    /// Where the service is; a path is kept as a prefix [default:
    /// https://app.highchat.am] [env: HIGHCHAT_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Take http:// to a host other than this machine: whoever listens reads the key
    #[arg(long)]
    pub(crate) insecure_http: bool,

    /// Give up without a head of the response after that long [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) response_timeout: Option<Duration>,

    /// Give up a reply on which nothing came for that long [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) idle_timeout: Option<Duration>,

    /// Give up a reply on which nothing but pings came for that long [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) progress_timeout: Option<Duration>,
}

impl ServiceOptions {
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        let given = [
            (self.response_timeout, &mut config.response_timeout),
            (self.idle_timeout, &mut config.idle_timeout),
            (self.progress_timeout, &mut config.progress_timeout),
        ];
        for (given, value) in given {
            if let Some(given) = given {
                *value = given;
            }
        }
        config
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,

    /// Colour on standard error; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Run a local /v1 service for development, demonstrations and tests
///
/// Prints `listening on http://127.0.0.1:PORT` when it is ready, and stops at Ctrl-C or
/// SIGTERM.
#[derive(Args, Debug)]
pub(crate) struct SandboxOptions {
    /// Port on 127.0.0.1; 0: any free one
    #[arg(long, value_name = "N", default_value_t = 8787)]
    pub(crate) port: u16,

    /// A client API key that is accepted; may be repeated
    #[arg(long, value_name = "KEY", default_value = "hc_sandbox")]
    pub(crate) key: Vec<String>,

    /// The public slug
    #[arg(long, value_name = "SLUG", default_value = "demo")]
    pub(crate) slug: String,

    /// Pause before each token of a reply
    #[arg(long, value_name = "MS", default_value_t = 40)]
    pub(crate) token_delay: u64,

    /// Silence after which a stream gets a ping; 0: never
    #[arg(long, value_name = "MS", default_value_t = 15_000)]
    pub(crate) ping_interval: u64,

    /// Messages a minute for a key or slug; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) rate_limit: u32,
}

/// The longest time that an option takes: a year, as good as for ever.
const MAX_SECONDS: f64 = 366.0 * 24.0 * 3600.0;

fn seconds(text: &str) -> Result<Duration, String> {
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
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn seconds_are_positive_and_may_have_a_fraction() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for text in ["0", "-1", "inf", "nan", "1e9", "x", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
