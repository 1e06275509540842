//! Sends the message of the arguments, prints the reply, and after a handoff what the
//! person writes, until the bot is back.
//!
//! `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` says who asks, `HIGHCHAT_BASE_URL` where, if it is
//! not the usual place.

use std::env;
use std::io::Write;

use highchat_ureq::{Client, Credentials, Endpoint, Message, Next, Session, TurnEnd, Update};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let credentials = match env::var("HIGHCHAT_SLUG") {
        Ok(slug) => Credentials::slug(slug)?,
        Err(_) => Credentials::key(&env::var("HIGHCHAT_KEY")?)?,
    };
    let base_url = env::var("HIGHCHAT_BASE_URL");
    let base_url = base_url.as_deref().unwrap_or(Endpoint::DEFAULT_BASE_URL);
    let words: Vec<_> = env::args().skip(1).collect();

    let mut session = Session::new(Client::new(Endpoint::new(base_url, credentials)?));
    session.send(Message::new(words.join(" "))?)?;
    while let Next::Update(update) = session.next() {
        print!("{}", update.text().unwrap_or_default());
        match update {
            Update::TurnEnded {
                end: TurnEnd::Failed(error),
                ..
            } => return Err(error.to_string().into()),
            Update::TurnEnded { .. } => println!(),
            Update::Message(message) if !message.role.is_user() => println!(),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
