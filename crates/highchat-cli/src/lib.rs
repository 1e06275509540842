//! The program `highchat`: talk to a HighChat bot from a terminal or a script.
//!
//! The README of this crate describes its commands, exit status and `--json` output. The
//! library has one function, [`run`].

#![forbid(unsafe_code)]
// These macros panic if the output cannot be written.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod ask;
mod chat;
mod check;
mod completions;
mod connection;
mod exit;
mod follow;
mod input;
mod logging;
#[cfg(test)]
mod manual;
mod options;
mod problem;
mod proxy;
mod purpose;
mod rate;
mod report;
mod run;
mod sandbox;
mod screen;
mod shell;
mod signals;
mod standard;
mod thread;
mod watch;

use std::io;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::Parser;

use crate::exit::Exit;
use crate::options::{Command, Options};

/// Runs the program with the arguments and the environment of the process. Returns its exit
/// code.
#[must_use]
pub fn run() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => return print(&error).into(),
    };
    let exit = match options.command {
        Command::Ask(options) => ask::run(&options).unwrap_or_else(|exit| exit),
        Command::Chat(options) => chat::run(&options).unwrap_or_else(|exit| exit),
        Command::Watch(options) => watch::run(&options).unwrap_or_else(|exit| exit),
        Command::Rate(options) => rate::run(&options).unwrap_or_else(|exit| exit),
        Command::Sandbox(options) => sandbox::run(options),
        Command::Proxy(options) => proxy::run(options),
        Command::Completions(options) => completions::run(&options),
    };
    exit.into()
}

/// Prints the help, the version, or what is wrong with the arguments.
fn print(error: &clap::Error) -> Exit {
    let choice = if error.use_stderr() {
        AutoStream::choice(&io::stderr())
    } else {
        AutoStream::choice(&io::stdout())
    };
    let text = match choice {
        ColorChoice::Never => error.render().to_string(),
        _ => error.render().ansi().to_string(),
    };
    if error.use_stderr() {
        standard::err(&text);
        Exit::Usage
    } else if standard::last_out(&text) {
        Exit::Complete
    } else {
        Exit::Other
    }
}
