//! `highchat completions`: prints a completion script for a shell.

use clap::CommandFactory;

use crate::exit::Exit;
use crate::options::{CompletionsOptions, Options};
use crate::standard;

pub(crate) fn run(options: &CompletionsOptions) -> Exit {
    let mut script = Vec::new();
    let mut command = Options::command();
    clap_complete::generate(options.shell, &mut command, "highchat", &mut script);
    // A shell that stopped reading has what it needs, so that is no failure.
    if standard::last_out(&String::from_utf8_lossy(&script)) {
        Exit::Complete
    } else {
        Exit::Other
    }
}
