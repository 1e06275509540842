//! Standard output and standard error, above the line that is being edited.

use std::io::{self, IsTerminal, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::standard;

/// Both outputs. Clones are cheap and share the same screen.
///
/// While a line is edited, printed text is held for the keyboard thread, which shows it
/// above the line.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    prompt: Mutex<Prompt>,
    /// Wakes the keyboard thread when text is held.
    waker: OnceLock<UnixStream>,
}

#[derive(Default)]
struct Prompt {
    is_up: bool,
    held: Held,
}

/// Changes of the screen while a line is edited.
#[derive(Default)]
pub(crate) struct Held {
    /// The text to show above the line.
    pub(crate) text: String,
    /// Another program used the terminal: the cursor is at the start of an empty row, and
    /// the line must be drawn again.
    pub(crate) needs_redraw: bool,
}

impl Screen {
    /// Prints to standard output.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        if text.is_empty() || self.hold(text) {
            return Ok(());
        }
        standard::out(text)
    }

    /// Prints to standard error. Errors are ignored, because they cannot be reported.
    pub(crate) fn err(&self, text: &str) {
        if !self.hold(text) {
            standard::err(text);
        }
    }

    /// Whether standard output and standard error are terminals; they are assumed to be the
    /// same one.
    pub(crate) fn is_terminal() -> bool {
        io::stdout().is_terminal() && io::stderr().is_terminal()
    }

    /// A line is being edited from now on.
    pub(crate) fn raise_prompt(&self) {
        self.prompt().is_up = true;
    }

    /// Draws the edited line again, if there is one, after another program used the
    /// terminal.
    pub(crate) fn redraw(&self) {
        let mut prompt = self.prompt();
        if prompt.is_up {
            prompt.held.needs_redraw = true;
            self.wake();
        }
    }

    /// No line is edited from now on. Prints the held text.
    pub(crate) fn lower_prompt(&self) -> io::Result<()> {
        let mut prompt = self.prompt();
        prompt.is_up = false;
        standard::out(&core::mem::take(&mut prompt.held).text)
    }

    /// Returns the changes since the line was drawn last.
    pub(crate) fn take_held(&self) -> Held {
        core::mem::take(&mut self.prompt().held)
    }

    /// Sets the socket that gets one byte whenever text is held.
    pub(crate) fn wake_by(&self, waker: UnixStream) {
        // Each process has one editor.
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
            // If the socket is full, its reader has enough bytes to wake up.
            let _ = waker.write(&[0]);
        }
    }

    fn prompt(&self) -> MutexGuard<'_, Prompt> {
        self.0.prompt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
