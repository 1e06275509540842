//! How the terminal hands over what is typed.

use std::io::{self, Write};

use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// What ends the wrapping of what is pasted, which an editor asked for.
const NO_BRACKETS: &[u8] = b"\x1b[?2004l\r\n";

/// The terminal's modes as they were found.
#[derive(Clone)]
pub(super) struct Mode(Termios);

impl Mode {
    pub(super) fn found() -> io::Result<Self> {
        Ok(Self(tcgetattr(io::stdin())?))
    }

    /// While a line is typed: hands over each key as it is, Ctrl-C too. The editor takes
    /// this for what it found and returns to it where it is interrupted, so that no key is
    /// lost then.
    pub(super) fn by_key(&self) -> io::Result<()> {
        self.set(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN | LocalModes::ISIG)
    }

    /// Between two lines: what is typed ahead is no part of the reply that streams, and
    /// waits for the next line. Ctrl-C is a signal.
    pub(super) fn between_lines(&self) -> io::Result<()> {
        self.set(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN)
    }

    fn set(&self, without: LocalModes) -> io::Result<()> {
        let mut modes = self.0.clone();
        modes.local_modes.remove(without);
        let enter = InputModes::ICRNL | InputModes::IXON;
        modes.input_modes.remove(enter);
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    /// Leaves the terminal as it was found.
    pub(super) fn give_back(&self) -> io::Result<()> {
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &self.0)?)
    }

    /// The same, in the middle of a line.
    pub(super) fn give_back_amid(&self) {
        // It is that way already, or the terminal is gone.
        let _ = self.give_back();
        let _ = io::stdout().write_all(NO_BRACKETS);
    }

    /// Leaves the terminal as it was found for a while; what gives it back as it was then.
    pub(super) fn lend(&self) -> impl FnOnce() + use<> {
        let taken = Self::found();
        self.give_back_amid();
        move || {
            let _ = taken.and_then(|taken| taken.give_back());
        }
    }
}
