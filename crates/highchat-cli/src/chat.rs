//! `highchat chat`: a conversation at the terminal, with handoff to a person.
//!
//! ```text
//!   keyboard ── Typed ──▶ ChatLoop ── send, rate, next ──▶ Session
//!      ▲  │                  │                                ▲
//!      │  └───── wake ───────┼────────────────────────────────┤
//!      └── read next line ───┘              Ctrl-C ── cancel ──┘
//! ```
//!
//! One thread reads the keyboard, one drives the session, and one handles signals. The
//! keyboard thread reads the next line when the turn before it is over. Text that is
//! printed while a line is typed appears above that line.

mod chat_loop;
mod command;
mod editor;
mod interrupts;
mod keyboard;
mod lines;
mod mode;
mod typed;

use std::io::{self, IsTerminal};

use crate::exit::Exit;
use crate::options::ChatOptions;
use crate::purpose::Purpose;
use crate::report::usage_error;
use crate::run::Run;
use crate::signals;
use crate::thread::Thread;

use chat_loop::ChatLoop;
use editor::Editor;
use interrupts::Interrupts;
use keyboard::Keyboard;
use mode::Mode;

/// Runs the command. Returns the exit status: `Ok` after a run, `Err` if the run could not begin.
pub(crate) fn run(options: &ChatOptions) -> Result<Exit, Exit> {
    let thread = Thread::resolve(&options.thread, &options.service)
        .map_err(|message| usage_error(options.output.color, &message))?;
    let run = Run::begin(
        &options.service,
        &options.output,
        Purpose::Chat,
        thread.conversation.clone(),
    )?;
    let exit = chat(&run, thread);
    Ok(run.end(exit))
}

fn chat(run: &Run, thread: Thread) -> io::Result<Exit> {
    let session = thread.session(run.client.clone());
    let interrupts = Interrupts::new(session.canceller());
    let editor = Editor::new(&run.screen, run.report().is_coloured());
    let mode = editor.as_ref().map(Editor::mode);
    // The guard restores the terminal on every way out of this function.
    let _guard = mode.as_ref().map(Mode::enter).transpose()?;
    if let Some(mode) = &mode {
        let restored = mode.clone();
        signals::die_on_signal(move || restored.restore_within_line())?;
        let (mode, screen) = (mode.clone(), run.screen.clone());
        signals::stop_on_signal(move || {
            let (resume, screen) = (mode.suspend(), screen.clone());
            move || {
                resume();
                screen.redraw();
            }
        })?;
    }
    let for_signals = interrupts.clone();
    // Ctrl-C ends the program if standard input is a script: half of a script must not run.
    let is_typed = io::stdin().is_terminal();
    signals::end_on_signal_unless(run.shared_report(), move |exit| {
        let is_interrupt = is_typed && exit == Exit::Interrupted;
        let is_used = is_interrupt && for_signals.interrupt(mode.is_some());
        if let Some(mode) = mode.as_ref().filter(|_| !is_used) {
            mode.restore_within_line();
        }
        is_used
    })?;
    let keyboard = Keyboard::start(editor, interrupts.clone());
    ChatLoop::new(run, thread, session, keyboard, interrupts).run()
}
