//! `highchat watch`: what a person writes, as they write it.

use std::io;

use highchat_proto::{Saved, State};
use highchat_ureq::Session;

use crate::exit::Exit;
use crate::follow;
use crate::options::WatchOptions;
use crate::run::Run;
use crate::told::Purpose;

pub(crate) fn run(options: &WatchOptions) -> Exit {
    let conversation = Some(options.conversation.clone());
    let service = (&options.service, &options.output);
    Run::in_conversation(conversation, service, Purpose::Watch, |run| {
        watch(options, run)
    })
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
