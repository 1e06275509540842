//! The exact bytes of each request, as the service receives them.

use highchat_proto::{
    ChatRequest, ConversationId, Credentials, Endpoint, Message, MessagesRequest, Rating,
    RatingRequest, VisitorRef,
};
use highchat_sandbox::{Playback, Step};
use highchat_ureq::Client;

use crate::support::*;

/// Returns a received request as text: its first line, its headers sorted by name, and its
/// body.
fn received(request: &[u8], host: &str) -> String {
    let request = String::from_utf8(request.to_vec()).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let mut headers: Vec<_> = headers
        .split("\r\n")
        .map(|header| header.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.replace(host, "HOST")))
        .collect();
    headers.sort();
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"));
    format!("{line}\n{}\n{body}", headers.collect::<String>())
}

/// Makes a call to a service under `path`, with the given credentials. Returns the received
/// request.
fn sent(path: &str, credentials: Credentials, call: impl FnOnce(&Client)) -> String {
    let playback = play(vec![send(answer("404 Not Found", "", ""))]);
    let base_url = format!("{}{path}", playback.base_url());
    call(&Client::new(Endpoint::new(&base_url, credentials).unwrap()));
    let requests = playback.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(playback.connections(), 1);
    let host = playback.base_url().strip_prefix("http://").unwrap();
    received(&requests[0], host)
}

fn key() -> Credentials {
    Credentials::key("hc_key").unwrap()
}

fn slug() -> Credentials {
    Credentials::slug("my bot/ա").unwrap()
}

const AGENT: &str = concat!("user-agent: highchat-rust/", env!("CARGO_PKG_VERSION"));

#[test]
fn a_message_is_sent_byte_for_byte() {
    let sent = sent("", key(), |client| {
        let _ = client.chat(&ChatRequest::new(Message::new("Բարև").unwrap()));
    });
    let expected = format!(
        "POST /v1/chat HTTP/1.1\n\
         accept: text/event-stream\n\
         accept-encoding: identity\n\
         authorization: Bearer hc_key\n\
         content-length: 22\n\
         content-type: application/json\n\
         host: HOST\n\
         {AGENT}\n\n\
         {{\"message\":\"Բարև\"}}"
    );
    assert_eq!(sent, expected);
}

#[test]
fn a_message_of_a_thread_with_a_slug_is_sent_without_authorization() {
    let sent = sent("/prefix/", slug(), |client| {
        let request = ChatRequest::new(Message::new("a\"\n").unwrap())
            .with_conversation(ConversationId::new("c/1").unwrap())
            .with_visitor(VisitorRef::new("user-42").unwrap());
        let _ = client.chat(&request);
    });
    let body = r#"{"message":"a\"\n","conversation_id":"c/1","visitor_ref":"user-42"}"#;
    let expected = format!(
        "POST /prefix/v1/chat?slug=my%20bot%2F%D5%A1 HTTP/1.1\n\
         accept: text/event-stream\n\
         accept-encoding: identity\n\
         content-length: {}\n\
         content-type: application/json\n\
         host: HOST\n\
         {AGENT}\n\n\
         {body}",
        body.len()
    );
    assert_eq!(sent, expected);
}

#[test]
fn a_request_for_messages_is_sent_byte_for_byte() {
    let id = || ConversationId::new("a/b?c").unwrap();
    let with_key = sent("", key(), |client| {
        let _ = client.messages(&MessagesRequest::new(id()));
    });
    let expected = format!(
        "GET /v1/conversations/a%2Fb%3Fc/messages HTTP/1.1\n\
         accept: application/json\n\
         accept-encoding: identity\n\
         authorization: Bearer hc_key\n\
         host: HOST\n\
         {AGENT}\n\n"
    );
    assert_eq!(with_key, expected);
    let with_slug = sent("/prefix", slug(), |client| {
        let after = "2026-06-14T14:00:00.000+04:00".parse().unwrap();
        let _ = client.messages(&MessagesRequest::new(id()).with_after(after));
    });
    let expected = format!(
        "GET /prefix/v1/conversations/a%2Fb%3Fc/messages\
         ?slug=my%20bot%2F%D5%A1&after=2026-06-14T14%3A00%3A00.000%2B04%3A00 HTTP/1.1\n\
         accept: application/json\n\
         accept-encoding: identity\n\
         host: HOST\n\
         {AGENT}\n\n"
    );
    assert_eq!(with_slug, expected);
}

#[test]
fn a_rating_is_sent_byte_for_byte() {
    let id = || ConversationId::new("c1").unwrap();
    for (request, body) in [
        (RatingRequest::new(id(), Rating::Down), r#"{"rating":0}"#),
        (
            RatingRequest::new(id(), Rating::Up).with_comment("շատ օգտակար էր"),
            r#"{"rating":1,"comment":"շատ օգտակար էր"}"#,
        ),
    ] {
        let sent = sent("", key(), |client| {
            let _ = client.rate(&request);
        });
        let expected = format!(
            "POST /v1/conversations/c1/rating HTTP/1.1\n\
             accept: application/json\n\
             accept-encoding: identity\n\
             authorization: Bearer hc_key\n\
             content-length: {}\n\
             content-type: application/json\n\
             host: HOST\n\
             {AGENT}\n\n\
             {body}",
            body.len()
        );
        assert_eq!(sent, expected);
    }
}

#[test]
fn the_longest_message_arrives_whole() {
    // Each character has four bytes, and the message is longer than a packet.
    let text = "🙂".repeat(Message::MAX_CHARS);
    let sent = sent("", key(), |client| {
        let _ = client.chat(&ChatRequest::new(Message::new(text.as_str()).unwrap()));
    });
    assert!(sent.ends_with(&format!("\n\n{{\"message\":\"{text}\"}}")));
}

/// A connection that was kept open may be stale, and a message written to it would be lost.
#[test]
fn each_call_opens_its_own_connection() {
    let answer = answer("200 OK", "connection: keep-alive\r\n", r#"{"state":"bot"}"#);
    let playback = Playback::start(vec![vec![send(answer), Step::Hold]; 3]).unwrap();
    let client = client(playback.base_url());
    for index in 0..3 {
        client.messages(&messages()).unwrap();
        assert_eq!(playback.connections(), index + 1);
        // The connection is closed after the call.
        assert!(playback.wait_for_close(index, BOUND));
    }
}
