//! `highchat ask`: one message, one reply.

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

/// The exit status, also if the run did not begin: then as an error.
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

/// Sends the message and tells what comes; fails only where that cannot be told.
fn ask(options: &AskOptions, run: &Run, thread: &Thread) -> io::Result<Exit> {
    let message = match input::message(&options.message) {
        Ok(message) => message,
        Err(problem) => return run.report().invalid_message(problem),
    };
    if options.wait == Some(None) && is_seconds_among(&options.message) {
        let report = run.report();
        report.note("a number after --wait is part of the message; seconds are --wait=SECONDS");
    }
    let mut session = thread.session(run.client.clone());
    let exit = reply(&mut session, message, run)?;
    if exit != Exit::Complete || !session.conversation().state().is_handoff() {
        return Ok(exit);
    }
    match options.wait {
        Some(limit) if session.conversation().is_polling() => {
            follow::to_its_end(&mut session, limit, run)
        }
        _ => {
            follow::note(&session, run);
            Ok(exit)
        }
    }
}

fn reply(session: &mut Session, message: Message, run: &Run) -> io::Result<Exit> {
    run.report().begin_turn();
    // The first message of a session finds no turn before it.
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

/// Whether a number stands where somebody who writes `--wait 30` puts it.
fn is_seconds_among(words: &[String]) -> bool {
    let ends = [words.first(), words.last()];
    let is_number = |word: &&String| word.parse::<f64>().is_ok();
    ends.iter().flatten().any(is_number)
}
