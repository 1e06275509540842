//! `highchat ask`: sends one message and prints the reply.

use std::io;

use highchat_proto::{Message, Update};
use highchat_ureq::Session;

use crate::exit::Exit;
use crate::options::AskOptions;
use crate::purpose::Purpose;
use crate::report::usage_error;
use crate::run::Run;
use crate::thread::Thread;
use crate::{follow, input};

/// Runs the command. Returns the exit status: `Ok` after a run, `Err` if the run could not begin.
pub(crate) fn run(options: &AskOptions) -> Result<Exit, Exit> {
    let thread = Thread::resolve(&options.thread, &options.service)
        .map_err(|message| usage_error(options.output.color, &message))?;
    let run = Run::begin(
        &options.service,
        &options.output,
        Purpose::Ask,
        thread.conversation.clone(),
    )?;
    let exit = ask(options, &run, &thread);
    Ok(run.end(exit))
}

/// Sends the message and prints the reply. Fails only if standard output cannot be written.
fn ask(options: &AskOptions, run: &Run, thread: &Thread) -> io::Result<Exit> {
    let message = match input::message(&options.message) {
        Ok(message) => message,
        Err(problem) => return run.report().invalid_message(problem),
    };
    if options.wait == Some(None) && has_number_at_either_end(&options.message) {
        let report = run.report();
        report.note(
            "a number after --wait is part of the message; to limit the wait, use --wait=SECONDS",
        );
    }
    let mut session = thread.session(run.client.clone());
    let exit = reply(&mut session, message, run)?;
    if exit != Exit::Complete || !session.conversation().state().is_handoff() {
        return Ok(exit);
    }
    match options.wait {
        Some(limit) if session.conversation().is_polling() => {
            follow::until_end(&mut session, limit, run)
        }
        _ => {
            follow::note(&session, run);
            Ok(exit)
        }
    }
}

fn reply(session: &mut Session, message: Message, run: &Run) -> io::Result<Exit> {
    run.report().begin_turn();
    // A new session has no turn, so `send` accepts the message.
    if session.send(message).is_err() {
        return Ok(Exit::Other);
    }
    loop {
        let Some(update) = session.next().update() else {
            return Ok(Exit::Other);
        };
        if let Some(exit) = run.update(&update)? {
            if matches!(update, Update::TurnEnded { .. }) {
                return Ok(exit);
            }
        }
    }
}

/// Whether the first or the last word is a number, as it is if somebody writes `--wait 30`.
fn has_number_at_either_end(words: &[String]) -> bool {
    let ends = [words.first(), words.last()];
    let is_number = |word: &&String| word.parse::<f64>().is_ok();
    ends.iter().flatten().any(is_number)
}
