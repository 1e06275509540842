//! What came from the keyboard.

/// One thing that was typed, or read from standard input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Line(String),
    /// A line that cannot be a message, and why.
    Refused(String),
    /// Nothing of the input can be read from here on, and why.
    Unreadable(String),
    /// Ctrl-C; whether there was nothing on the line.
    Interrupt {
        was_empty: bool,
    },
    /// Ctrl-D, or the end of the input.
    End,
    /// The thread that has the keyboard panicked.
    Lost,
}
