//! Options for the form and the amount of output.

use clap::{ArgAction, Args};

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,

    /// Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and
    /// other outputs if CLICOLOR_FORCE is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Log to standard error; -vv logs more [env: HIGHCHAT_LOG]
    ///
    /// The log never contains a key or the text of a message. HIGHCHAT_LOG=1 is -v,
    /// HIGHCHAT_LOG=2 is -vv.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
