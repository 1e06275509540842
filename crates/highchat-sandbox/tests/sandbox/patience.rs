use core::time::Duration;
use std::io::Write as _;

use highchat_sandbox::Sandbox;
use serde_json::json;

use crate::client::{Answer, Call, connect, eventually, quick, read_until, transcript};

fn impatient() -> Sandbox {
    quick()
        .patience(Duration::from_millis(500))
        .start()
        .unwrap()
}

/// Reads until the connection ends, properly or by a reset.
fn rest(mut stream: impl std::io::Read) -> Vec<u8> {
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Ok(_) => received,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => received,
        Err(error) => panic!("the connection did not end: {error}"),
    }
}

#[test]
fn a_slow_head_is_answered_with_408() {
    let sandbox = impatient();
    let mut stream = connect(&sandbox);

    stream
        .write_all(b"POST /v1/chat HTTP/1.1\r\nhost:")
        .unwrap();

    let answer = Answer::parse(&rest(stream));
    assert_eq!((answer.status, &*answer.code()), (408, "invalid_input"));
    assert!(sandbox.requests().is_empty());
    assert_eq!(crate::client::say(&sandbox, "ա").status, 200);
}

#[test]
fn a_silent_connection_is_closed() {
    let sandbox = impatient();

    assert!(rest(connect(&sandbox)).is_empty());
}

#[test]
fn a_slow_body_is_answered_with_408() {
    let sandbox = impatient();
    let mut request = Call::chat(&json!({ "message": "ա" })).bytes();
    request.pop();
    let mut stream = connect(&sandbox);

    stream.write_all(&request).unwrap();

    let answer = Answer::parse(&rest(stream));
    assert_eq!((answer.status, &*answer.code()), (408, "invalid_input"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(crate::client::say(&sandbox, "ա").status, 200);
}

#[test]
fn an_idle_connection_is_closed() {
    let sandbox = impatient();

    let mut stream = Call::messages("no-such").open(&sandbox);
    read_until(&mut stream, "\r\n\r\n");

    // First the body of the refusal, then the end.
    assert!(rest(stream).starts_with(b"{"));
}

#[test]
fn a_silent_stream_does_not_count_as_a_slow_client() {
    let sandbox = quick()
        .patience(Duration::from_millis(400))
        .token_delay(Duration::from_millis(900))
        .start()
        .unwrap();

    let answer = crate::client::say(&sandbox, "/long 2");

    assert_eq!(answer.names(), ["meta", "delta", "done"]);
}

#[test]
fn a_stream_ends_when_its_client_leaves_and_the_reply_is_stored() {
    let sandbox = quick()
        .token_delay(Duration::from_secs(3600))
        .start()
        .unwrap();
    let mut stream = Call::chat(&json!({ "message": "/long 3" })).open(&sandbox);
    read_until(&mut stream, "conversation_id\":\"");
    let id = read_until(&mut stream, "\"").replace('"', "");
    assert_eq!(sandbox.open_replies(), 1);
    assert_eq!(transcript(&sandbox, &id).1.len(), 1);

    drop(stream);

    assert!(eventually(|| sandbox.open_replies() == 0));
    let (_, messages) = transcript(&sandbox, &id);
    assert_eq!(messages[1].1, "Սա երկար պատասխան");
}

#[test]
fn the_connection_of_a_client_that_stops_reading_is_closed() {
    let sandbox = impatient();
    let mut stream = Call::chat(&json!({ "message": "/long 10000" })).open(&sandbox);
    read_until(&mut stream, "event: delta\n");

    assert!(eventually(|| sandbox.open_replies() == 0));

    // The buffers cannot hold the whole reply.
    let received = rest(stream);
    assert!(!String::from_utf8_lossy(&received).contains("event: done"));
}
