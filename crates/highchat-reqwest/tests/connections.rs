//! The connections of a handoff over TLS.
#![cfg(feature = "rustls")]

use highchat_reqwest::{Client, Message, Rating, Session, Update};
use highchat_testing::trials::hold_connections_beside_messages;

mod support;
use support::*;

/// Sends a message, rates when the person writes if `rates`, and returns the person's texts.
async fn hand_off(client: Client, rates: bool) -> Vec<String> {
    let mut session = Session::new(client);
    session.send(Message::new("Մարդ կա՞ 🙋").unwrap()).unwrap();
    let mut texts = Vec::new();
    let mut is_rated = !rates;
    loop {
        match session.next().await {
            Some(Update::Message(message)) => texts.push(message.content.to_string()),
            Some(_) => {}
            None => return texts,
        }
        if !texts.is_empty() && !is_rated {
            is_rated = true;
            session.commands().rate(Rating::Up, None).unwrap();
        }
    }
}

#[test]
fn a_handoff_needs_as_few_connections_as_the_service_allows() {
    hold_connections_beside_messages(|url, roots, config, rates| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = Client::with_config(endpoint(url), config)
            .with_roots(&roots)
            .unwrap();
        runtime.block_on(hand_off(client, rates))
    });
}
