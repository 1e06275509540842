//! Sends the message given as arguments, and prints the whole answer.
//!
//! `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` is the credential. `HIGHCHAT_BASE_URL` is the address of
//! the service, if it is not the default one.

use highchat_reqwest::{Client, Message, Session};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let mut session = Session::new(Client::from_env()?);
    println!("{}", session.ask(Message::new(words.join(" "))?).await?);
    Ok(())
}
