//! The thread that has the keyboard.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::editor::Editor;
use super::interrupts::Interrupts;
use super::lines::Lines;
use super::typed::Typed;
use crate::screen::Screen;

/// What is typed, one line after another, each when it is asked for.
pub(super) struct Keyboard {
    ask: Sender<()>,
    typed: Receiver<Typed>,
    has_editor: Arc<AtomicBool>,
}

impl Keyboard {
    /// Takes the keyboard: with an editor, where there is one.
    pub(super) fn start(
        mut editor: Option<Editor>,
        interrupts: Interrupts,
        screen: &Screen,
    ) -> Self {
        let (ask, asked) = channel();
        let (sender, typed) = channel();
        let has_editor = Arc::new(AtomicBool::new(editor.is_some()));
        let (screen, edits) = (screen.clone(), Arc::clone(&has_editor));
        thread::spawn(move || {
            for () in asked {
                let typed = match editor.as_mut().map(Editor::read) {
                    Some(Ok(typed)) => typed,
                    Some(Err(error)) => {
                        log::info!("no line can be edited here: {error}");
                        // A terminal that does not answer what it is asked has lines all
                        // the same.
                        editor = None;
                        edits.store(false, Ordering::SeqCst);
                        let _ = screen.lower_prompt();
                        Lines::read()
                    }
                    None => Lines::read(),
                };
                interrupts.begin();
                if sender.send(typed).is_err() {
                    break;
                }
                interrupts.wake();
            }
        });
        Self {
            ask,
            typed,
            has_editor,
        }
    }

    /// Whether lines can be edited, and so stand at the bottom of what is printed.
    pub(super) fn has_editor(&self) -> bool {
        self.has_editor.load(Ordering::SeqCst)
    }

    /// Lets the next line be typed.
    pub(super) fn ask(&self) {
        // Where the thread is gone, nothing is typed any more, which is told there.
        let _ = self.ask.send(());
    }

    /// Waits for what was asked for.
    pub(super) fn wait(&self) -> Typed {
        self.typed.recv().unwrap_or(Typed::End)
    }

    /// What was asked for, where it is there.
    pub(super) fn check(&self) -> Option<Typed> {
        self.typed.try_recv().ok()
    }
}
