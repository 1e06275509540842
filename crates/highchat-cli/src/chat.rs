//! `highchat chat`: a conversation at the terminal, handoff included.
//!
//! ```text
//!   keyboard ── Typed ──▶ talk ── send, rate, next ──▶ Session
//!      ▲  │                │                              ▲
//!      │  └──── wake ──────┼──────────────────────────────┤
//!      └── the next line ──┘           Ctrl-C ── cancel ──┘
//! ```
//!
//! One thread has the keyboard, another the session, a third the signals. A line is asked
//! for when the turn before it is over; what happens meanwhile stands above it.

mod command;
mod editor;
mod interrupts;
mod keyboard;
mod lines;
mod mode;
mod talk;
mod typed;

use std::io::{self, IsTerminal};

use crate::exit::Exit;
use crate::options::ChatOptions;
use crate::purpose::Purpose;
use crate::report::usage_error;
use crate::run::Run;
use crate::signals;
use crate::thread::Thread;

use editor::Editor;
use interrupts::Interrupts;
use keyboard::Keyboard;
use mode::Mode;
use talk::Talk;

/// The exit status, also if the run did not begin: then as an error.
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
    // Given back however this ends.
    let _taken = mode.as_ref().map(Mode::take).transpose()?;
    if let Some(mode) = &mode {
        let given_back = mode.clone();
        signals::die_on_signal(move || given_back.give_back_amid())?;
        let (mode, screen) = (mode.clone(), run.screen.clone());
        signals::stop_on_signal(move || {
            let (take_back, screen) = (mode.lend(), screen.clone());
            move || {
                take_back();
                screen.show_again();
            }
        })?;
    }
    let (for_signals, amid) = (interrupts.clone(), mode);
    // What a script does is not stopped in part.
    let is_typed = io::stdin().is_terminal();
    signals::end_on_signal_unless(run.shared_report(), move |exit| {
        let is_interrupt = is_typed && exit == Exit::Interrupted;
        let is_used = is_interrupt && for_signals.interrupt(amid.is_some());
        if let Some(mode) = amid.as_ref().filter(|_| !is_used) {
            mode.give_back_amid();
        }
        is_used
    })?;
    let keyboard = Keyboard::start(editor, interrupts.clone());
    Talk::new(run, thread, session, keyboard, interrupts).until_it_ends()
}
