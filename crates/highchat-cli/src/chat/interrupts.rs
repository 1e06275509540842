//! Ctrl-C while no line is being typed.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highchat_ureq::Canceller;

/// Connects the keyboard and signal threads with the session. Clones share their state.
#[derive(Clone)]
pub(super) struct Interrupts(Arc<Shared>);

struct Shared {
    canceller: Mutex<Canceller>,
    /// Whether a command runs: from the end of a line until the next line is asked for.
    is_busy: AtomicBool,
    /// Whether Ctrl-C was pressed while the command runs.
    is_stop_requested: AtomicBool,
}

impl Interrupts {
    pub(super) fn new(canceller: Canceller) -> Self {
        Self(Arc::new(Shared {
            canceller: Mutex::new(canceller),
            is_busy: AtomicBool::new(false),
            is_stop_requested: AtomicBool::new(false),
        }))
    }

    /// Replaces the session that Ctrl-C cancels.
    pub(super) fn set_canceller(&self, canceller: Canceller) {
        *self.canceller() = canceller;
    }

    /// A command begins.
    pub(super) fn begin(&self) {
        self.0.is_stop_requested.store(false, Ordering::SeqCst);
        self.0.is_busy.store(true, Ordering::SeqCst);
    }

    /// The command has finished.
    pub(super) fn finish(&self) {
        self.0.is_busy.store(false, Ordering::SeqCst);
    }

    /// Whether the running command must stop.
    pub(super) fn is_stop_requested(&self) -> bool {
        self.0.is_stop_requested.load(Ordering::SeqCst)
    }

    /// Wakes the session from its wait.
    pub(super) fn wake(&self) {
        self.canceller().wake();
    }

    /// Handles Ctrl-C: cancels the running command. Returns `false` if the program must
    /// end.
    ///
    /// At the prompt, an editor gets Ctrl-C as a key, so a signal there changes nothing.
    pub(super) fn interrupt(&self, has_editor: bool) -> bool {
        if !self.0.is_busy.load(Ordering::SeqCst) {
            return has_editor;
        }
        if self.0.is_stop_requested.swap(true, Ordering::SeqCst) {
            return false;
        }
        self.canceller().cancel();
        true
    }

    fn canceller(&self) -> MutexGuard<'_, Canceller> {
        self.0
            .canceller
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
