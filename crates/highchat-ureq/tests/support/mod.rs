//! Helpers: a client with a secret key, and answers for it to read.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

use core::time::Duration;

use highchat_proto::{
    ChatRequest, Config, ConversationId, Credentials, Endpoint, Event, Message, MessagesRequest,
    Rating, RatingRequest,
};
use highchat_sandbox::{Playback, Step};
pub(crate) use highchat_testing::trials::words::{DONE, HEAD, META, PING, answer, delta};
use highchat_ureq::{Client, Failure, Reply};

pub(crate) const KEY: &str = "hc_very_secret";

/// The time after which a test counts as hanging: longer than any wait that a test makes on
/// purpose.
pub(crate) const BOUND: Duration = Duration::from_secs(5);

pub(crate) fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn pause(time: u64) -> Step {
    Step::Pause(millis(time))
}

/// Starts a service that plays `script` on its first connection, and nothing on any other.
pub(crate) fn play(script: Vec<Step>) -> Playback {
    Playback::start(vec![script]).unwrap()
}

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::with_insecure_http(base_url, Credentials::key(KEY).unwrap()).unwrap()
}

/// Returns timeouts that never run out in tests of other behaviour.
pub(crate) fn patient() -> Config {
    let mut config = Config::default();
    config.response_timeout = 2 * BOUND;
    config.idle_timeout = 2 * BOUND;
    config.progress_timeout = 2 * BOUND;
    config
}

pub(crate) fn client(base_url: &str) -> Client {
    Client::with_config(endpoint(base_url), patient())
}

pub(crate) fn conversation() -> ConversationId {
    ConversationId::new("c1").unwrap()
}

pub(crate) fn chat() -> ChatRequest {
    ChatRequest::new(Message::new("Բարև").unwrap())
}

pub(crate) fn messages() -> MessagesRequest {
    MessagesRequest::new(conversation())
}

pub(crate) fn rating() -> RatingRequest {
    RatingRequest::new(conversation(), Rating::Up)
}

/// A call whose answer is not checked.
pub(crate) type Call = fn(&Client) -> Result<(), Failure>;

pub(crate) const CALLS: [(&str, Call); 3] = [
    ("chat", |client| client.chat(&chat()).map(drop)),
    ("messages", |client| client.messages(&messages()).map(drop)),
    ("rate", |client| client.rate(&rating())),
];

/// Reads a reply to its end. Returns its text, and its last event or failure.
pub(crate) fn read(reply: &mut Reply) -> (String, Result<Event<'static>, Failure>) {
    let mut whole = String::new();
    loop {
        match reply.next_event() {
            Ok(Some(Event::Delta { text })) => whole.push_str(&text),
            Ok(Some(event)) if event.ends_reply() => return (whole, Ok(event.into_owned())),
            Ok(Some(_)) => {}
            Ok(None) => panic!("a reply without an end: {whole}"),
            Err(failure) => return (whole, Err(failure)),
        }
    }
}
