//! The task that has the session: commands in, updates out.

use core::pin::pin;

use futures_channel::mpsc::Receiver;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use highchat_reqwest::{Message, Rating, Session, Update};

/// What the user does.
pub(crate) enum Command {
    Send(Message),
    Stop,
    Rate(Rating),
}

/// Carries out commands and shows updates, until nobody can send commands any longer. Requests
/// that are under way then end with the session.
pub(crate) async fn talk(
    mut session: Session,
    mut commands: Receiver<Command>,
    show: impl Fn(Update<'static>),
) {
    loop {
        // Dropping `next` loses nothing, so a command may come in the middle of a reply.
        let command = match select(commands.next(), pin!(session.next())).await {
            Either::Left((command, _)) => command,
            Either::Right((Some(update), _)) => {
                show(update.into_owned());
                continue;
            }
            // Nothing happens until the next command.
            Either::Right((None, command)) => command.await,
        };
        match command {
            None => return,
            // The page waits for the end of a turn. A message that came earlier is not sent.
            Some(Command::Send(message)) => drop(session.send(message)),
            Some(Command::Stop) => session.cancel(),
            // The page rates a conversation that has begun, and waits for the end of a rating.
            Some(Command::Rate(rating)) => drop(session.commands().rate(rating, None)),
        }
    }
}
