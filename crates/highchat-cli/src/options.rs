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
pub(crate) use proxy::ProxyOptions;
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
    /// The message; several words are joined by spaces
    ///
    /// Without it, or as `-`, the message is read from standard input, and loses one
    /// newline at its end.
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Vec<String>,

    /// Where a person takes over, stay and print what they write, until the bot is back
    /// or the conversation is closed; with SECONDS for at most that long
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
/// Each line is a message. Ctrl-C stops a reply that streams, twice at an empty prompt it
/// leaves, as does Ctrl-D. Where standard input is no terminal, each line of it is one
/// message; a failure is told and the next line is sent, and the exit status is that of
/// the last failure.
///
/// /rate up|down [COMMENT], /new, /id, /help and /quit are for this program; any other
/// line goes to the service.
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

/// Print what a person writes in a conversation, until the bot is back or it is closed
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_STATUS)]
pub(crate) struct WatchOptions {
    /// The conversation
    #[arg(value_name = "CONVERSATION_ID")]
    pub(crate) conversation: ConversationId,

    /// Begin after that time, as the service writes it; without it, with what the
    /// service gives
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
    /// The conversation
    #[arg(value_name = "CONVERSATION_ID")]
    pub(crate) conversation: ConversationId,

    /// How it was
    #[arg(value_name = "RATING", value_enum)]
    pub(crate) rating: Thumb,

    /// What there is to add
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// The two ratings, under all the names they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Thumb {
    /// It was helpful
    #[value(alias = "1")]
    Up,
    /// It was not
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

/// Which conversation, and on whose behalf.
#[derive(Args, Debug)]
pub(crate) struct ThreadOptions {
    /// Continue that conversation [env: HIGHCHAT_CONVERSATION]
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<ConversationId>,

    /// Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]
    #[arg(long, value_name = "REF")]
    pub(crate) visitor: Option<VisitorRef>,
}

/// Run a local /v1 service for development, demonstrations and tests
///
/// Prints `listening on http://127.0.0.1:PORT` when it is ready, and stops at Ctrl-C or
/// SIGTERM. In a browser, `/c/SLUG` is a chat page and `/inbox` the page where a person
/// answers.
#[derive(Args, Debug)]
pub(crate) struct SandboxOptions {
    /// Port on 127.0.0.1; 0: any free one [default: 8787; any free one with --check]
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,

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

    /// How far apart --check wants polls to be, counted from the end of one to the start
    /// of the next; an eighth less is accepted [default: 4]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) poll_interval: Option<Duration>,

    /// How many times as fast as the clock the sandbox's time runs: its pauses, its pings,
    /// its person, its rate limit, and the default of --poll-interval are as much shorter
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) time_scale: u32,

    /// Who answers a conversation that is handed over
    #[arg(long, value_name = "WHO", value_enum, default_value_t = Who::BuiltIn)]
    pub(crate) person: Who,

    /// What the bot says to which message, what goes wrong then, and what a person does,
    /// as JSON: see the README of highchat-sandbox
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,

    /// Faults for every reply or poll, as NAME or NAME:AMOUNT, with commas between them;
    /// --list-faults tells their names. A message asks for them as well: /fault NAME
    #[arg(long, value_name = "NAMES")]
    pub(crate) fault: Vec<Faults>,

    /// Read the API's text in another way where it is silent; may be repeated;
    /// --list-readings tells the names
    #[arg(long, value_name = "NAME")]
    pub(crate) reading: Vec<Reading>,

    /// Run COMMAND against the sandbox, and say whether it behaved as a client should
    ///
    /// It finds HIGHCHAT_BASE_URL, HIGHCHAT_KEY and HIGHCHAT_SANDBOX_URL (the control
    /// API) in its environment. What it did that it should not have is told on standard
    /// error, a line each: a message sent twice, a request repeated before Retry-After,
    /// polls too fast or after the end, a redirect followed, an exchange kept open, and
    /// more. Exit status 0: there was nothing to tell; 1: there was, or it asked nothing;
    /// 2: it cannot be started.
    #[arg(long, requires = "command")]
    pub(crate) check: bool,

    /// What to run for --check
    #[arg(last = true, value_name = "COMMAND", requires = "check")]
    pub(crate) command: Vec<OsString>,

    /// Print the name of each fault and what it does
    #[arg(long)]
    pub(crate) list_faults: bool,

    /// Print the name of each reading and what it says
    #[arg(long)]
    pub(crate) list_readings: bool,
}

/// Who a conversation is handed over to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Who {
    /// A person who writes twice and hands back, unless the inbox is open in a browser
    BuiltIn,
    /// Whoever answers in the inbox, and nobody else
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
