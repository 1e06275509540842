//! Standard output and standard error, with perhaps a line between them that is being
//! typed.

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Both outputs; cheap to clone, and all clones are the same screen.
///
/// While the prompt is up, what is printed is held for the thread that has the
/// keyboard, which shows it above the line that is being typed.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    prompt: Mutex<Prompt>,
    /// Whether something is held: what makes the editor give up the line for a moment.
    wanted: Arc<AtomicBool>,
}

#[derive(Default)]
struct Prompt {
    is_up: bool,
    held: String,
}

impl Screen {
    /// Prints to standard output, as it is.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        if text.is_empty() || self.hold(text) {
            return Ok(());
        }
        write(&mut io::stdout().lock(), text)
    }

    /// Prints to standard error. Nothing can be told any more where that is gone.
    pub(crate) fn err(&self, text: &str) {
        if !self.hold(text) {
            let _ = write(&mut io::stderr().lock(), text);
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

    /// Shows the line that is being typed again, where there is one.
    pub(crate) fn show_again(&self) {
        let prompt = self.prompt();
        self.0.wanted.store(prompt.is_up, Ordering::Relaxed);
    }

    /// No line is being typed any more; what was held for it is shown.
    pub(crate) fn lower_prompt(&self) -> io::Result<()> {
        let held = {
            let mut prompt = self.prompt();
            prompt.is_up = false;
            self.take(&mut prompt)
        };
        write(&mut io::stdout().lock(), &held)
    }

    /// What is to be shown above the line.
    pub(crate) fn take_held(&self) -> String {
        self.take(&mut self.prompt())
    }

    /// Set while something is held.
    pub(crate) fn wanted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.wanted)
    }

    fn hold(&self, text: &str) -> bool {
        let mut prompt = self.prompt();
        if prompt.is_up {
            prompt.held.push_str(text);
            self.0.wanted.store(true, Ordering::Relaxed);
        }
        prompt.is_up
    }

    fn take(&self, prompt: &mut Prompt) -> String {
        self.0.wanted.store(false, Ordering::Relaxed);
        core::mem::take(&mut prompt.held)
    }

    fn prompt(&self) -> MutexGuard<'_, Prompt> {
        self.0.prompt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(output: &mut impl Write, text: &str) -> io::Result<()> {
    output.write_all(text.as_bytes())?;
    output.flush()
}
