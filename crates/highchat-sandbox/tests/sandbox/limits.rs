use core::time::Duration;
use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::client::{Call, LONG, connect, quick};

#[test]
fn a_message_has_at_most_4000_characters() {
    let sandbox = quick().start().unwrap();

    for (message, status) in [
        ("ծ".repeat(4000), 200),
        ("ծ".repeat(4001), 400),
        // Each character has two UTF-16 code units.
        ("😀".repeat(4000), 200),
        (" ".to_owned(), 200),
        (String::new(), 400),
    ] {
        let answer = Call::chat(&json!({ "message": message })).send(&sandbox);
        assert_eq!(answer.status, status, "{} bytes", message.len());
    }
}

#[test]
fn a_visitor_ref_has_at_most_200_characters() {
    let sandbox = quick().start().unwrap();

    for (length, status) in [(0, 200), (200, 200), (201, 400)] {
        let body = json!({ "message": "ա", "visitor_ref": "ծ".repeat(length) });
        let answer = Call::chat(&body).send(&sandbox);
        assert_eq!(answer.status, status, "{length}");
    }
}

#[test]
fn a_body_has_at_most_64_kib() {
    let sandbox = quick().start().unwrap();
    let padded = |length| {
        let mut body = r#"{"message":"ա"}"#.to_owned();
        body += &" ".repeat(length - body.len());
        Call::new("POST", "/v1/chat").body(body).send(&sandbox)
    };

    assert_eq!(padded(65_536).status, 200);
    for length in [65_537, 900_000] {
        let answer = padded(length);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (413, "invalid_input")
        );
    }
    assert_eq!(sandbox.requests()[1].body.len(), 65_536);
}

#[test]
fn a_body_that_is_too_large_is_read_to_its_end_before_the_refusal() {
    let sandbox = quick().start().unwrap();
    let bytes = Call::new("POST", "/v1/chat")
        .header("connection", "close")
        .body(vec![b' '; 200_000])
        .bytes();
    let (first, last) = bytes.split_at(100_000);
    let mut stream = connect(&sandbox);

    stream.write_all(first).unwrap();
    // There must be no answer yet, because the client is still writing.
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    assert!(stream.read(&mut [0]).is_err());
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(last).unwrap();

    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
