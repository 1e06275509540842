//! `highchat watch`: what a person writes, as they write it.

use std::io;

use highchat_proto::{Saved, State};
use highchat_ureq::Session;

use crate::exit::Exit;
use crate::follow;
use crate::options::WatchOptions;
use crate::purpose::Purpose;
use crate::run::Run;

/// The exit status, also if the run did not begin: then as an error.
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
    // Whatever the state is, polling tells it at once.
    let mut saved = Saved::new(options.conversation.clone()).with_state(State::Human);
    if let Some(after) = &options.after {
        saved = saved.with_after(after.clone());
    }
    let mut session = Session::resume(run.client.clone(), saved);
    follow::to_its_end(&mut session, None, run)
}
