//! Sends the message of the arguments, and prints the whole answer.
//!
//! `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` says who asks, `HIGHCHAT_BASE_URL` where, if it is
//! not the usual place.

use highchat_ureq::{Client, Message, Session};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let mut session = Session::new(Client::from_env()?);
    println!("{}", session.ask(Message::new(words.join(" "))?)?);
    Ok(())
}
