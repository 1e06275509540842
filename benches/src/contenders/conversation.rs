//! The conversation of `highchat-proto`, which turns body bytes into updates.

use std::sync::Arc;

use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Credentials, Endpoint, Head, Message, Output, RequestId, Update,
};

use super::Decode;
use crate::cuts::Feed;
use crate::witness::Witness;

const NOW: Instant = Instant::ORIGIN;

pub(super) struct Conversing;

impl Decode for Conversing {
    /// A conversation has no frames.
    fn framing(_: impl Feed, _: &mut impl Witness) {}

    fn typed(chunks: impl Feed, witness: &mut impl Witness) {
        let (endpoint, config) = (Arc::new(endpoint()), Arc::new(Config::default()));
        let (mut conversation, id) = streaming(&endpoint, &config);
        for chunk in chunks {
            feed(&mut conversation, id, chunk, witness);
        }
        conversation.handle_end(id, NOW);
        drain(&mut conversation, witness);
    }
}

/// The endpoint of the conversations.
///
/// # Panics
///
/// Never, because the endpoint is valid.
#[must_use]
pub fn endpoint() -> Endpoint {
    let credentials = Credentials::key("hc_bench").expect("a key");
    Endpoint::new("https://h.example", credentials).expect("a base")
}

/// A conversation that has got the head of a reply, and the id of the request.
///
/// # Panics
///
/// Never, because the message is valid and is sent at once.
#[must_use]
pub fn streaming(endpoint: &Arc<Endpoint>, config: &Arc<Config>) -> (Conversation, RequestId) {
    let mut conversation = Conversation::new(endpoint.clone(), config.clone());
    let message = Message::new("a").expect("a short text");
    conversation
        .send(message, NOW)
        .expect("no turn is in progress");
    let id = loop {
        match conversation.poll_output() {
            Output::Transmit(id, _) => break id,
            Output::Wait(_) => unreachable!("a message is transmitted at once"),
            _ => {}
        }
    };
    let mut head = Head::new(200);
    head.header("content-type", b"text/event-stream");
    conversation.handle_response(id, head, NOW);
    (conversation, id)
}

/// Passes a piece of the body to the conversation and reads all updates.
pub fn feed(
    conversation: &mut Conversation,
    id: RequestId,
    chunk: &[u8],
    witness: &mut impl Witness,
) {
    conversation.handle_body(id, chunk, NOW);
    drain(conversation, witness);
}

fn drain(conversation: &mut Conversation, witness: &mut impl Witness) {
    loop {
        match conversation.poll_output() {
            Output::Update => match conversation.update() {
                Some(Update::Delta { text }) => witness.delta(&text),
                Some(Update::Meta {
                    conversation_id, ..
                }) => witness.meta(conversation_id.as_ref().map_or("", |id| id.as_str())),
                Some(Update::Done { message_id, .. }) => {
                    witness.done(message_id.as_ref().map_or("", |id| id.as_str()));
                }
                _ => {}
            },
            Output::Wait(_) => return,
            _ => {}
        }
    }
}
