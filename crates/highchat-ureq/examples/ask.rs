//! Sends the message of the arguments and prints the reply as it comes.
//!
//! `HIGHCHAT_KEY` is the key, `HIGHCHAT_BASE_URL` the service where it is not the
//! usual one.

use std::env;
use std::io::Write;

use highchat_proto::endpoint::{Credentials, Endpoint};
use highchat_proto::event::Event;
use highchat_proto::message::Message;
use highchat_proto::request::ChatRequest;
use highchat_ureq::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let credentials = Credentials::key(&env::var("HIGHCHAT_KEY")?)?;
    let base_url = env::var("HIGHCHAT_BASE_URL");
    let base_url = base_url.as_deref().unwrap_or(Endpoint::DEFAULT_BASE_URL);
    let client = Client::new(Endpoint::new(base_url, credentials)?);

    let words: Vec<_> = env::args().skip(1).collect();
    let message = Message::new(words.join(" "))?;
    let mut reply = client.chat(&ChatRequest::new(message))?;
    while let Some(event) = reply.next_event()? {
        match event {
            Event::Delta { text } => print!("{text}"),
            Event::Human { message, .. } => print!("{message}"),
            Event::Error { message } => return Err(message.to_string().into()),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    println!();
    Ok(())
}
