//! Standard output and standard error, with perhaps a line between them that is being
//! typed.

use std::io::{self, IsTerminal, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::standard;

/// Both outputs; cheap to clone, and all clones are the same screen.
///
/// While the prompt is up, what is printed is held for the thread that has the
/// keyboard, which shows it above the line that is being typed.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    prompt: Mutex<Prompt>,
    /// Wakes the thread that has the keyboard when something is held.
    waker: OnceLock<UnixStream>,
}

#[derive(Default)]
struct Prompt {
    is_up: bool,
    held: Held,
}

/// What happened to the screen while a line is being typed.
#[derive(Default)]
pub(crate) struct Held {
    /// What is to be shown above the line.
    pub(crate) text: String,
    /// Others had the terminal: the cursor is at the start of an empty row, and the line is
    /// not on the screen, or somewhere else.
    pub(crate) is_elsewhere: bool,
}

impl Screen {
    /// Prints to standard output, as it is.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        if text.is_empty() || self.hold(text) {
            return Ok(());
        }
        standard::out(text)
    }

    /// Prints to standard error. Nothing can be told any more where that is gone.
    pub(crate) fn err(&self, text: &str) {
        if !self.hold(text) {
            standard::err(text);
        }
    }

    /// Whether both are one terminal, as far as can be known.
    pub(crate) fn is_terminal() -> bool {
        io::stdout().is_terminal() && io::stderr().is_terminal()
    }

    /// From here on a line is being typed.
    pub(crate) fn raise_prompt(&self) {
        self.prompt().is_up = true;
    }

    /// Shows the line that is being typed again, if there is one: others had the terminal.
    pub(crate) fn show_again(&self) {
        let mut prompt = self.prompt();
        if prompt.is_up {
            prompt.held.is_elsewhere = true;
            self.wake();
        }
    }

    /// No line is being typed from here on; what was held for it is shown.
    pub(crate) fn lower_prompt(&self) -> io::Result<()> {
        let mut prompt = self.prompt();
        prompt.is_up = false;
        standard::out(&core::mem::take(&mut prompt.held).text)
    }

    /// What happened since the line was drawn last.
    pub(crate) fn take_held(&self) -> Held {
        core::mem::take(&mut self.prompt().held)
    }

    /// From here on one byte is written there whenever something is held.
    pub(crate) fn wake_by(&self, waker: UnixStream) {
        // There is one editor a process.
        let _ = self.0.waker.set(waker);
    }

    fn hold(&self, text: &str) -> bool {
        let mut prompt = self.prompt();
        if prompt.is_up {
            prompt.held.text.push_str(text);
            self.wake();
        }
        prompt.is_up
    }

    fn wake(&self) {
        if let Some(mut waker) = self.0.waker.get() {
            // If it is full, whoever reads it is awake.
            let _ = waker.write(&[0]);
        }
    }

    fn prompt(&self) -> MutexGuard<'_, Prompt> {
        self.0.prompt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
