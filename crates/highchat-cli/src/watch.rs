//! `highchat watch`: prints the messages of a person as they arrive.

use std::io;

use highchat_proto::{Saved, State};
use highchat_ureq::Session;

use crate::exit::Exit;
use crate::follow;
use crate::options::WatchOptions;
use crate::purpose::Purpose;
use crate::run::Run;

/// Runs the command. Returns the exit status; it is the error if the run could not begin.
pub(crate) fn run(options: &WatchOptions) -> Result<Exit, Exit> {
    let conversation = Some(options.conversation.clone());
    let run = Run::begin(
        &options.service,
        &options.output,
        Purpose::Watch,
        conversation,
    )?;
    let exit = watch(options, &run);
    Ok(run.end(exit))
}

fn watch(options: &WatchOptions, run: &Run) -> io::Result<Exit> {
    // A session polls only in a handoff. The first poll returns the real state.
    let mut saved = Saved::new(options.conversation.clone()).with_state(State::Human);
    if let Some(after) = &options.after {
        saved = saved.with_after(after.clone());
    }
    let mut session = Session::resume(run.client.clone(), saved);
    follow::until_end(&mut session, None, run)
}
