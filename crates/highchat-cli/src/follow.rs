//! Follows a handoff until it ends.

use core::time::Duration;
use std::io;
use std::time::Instant;

use highchat_ureq::Session;

use crate::exit::Exit;
use crate::run::Run;

/// Prints the person's messages until the bot is back, the conversation is closed, or
/// `limit` has passed.
pub(crate) fn until_end(
    session: &mut Session,
    limit: Option<Duration>,
    run: &Run,
) -> io::Result<Exit> {
    let until = limit.map(|limit| Instant::now() + limit);
    loop {
        let update = match until {
            None => session.next(),
            Some(until) => session.next_timeout(until.saturating_duration_since(Instant::now())),
        };
        if let Some(update) = update.update() {
            if let Some(exit) = run.update(&update)? {
                return Ok(exit);
            }
        } else if !session.conversation().is_polling() {
            run.report().note_end_of_handoff();
            return Ok(Exit::Complete);
        } else if until.is_some_and(|until| until <= Instant::now()) {
            note(session, run);
            return Ok(Exit::Complete);
        }
    }
}

/// Prints how to follow the person later.
pub(crate) fn note(session: &Session, run: &Run) {
    let is_private = run.connection.is_private();
    run.report()
        .note_handoff(session.conversation().cursor(), is_private);
}
