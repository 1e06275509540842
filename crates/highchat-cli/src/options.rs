//! The command line.

mod output;
mod proxy;
mod roots;
mod service;

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use highchat_proto::{ConversationId, Rating, Timestamp, VisitorRef};
use highchat_sandbox::{Faults, Reading};

pub(crate) use output::{Color, OutputOptions};
pub(crate) use proxy::{LogFormat, ProxyOptions};
pub(crate) use roots::RootsOptions;
pub(crate) use service::ServiceOptions;
use service::seconds;

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
    Chat(ChatOptions),
    Watch(WatchOptions),
    Rate(RateOptions),
    Sandbox(SandboxOptions),
    Proxy(ProxyOptions),
    Completions(CompletionsOptions),
}

const EXIT_STATUS: &str = "\
Exit status:
  0    the whole reply was shown; a handoff is no failure
  1    anything not listed here
  2    wrong usage, or input refused before anything was sent
  3    the reply is incomplete, or the message may or may not have been taken;
       it was not sent again
  4    401 or 403: the key or the slug is not accepted
  5    429: too many messages, after the attempts allowed
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
    /// The message; several words are joined with spaces
    ///
    /// Without it, or if it is `-`, the message is read from standard input. One newline at
    /// its end is removed.
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Vec<String>,

    /// After a handoff, stay and print what the person writes, until the bot is back or the
    /// conversation is closed. With SECONDS, stay at most that long
    #[arg(long, value_name = "SECONDS", value_parser = seconds, num_args = 0..=1,
          require_equals = true)]
    pub(crate) wait: Option<Option<Duration>>,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) thread: ThreadOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// Talk with the bot, and with the person it hands over to
///
/// Each line is a message. Ctrl-C stops a reply that streams. Press Ctrl-C twice at an
/// empty prompt, or Ctrl-D, to leave. If standard input is not a terminal, each line of it
/// is one message: after a failure the next line is sent, and the exit status is the status
/// of the last failure.
///
/// /rate up|down [COMMENT], /new, /id, /help and /quit are commands of this program. Any
/// other line is sent to the service.
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_STATUS)]
pub(crate) struct ChatOptions {
    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) thread: ThreadOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// Print what a person writes in a conversation, until the bot is back or the conversation
/// is closed
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_STATUS)]
pub(crate) struct WatchOptions {
    /// The id of the conversation
    #[arg(value_name = "CONVERSATION_ID")]
    pub(crate) conversation: ConversationId,

    /// Start after this time, in the format of the service. Without it, start with what the
    /// service returns
    #[arg(long, value_name = "TIMESTAMP")]
    pub(crate) after: Option<Timestamp>,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// Rate a conversation
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_STATUS)]
pub(crate) struct RateOptions {
    /// The id of the conversation
    #[arg(value_name = "CONVERSATION_ID")]
    pub(crate) conversation: ConversationId,

    /// The rating
    #[arg(value_name = "RATING", value_enum)]
    pub(crate) rating: Thumb,

    /// A comment on the rating
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// The two ratings, and the names that the command line accepts for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Thumb {
    /// The conversation was helpful
    #[value(alias = "1")]
    Up,
    /// The conversation was not helpful
    #[value(alias = "0")]
    Down,
}

impl From<Thumb> for Rating {
    fn from(thumb: Thumb) -> Self {
        match thumb {
            Thumb::Up => Self::Up,
            Thumb::Down => Self::Down,
        }
    }
}

/// The conversation, and the end user on whose behalf a message is sent.
#[derive(Args, Debug)]
pub(crate) struct ThreadOptions {
    /// Continue this conversation [env: HIGHCHAT_CONVERSATION]
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<ConversationId>,

    /// Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]
    #[arg(long, value_name = "REF")]
    pub(crate) visitor: Option<VisitorRef>,
}

/// Run a local /v1 service for development, demonstrations and tests
///
/// Prints `listening on http://127.0.0.1:PORT` when it is ready, and stops at Ctrl-C or
/// SIGTERM. In a browser, `/c/SLUG` is a chat page, and `/inbox` is the page where a person
/// answers.
#[derive(Args, Debug)]
pub(crate) struct SandboxOptions {
    /// Port on 127.0.0.1; 0 is any free port [default: 8787; any free port with --check]
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,

    /// A client API key that is accepted; may be repeated
    #[arg(long, value_name = "KEY", default_value = "hc_sandbox")]
    pub(crate) key: Vec<String>,

    /// The public slug of the bot
    #[arg(long, value_name = "SLUG", default_value = "demo")]
    pub(crate) slug: String,

    /// Pause before each token of a reply, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 40)]
    pub(crate) token_delay: u64,

    /// Send a ping after this many milliseconds without other data in a stream; 0: never
    #[arg(long, value_name = "MS", default_value_t = 15_000)]
    pub(crate) ping_interval: u64,

    /// Messages per minute for each key or slug; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) rate_limit: u32,

    /// The shortest time that --check expects from the end of a poll to the start of the
    /// next; an eighth less is accepted [default: 4]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) poll_interval: Option<Duration>,

    /// Run the sandbox's time this many times as fast as the clock. Its pauses, pings,
    /// person and rate limit are that much faster, and the default of --poll-interval is
    /// that much shorter
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) time_scale: u32,

    /// Who answers after a handoff
    #[arg(long, value_name = "WHO", value_enum, default_value_t = Who::BuiltIn)]
    pub(crate) person: Who,

    /// JSON file with the bot's replies, the faults, and what a person does; its format is
    /// in the README of highchat-sandbox
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,

    /// Faults of every reply or poll, as NAME or NAME:AMOUNT, separated by commas;
    /// --list-faults prints the names. The message /fault NAME asks for one too
    #[arg(long, value_name = "NAMES")]
    pub(crate) fault: Vec<Faults>,

    /// Choose how the sandbox behaves if the API's text leaves it open; may be repeated;
    /// --list-readings prints the names
    #[arg(long, value_name = "NAME")]
    pub(crate) reading: Vec<Reading>,

    /// Run COMMAND against the sandbox and report whether it behaves as a client should
    ///
    /// COMMAND gets HIGHCHAT_BASE_URL, HIGHCHAT_KEY and HIGHCHAT_SANDBOX_URL (the control
    /// API) in its environment. Each error of COMMAND is reported on a line of standard
    /// error: a message sent twice, a request repeated before Retry-After, polls too fast
    /// or after the end, a redirect followed, an exchange kept open, and more. Exit status:
    /// 0 if there is no error; 1 if there is one, or COMMAND sent no request; 2 if COMMAND
    /// cannot be started.
    #[arg(long, requires = "command")]
    pub(crate) check: bool,

    /// The command that --check runs
    #[arg(last = true, value_name = "COMMAND", requires = "check")]
    pub(crate) command: Vec<OsString>,

    /// Print the name of each fault and its effect
    #[arg(long)]
    pub(crate) list_faults: bool,

    /// Print the name of each reading and its meaning
    #[arg(long)]
    pub(crate) list_readings: bool,
}

/// Who answers after a handoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Who {
    /// A built-in person who writes twice and hands back, unless the inbox is open in a
    /// browser
    BuiltIn,
    /// Only the person who answers in the inbox
    Inbox,
}

/// Print a completion script for a shell
#[derive(Args, Debug)]
pub(crate) struct CompletionsOptions {
    /// The shell
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }
}
