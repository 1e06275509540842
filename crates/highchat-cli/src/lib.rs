//! The program `highchat`: talk to a HighChat bot from a terminal or a script.
//!
//! Its contract (commands, output, exit status, NDJSON) stands in the project's
//! README. As a library it offers [`sanitise`], which stands between text that a
//! service wrote and a person's terminal.

#![forbid(unsafe_code)]

mod ask;
mod connection;
mod exit;
mod input;
mod ndjson;
mod options;
mod report;
mod sandbox;
pub mod sanitise;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, Options};

/// Runs the program with the arguments and the environment of the process.
#[must_use]
pub fn run() -> ExitCode {
    let exit = match Options::parse().command {
        Command::Ask(options) => ask::run(&options),
        Command::Sandbox(options) => sandbox::run(options),
    };
    exit.into()
}
