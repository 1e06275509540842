//! Sends the message of the arguments, prints the reply, and after a handoff what the
//! person writes, until the bot is back.
//!
//! `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` says who asks, `HIGHCHAT_BASE_URL` where, if it is
//! not the usual place.

use std::io::{Write, stdout};

use highchat_hyper::{Client, Message, Session, Update};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let mut session = Session::new(Client::from_env()?);
    session.send(Message::new(words.join(" "))?)?;
    while let Some(update) = session.next().await {
        print!("{}", update.text().unwrap_or_default());
        match update {
            Update::TurnEnded { end, .. } => match end.failure() {
                Some(failure) => return Err(failure.clone().into()),
                None => println!(),
            },
            Update::Message(message) if !message.role.is_user() => println!(),
            _ => stdout().flush()?,
        }
    }
    Ok(())
}
