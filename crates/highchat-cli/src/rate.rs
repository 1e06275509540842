//! `highchat rate`: whether it was helpful.

use std::io;

use highchat_proto::Saved;
use highchat_ureq::Session;

use crate::exit::Exit;
use crate::options::RateOptions;
use crate::run::Run;
use crate::told::Purpose;

pub(crate) fn run(options: &RateOptions) -> Exit {
    let conversation = Some(options.conversation.clone());
    let service = (&options.service, &options.output);
    Run::in_conversation(conversation, service, Purpose::Rate, |run| {
        rate(options, run)
    })
}

fn rate(options: &RateOptions, run: &Run) -> io::Result<Exit> {
    let saved = Saved::new(options.conversation.clone());
    let mut session = Session::resume(run.client.clone(), saved);
    // The conversation is given, and no rating under way before the first.
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
