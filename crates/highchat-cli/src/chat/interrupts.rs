//! Ctrl-C while no line is being typed.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highchat_ureq::Canceller;

/// What reaches into the session from the other threads; clones are the same.
#[derive(Clone)]
pub(super) struct Interrupts(Arc<Shared>);

struct Shared {
    canceller: Mutex<Canceller>,
    /// From the line's end until the next one is asked for.
    is_busy: AtomicBool,
    /// Whether a stop was asked for meanwhile.
    is_asked: AtomicBool,
}

impl Interrupts {
    pub(super) fn new(canceller: Canceller) -> Self {
        Self(Arc::new(Shared {
            canceller: Mutex::new(canceller),
            is_busy: AtomicBool::new(false),
            is_asked: AtomicBool::new(false),
        }))
    }

    /// There is another session from here on.
    pub(super) fn set_canceller(&self, canceller: Canceller) {
        *self.canceller() = canceller;
    }

    /// Something was typed, and is being done.
    pub(super) fn begin(&self) {
        self.0.is_asked.store(false, Ordering::SeqCst);
        self.0.is_busy.store(true, Ordering::SeqCst);
    }

    /// It is done.
    pub(super) fn finish(&self) {
        self.0.is_busy.store(false, Ordering::SeqCst);
    }

    /// Whether what is being done is to be stopped.
    pub(super) fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::SeqCst)
    }

    /// Lets the session look up from its wait.
    pub(super) fn wake(&self) {
        self.canceller().wake();
    }

    /// Ctrl-C: stops what is being done; `false` where it is to end the program. An editor
    /// that has the keyboard hears its own, so that another one at the prompt is nothing.
    pub(super) fn interrupt(&self, has_editor: bool) -> bool {
        if !self.0.is_busy.load(Ordering::SeqCst) {
            return has_editor;
        }
        if self.0.is_asked.swap(true, Ordering::SeqCst) {
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
