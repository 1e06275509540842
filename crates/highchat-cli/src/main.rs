//! The program `highchat`.

use std::process::ExitCode;

fn main() -> ExitCode {
    highchat_cli::run()
}
