//! In which form to tell, and how much.

use clap::{ArgAction, Args};

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,

    /// Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if
    /// CLICOLOR_FORCE is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]
    ///
    /// Neither shows a key or the text of a message. HIGHCHAT_LOG=1 is -v, 2 is -vv.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
