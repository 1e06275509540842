//! The terminal's input mode.

use std::io;
use std::os::fd::AsFd;
use std::panic;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::standard;

/// Makes the terminal mark the start and the end of a paste.
const MARKED_PASTES: &str = "\x1b[?2004h";
/// Turns marked pastes off and automatic wrapping on, which is off while a line is drawn.
const RESTORED: &str = "\x1b[?2004l\x1b[?7h";

/// The terminal and the mode that it had at the start. Clones share the terminal.
#[derive(Clone)]
pub(super) struct Mode {
    terminal: Arc<OwnedFd>,
    output: Arc<OwnedFd>,
    found: Termios,
}

impl Mode {
    pub(super) fn current() -> io::Result<Self> {
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

    /// Changes the mode until the guard is dropped or a thread panics.
    pub(super) fn enter(&self) -> io::Result<ModeGuard> {
        let (mode, report) = (self.clone(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            mode.restore_within_line();
            report(panic);
        }));
        let guard = ModeGuard(self.clone());
        self.between_lines()?;
        self.print(MARKED_PASTES)?;
        Ok(guard)
    }

    /// The mode while a line is edited: each key is delivered at once, Ctrl-C too.
    pub(super) fn by_key(&self) -> io::Result<()> {
        self.set(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN | LocalModes::ISIG)
    }

    /// The mode between two lines: keys are not shown, so they do not mix with the reply,
    /// and they are kept for the next line. Ctrl-C is a signal.
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

    /// Restores the mode that the terminal had at the start.
    fn restore(&self) {
        // An error means that the terminal is gone.
        let _ = self.apply(&self.found);
        let _ = self.print(RESTORED);
    }

    /// Restores the mode while the cursor may be inside a line, and begins a new line.
    pub(super) fn restore_within_line(&self) {
        self.restore();
        let _ = self.print("\r\n");
    }

    /// Restores the mode for a while. The returned function changes it back.
    pub(super) fn suspend(&self) -> impl FnOnce() + use<> {
        let (mode, changed) = (self.clone(), tcgetattr(&self.terminal));
        self.restore_within_line();
        move || {
            let _ = changed.map(|changed| mode.apply(&changed));
            let _ = mode.print(MARKED_PASTES);
        }
    }
}

/// Restores the terminal when it is dropped.
pub(super) struct ModeGuard(Mode);

impl Drop for ModeGuard {
    fn drop(&mut self) {
        self.0.restore();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode as Permissions, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::thread;

    /// A pseudo-terminal and its other end.
    fn terminal() -> (OwnedFd, OwnedFd) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        (open(name, flags, Permissions::empty()).unwrap(), master)
    }

    fn is_restored(mode: &Mode) -> bool {
        let modes = tcgetattr(&mode.terminal).unwrap();
        modes
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    #[test]
    fn the_terminal_is_restored_after_a_panic_and_at_the_end() {
        let (terminal, _master) = terminal();
        let output = terminal.try_clone().unwrap();
        let mode = Mode::of(terminal, output).unwrap();
        let guard = mode.enter().unwrap();
        assert!(!is_restored(&mode));
        mode.by_key().unwrap();
        let panicked = thread::spawn(|| panic!("թեստի համար")).join();
        assert!(panicked.is_err());
        assert!(is_restored(&mode), "after a panic in another thread");

        mode.by_key().unwrap();
        assert!(!is_restored(&mode));
        drop(guard);
        assert!(is_restored(&mode), "at the end");
    }
}
