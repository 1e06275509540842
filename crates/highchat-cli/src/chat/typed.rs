//! The input of a chat.

/// One input from the keyboard or from standard input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Line(String),
    /// A line that cannot be a message, and the reason.
    Refused(String),
    /// The rest of the input cannot be read, for this reason.
    Unreadable(String),
    /// Ctrl-C, and whether the line was empty.
    Interrupt {
        was_empty: bool,
    },
    /// Ctrl-D, or the end of the input.
    End,
    /// The keyboard thread panicked.
    Lost,
}
