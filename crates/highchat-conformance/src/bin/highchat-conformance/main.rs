//! The program `highchat-conformance`: judges a client in another process.

#![expect(clippy::print_stdout, reason = "this program prints its report")]
#![expect(clippy::print_stderr, reason = "this program prints its errors")]

mod fetch;

use core::time::Duration;
use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use clap::Parser;
use highchat_conformance::remote::{Process, Remote};
use highchat_conformance::{ALIKE, Capability, Check, IN_A_THREAD, TRIALS};

/// Judges a HighChat client that another program contains.
///
/// The program reads commands from its standard input and writes answers to its standard output,
/// a JSON object a line. The documentation of `highchat_conformance::remote` describes them.
#[derive(Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Options {
    /// Run only rows whose name contains TEXT; may be repeated
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// The client does not support this; may be repeated
    #[arg(long, value_name = "CAPABILITY")]
    without: Vec<Capability>,
    /// Let sessions use the service's public slug instead of a key
    #[arg(long)]
    by_slug: bool,
    /// The client's HTTP client is `fetch`: it decodes gzip, and drops what it has not passed on
    /// when a connection is lost
    #[arg(long)]
    fetch: bool,
    /// As --fetch, in a page of a browser: leave out rows in which Chromium sends the message again
    /// by itself, or hides a header from the page
    #[arg(long)]
    browser: bool,
    /// With --fetch or --browser: the client does not see that an answer is a redirect
    #[arg(long)]
    hides_redirects: bool,
    /// The time limit of a row in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
    /// How many rows run at the same time
    #[arg(long, value_name = "ROWS", default_value_t = 16)]
    at_once: usize,
    /// Show the rows that passed too
    #[arg(long)]
    all: bool,
    /// Print the report as a JSON object
    #[arg(long)]
    json: bool,
    /// The program with the client, and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

const AFTER_HELP: &str = "\
Capabilities: thread, cancel, rate, resume, seed, long-heads, several-exchanges, kept-connections.

Exit status: 0 if no row failed and at least one passed, 1 otherwise, 2 after a wrong option or \
if the program cannot be started.";

fn main() -> ExitCode {
    let options = Options::parse();
    let Some((program, arguments)) = options.command.split_first() else {
        return ExitCode::from(2);
    };
    let process = match Process::start(Command::new(program).args(arguments)) {
        Ok(process) => Arc::new(process),
        Err(error) => {
            eprintln!("{}: {error}", program.to_string_lossy());
            return ExitCode::from(2);
        }
    };
    let report = check(&options, process).run();
    if options.json {
        println!("{}", report.to_json());
    } else if options.all {
        println!("{report:#}");
    } else {
        println!("{report}");
    }
    ExitCode::from(u8::from(!report.is_conformant()))
}

fn check(options: &Options, process: Arc<Process>) -> Check {
    let mut check = Check::new(move |endpoint, config, saved| {
        Remote::open(&process, &endpoint, &config, saved.as_ref())
    })
    .patience(Duration::from_secs(options.patience))
    .at_once(options.at_once);
    for text in &options.only {
        check = check.only(text);
    }
    for capability in &options.without {
        check = check.without(*capability);
    }
    if options.by_slug {
        check = check.by_slug();
    }
    if options.fetch || options.browser {
        let rows = TRIALS.iter().chain(IN_A_THREAD).chain(ALIKE).copied();
        let rows = rows.map(fetch::over_fetch).map(|row| {
            if options.hides_redirects {
                fetch::without_redirects(row)
            } else {
                row
            }
        });
        let is_left_out = |row: &_| options.browser && fetch::is_impossible_in_a_browser(row);
        let rows = rows.filter(|row| !is_left_out(row));
        check = check.with_trials(rows).word_by_word();
    }
    check
}
