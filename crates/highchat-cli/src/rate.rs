//! `highchat rate`: sends a rating.

use std::io;

use highchat_proto::Saved;
use highchat_ureq::Session;

use crate::exit::Exit;
use crate::options::RateOptions;
use crate::purpose::Purpose;
use crate::run::Run;

/// Runs the command. Returns the exit status: `Ok` after a run, `Err` if the run could not begin.
pub(crate) fn run(options: &RateOptions) -> Result<Exit, Exit> {
    let conversation = Some(options.conversation.clone());
    let run = Run::begin(
        &options.service,
        &options.output,
        Purpose::Rate,
        conversation,
    )?;
    let exit = rate(options, &run);
    Ok(run.end(exit))
}

fn rate(options: &RateOptions, run: &Run) -> io::Result<Exit> {
    let saved = Saved::new(options.conversation.clone());
    let mut session = Session::resume(run.client.clone(), saved);
    // The session has a conversation and no rating in progress, so `rate` accepts it.
    if session
        .commands()
        .rate(options.rating.into(), options.comment.clone())
        .is_err()
    {
        return Ok(Exit::Other);
    }
    while let Some(update) = session.next().update() {
        if let Some(exit) = run.update(&update)? {
            return Ok(exit);
        }
    }
    Ok(Exit::Other)
}
