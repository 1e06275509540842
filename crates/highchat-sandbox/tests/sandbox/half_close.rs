//! Clients that close the writing side of the connection, and clients that leave.

use core::time::Duration;
use std::io::Read as _;
use std::net::{Shutdown, TcpStream};

use highchat_sandbox::{End, Sandbox};
use serde_json::json;

use crate::client::{Answer, Call, LONG, eventually, quick, read_until, say, say_in};

/// Reads the rest of the answer.
fn rest(stream: &mut TcpStream) -> String {
    let mut received = String::new();
    stream
        .read_to_string(&mut received)
        .expect("a whole answer");
    received
}

/// Sends a request, closes the writing side, and reads the answer to its end.
fn half_closed(sandbox: &Sandbox, call: Call) -> String {
    let mut stream = call.open(sandbox);
    stream.shutdown(Shutdown::Write).unwrap();
    rest(&mut stream)
}

fn message(text: &str) -> Call {
    Call::chat(&json!({ "message": text })).header("content-type", "application/json")
}

/// Waits for the end of the newest request. Returns how it ended.
fn end(sandbox: &Sandbox) -> End {
    let has_ended = |requests: &[highchat_sandbox::Request]| {
        requests.last().is_some_and(|it| it.ended.is_some())
    };
    assert!(sandbox.wait_until(LONG, has_ended));
    sandbox.requests().last().unwrap().ended.unwrap().1
}

#[test]
fn a_reply_arrives_complete_after_the_client_closed_the_writing_side() {
    let sandbox = quick()
        .token_delay(Duration::from_millis(30))
        .start()
        .unwrap();

    let received = half_closed(&sandbox, message("/long 8"));

    let answer = Answer::parse(received.as_bytes());
    assert_eq!(answer.text().split(' ').count(), 8);
    assert_eq!(answer.names().last().unwrap(), "done");
    assert_eq!(end(&sandbox), End::Whole);
    sandbox.verdict().assert_good();
}

#[test]
fn a_half_closed_connection_stays_open_during_silence() {
    let sandbox = quick()
        .token_delay(Duration::from_millis(400))
        .ping_interval(Duration::ZERO)
        .start()
        .unwrap();
    let mut stream = message("/long 2").open(&sandbox);
    let begun = read_until(&mut stream, "event: meta\n");

    stream.shutdown(Shutdown::Write).unwrap();

    let answer = Answer::parse(format!("{begun}{}", rest(&mut stream)).as_bytes());
    // One ping tests whether the client is still there.
    assert_eq!(answer.names(), ["meta", "ping", "delta", "done"]);
}

#[test]
fn every_answer_arrives_after_the_client_closed_the_writing_side() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "Բարև 👋").conversation_id();
    for (call, status) in [
        (Call::messages(&id), 200),
        (Call::messages("no-such"), 404),
        (Call::rating(&id, &json!({ "rating": 1 })), 200),
        (Call::new("OPTIONS", "/v1/chat"), 204),
        (message("/fault 429"), 429),
        (Call::local("GET", "/sandbox/verdict"), 200),
        (Call::local("GET", "/inbox"), 200),
    ] {
        let received = half_closed(&sandbox, call);

        let head = format!("HTTP/1.1 {status} ");
        assert!(received.starts_with(&head), "{status}: {received}");
    }
}

#[test]
fn a_large_page_arrives_complete() {
    let sandbox = quick().start().unwrap();
    let text = "😀".repeat(4000);
    let id = say(&sandbox, &text).conversation_id();
    for _ in 0..100 {
        say_in(&sandbox, &id, &text);
    }

    let received = half_closed(&sandbox, Call::messages(&id));

    let (_, body) = received.split_once("\r\n\r\n").unwrap();
    let page: serde_json::Value = serde_json::from_str(body).expect("the whole page");
    assert_eq!(page["messages"].as_array().unwrap().len(), 202);
}

#[test]
fn a_delayed_answer_comes_after_an_interim_response() {
    let sandbox = quick().start().unwrap();

    let received = half_closed(&sandbox, message("/fault slow-head:300 /long 2"));

    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let answer = received.strip_prefix(interim).expect("an interim answer");
    assert_eq!(Answer::parse(answer.as_bytes()).text(), "Սա երկար");
}

#[test]
fn a_client_that_leaves_is_noticed_during_silence() {
    let sandbox = quick()
        .token_delay(Duration::from_secs(3600))
        .ping_interval(Duration::ZERO)
        .start()
        .unwrap();
    for (text, begun) in [
        // All bytes are read, so that closing does not send a reset.
        ("/long 3", "\"}\n\n"),
        ("/fault stall:120", "text/event-stream"),
        ("/fault slow-head:600000", ""),
    ] {
        let mut stream = message(text).open(&sandbox);
        if begun.is_empty() {
            assert!(eventually(|| sandbox.open_replies() == 1));
        } else {
            read_until(&mut stream, begun);
        }

        drop(stream);

        assert_eq!(end(&sandbox), End::ClientLeft, "{text}");
        assert!(eventually(|| sandbox.open_replies() == 0), "{text}");
    }
}

#[test]
fn an_idle_connection_ends_with_its_input() {
    let sandbox = quick().start().unwrap();
    let mut stream = Call::messages("no-such").open(&sandbox);
    read_until(&mut stream, "}}");

    stream.shutdown(Shutdown::Write).unwrap();

    assert_eq!(rest(&mut stream), "");
}

#[test]
fn an_incomplete_request_is_not_answered() {
    let sandbox = quick().start().unwrap();
    let mut bytes = message("Բարև 👋").bytes();
    bytes.pop();
    let mut stream = crate::client::connect(&sandbox);
    std::io::Write::write_all(&mut stream, &bytes).unwrap();

    stream.shutdown(Shutdown::Write).unwrap();

    assert_eq!(rest(&mut stream), "");
    assert!(sandbox.requests().is_empty());
}
