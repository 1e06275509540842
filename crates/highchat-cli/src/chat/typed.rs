//! What came from the keyboard.

/// One thing that was typed, or read from standard input.
#[derive(Debug)]
pub(super) enum Typed {
    Line(String),
    /// A line that cannot be a message, and why.
    Refused(String),
    /// Ctrl-C; whether there was nothing on the line.
    Interrupt {
        was_empty: bool,
    },
    /// Ctrl-D, or the end of the input.
    End,
}
