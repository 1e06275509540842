//! How the terminal hands over what is typed.

use std::io;
use std::os::fd::AsFd;
use std::panic;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::standard;

/// From here on the terminal marks where a paste begins and ends.
const WITH_MARKED_PASTES: &str = "\x1b[?2004h";
/// No longer; and rows that are too long are continued, which they are not while a line is
/// drawn.
const AS_FOUND: &str = "\x1b[?2004l\x1b[?7h";

/// The terminal's modes as they were found; clones are the same.
#[derive(Clone)]
pub(super) struct Mode {
    terminal: Arc<OwnedFd>,
    output: Arc<OwnedFd>,
    found: Termios,
}

impl Mode {
    pub(super) fn found() -> io::Result<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        Self::of(input, io::stdout().as_fd().try_clone_to_owned()?)
    }

    fn of(terminal: OwnedFd, output: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            found: tcgetattr(&terminal)?,
            terminal: Arc::new(terminal),
            output: Arc::new(output),
        })
    }

    /// Takes the terminal, until the guard is dropped or anything panics.
    pub(super) fn take(&self) -> io::Result<Taken> {
        let (mode, report) = (self.clone(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            mode.give_back_amid();
            report(panic);
        }));
        let taken = Taken(self.clone());
        self.between_lines()?;
        self.print(WITH_MARKED_PASTES)?;
        Ok(taken)
    }

    /// While a line is typed: hands over each key as it is, Ctrl-C too.
    pub(super) fn by_key(&self) -> io::Result<()> {
        self.set(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN | LocalModes::ISIG)
    }

    /// Between two lines: what is typed ahead is no part of the reply that streams, and
    /// waits for the next line. Ctrl-C is a signal.
    pub(super) fn between_lines(&self) -> io::Result<()> {
        self.set(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN)
    }

    fn set(&self, without: LocalModes) -> io::Result<()> {
        let mut modes = self.found.clone();
        modes.local_modes.remove(without);
        let enter = InputModes::ICRNL | InputModes::IXON;
        modes.input_modes.remove(enter);
        self.apply(&modes)
    }

    fn apply(&self, modes: &Termios) -> io::Result<()> {
        Ok(tcsetattr(&self.terminal, OptionalActions::Now, modes)?)
    }

    fn print(&self, text: &str) -> io::Result<()> {
        standard::write(self.output.as_fd(), text.as_bytes())
    }

    /// Leaves the terminal as it was found.
    fn give_back(&self) {
        // It is that way already, or the terminal is gone.
        let _ = self.apply(&self.found);
        let _ = self.print(AS_FOUND);
    }

    /// The same in the middle of a line: what is printed next begins a new one.
    pub(super) fn give_back_amid(&self) {
        self.give_back();
        let _ = self.print("\r\n");
    }

    /// Leaves the terminal as it was found for a while. The result takes it again.
    pub(super) fn lend(&self) -> impl FnOnce() + use<> {
        let (mode, taken) = (self.clone(), tcgetattr(&self.terminal));
        self.give_back_amid();
        move || {
            let _ = taken.map(|taken| mode.apply(&taken));
            let _ = mode.print(WITH_MARKED_PASTES);
        }
    }
}

/// A terminal that is given back when this is dropped.
pub(super) struct Taken(Mode);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode as Permissions, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::thread;

    /// A terminal that nobody looks at, and its other end.
    fn terminal() -> (OwnedFd, OwnedFd) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        (open(name, flags, Permissions::empty()).unwrap(), master)
    }

    fn takes_lines(mode: &Mode) -> bool {
        let modes = tcgetattr(&mode.terminal).unwrap();
        modes
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    #[test]
    fn the_terminal_is_given_back_after_a_panic_and_at_the_end() {
        let (terminal, _master) = terminal();
        let output = terminal.try_clone().unwrap();
        let mode = Mode::of(terminal, output).unwrap();
        let taken = mode.take().unwrap();
        assert!(!takes_lines(&mode));
        mode.by_key().unwrap();
        let panicked = thread::spawn(|| panic!("թեստի համար")).join();
        assert!(panicked.is_err());
        assert!(takes_lines(&mode), "after a panic in another thread");

        mode.by_key().unwrap();
        assert!(!takes_lines(&mode));
        drop(taken);
        assert!(takes_lines(&mode), "at the end");
    }
}
