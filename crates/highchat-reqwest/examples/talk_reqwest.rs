//! Sends the message given as arguments, and prints the reply as it arrives. After a handoff,
//! it prints the person's messages until the bot is back.
//!
//! `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` is the credential. `HIGHCHAT_BASE_URL` is the address of
//! the service, if it is not the default one.

use std::io::{Write, stdout};

use highchat_reqwest::{Client, Message, Session, Update};

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
