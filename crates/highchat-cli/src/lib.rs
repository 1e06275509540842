//! The program `highchat`: talk to a HighChat bot from a terminal or a script.
//!
//! Its contract (commands, output, exit status, NDJSON) stands in the project's
//! README. As a library it offers [`sanitise`], which stands between text that a
//! service wrote and a person's terminal.

#![forbid(unsafe_code)]

mod ask;
mod bubble;
mod chat;
mod check;
mod completions;
mod connection;
mod exit;
mod follow;
mod input;
mod logging;
mod ndjson;
mod options;
mod proxy;
mod rate;
mod report;
mod run;
mod sandbox;
pub mod sanitise;
mod screen;
mod shell;
mod signals;
mod standard;
mod thread;
mod told;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, Options};

/// Runs the program with the arguments and the environment of the process.
#[must_use]
pub fn run() -> ExitCode {
    let exit = match Options::parse().command {
        Command::Ask(options) => ask::run(&options),
        Command::Chat(options) => chat::run(&options),
        Command::Watch(options) => watch::run(&options),
        Command::Rate(options) => rate::run(&options),
        Command::Sandbox(options) => sandbox::run(options),
        Command::Proxy(options) => proxy::run(options),
        Command::Completions(options) => completions::run(&options),
    };
    exit.into()
}
