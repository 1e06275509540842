//! The thread that reads the keyboard.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

use super::editor::Editor;
use super::interrupts::Interrupts;
use super::lines::Lines;
use super::typed::Typed;

/// Reads lines on a thread of its own, one each time that [`ask`](Self::ask) is called.
pub(super) struct Keyboard {
    ask: Sender<()>,
    typed: Receiver<Typed>,
    has_editor: bool,
}

impl Keyboard {
    /// Starts the thread; it uses the editor if there is one.
    pub(super) fn start(editor: Option<Editor>, interrupts: Interrupts) -> Self {
        let has_editor = editor.is_some();
        let (ask, typed) = match editor {
            Some(mut editor) => spawn(interrupts, move |interrupts| {
                editor.read(interrupts).unwrap_or_else(|error| {
                    log::info!("the terminal is gone: {error}");
                    Typed::End
                })
            }),
            None => {
                let mut lines = Lines::new();
                spawn(interrupts, move |interrupts| {
                    let typed = lines.read();
                    interrupts.begin();
                    typed
                })
            }
        };
        Self {
            ask,
            typed,
            has_editor,
        }
    }

    /// Whether lines are edited at the bottom of the terminal.
    pub(super) const fn has_editor(&self) -> bool {
        self.has_editor
    }

    /// Starts to read the next line.
    pub(super) fn ask(&self) {
        // If the thread is gone, `wait` and `check` report it.
        let _ = self.ask.send(());
    }

    /// Waits for the line.
    pub(super) fn wait(&self) -> Typed {
        self.typed.recv().unwrap_or(Typed::Lost)
    }

    /// Returns the line if it has been typed.
    pub(super) fn check(&self) -> Option<Typed> {
        match self.typed.try_recv() {
            Ok(typed) => Some(typed),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Typed::Lost),
        }
    }
}

/// Starts a thread that reads once per request. `read` marks the chat as busy after each
/// line.
fn spawn(
    interrupts: Interrupts,
    mut read: impl FnMut(&Interrupts) -> Typed + Send + 'static,
) -> (Sender<()>, Receiver<Typed>) {
    let (ask, asked) = channel();
    let (sender, typed) = channel();
    thread::spawn(move || {
        // Dropped after `sender`, so that a woken session finds the channel closed.
        let _at_end = WakeAtEnd(interrupts.clone());
        let sender = sender;
        for () in asked {
            let typed = read(&interrupts);
            if sender.send(typed).is_err() {
                break;
            }
            interrupts.wake();
        }
    });
    (ask, typed)
}

struct WakeAtEnd(Interrupts);

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highchat_proto::{ConversationId, Credentials, Endpoint, Saved, State};
    use highchat_ureq::{Client, Session};

    #[test]
    fn a_panic_of_the_keyboard_thread_is_reported_and_wakes_the_session() {
        let endpoint = Endpoint::new("http://127.0.0.1:9", Credentials::none()).unwrap();
        let saved = Saved::new(ConversationId::new("c1").unwrap()).with_state(State::Human);
        let mut session = Session::resume(Client::new(endpoint), saved);
        let interrupts = Interrupts::new(session.canceller());
        let (ask, typed) = spawn(interrupts, |_| panic!("թեստի համար"));
        let keyboard = Keyboard {
            ask,
            typed,
            has_editor: false,
        };
        assert_eq!(keyboard.check(), None);
        keyboard.ask();
        assert_eq!(keyboard.wait(), Typed::Lost);
        assert_eq!(keyboard.check(), Some(Typed::Lost));
        // Without the wake, this would take 60 s.
        let waited = std::time::Instant::now();
        while session
            .next_timeout(core::time::Duration::from_secs(60))
            .update()
            .is_some()
        {}
        assert!(waited.elapsed() < core::time::Duration::from_secs(30));
    }
}
