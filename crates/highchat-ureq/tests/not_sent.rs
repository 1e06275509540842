//! What is known of a message that got no answer: surely not sent, or maybe taken.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use highchat_sandbox::{Playback, Step};
use highchat_ureq::{Client, Failure};

mod support;
use support::*;

#[track_caller]
fn assert_not_sent(client: &Client) {
    for (name, call) in CALLS {
        let began = Instant::now();
        let ended = call(client);
        assert!(
            matches!(ended, Err(Failure::NotSent(_))),
            "{name}: {ended:?}"
        );
        assert!(began.elapsed() < BOUND, "{name}: {:?}", began.elapsed());
    }
}

#[test]
fn nothing_is_sent_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_not_sent(&client(&format!("http://{address}")));
}

#[test]
fn nothing_is_sent_to_a_host_that_is_not_there() {
    assert_not_sent(&client("http://chat.invalid"));
}

/// Listens in the clear, says `answer` to each connection, and tells all it was told.
fn eavesdropper(answer: &'static str) -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    let (told, heard) = mpsc::channel();
    thread::spawn(move || -> std::io::Result<()> {
        for stream in listener.incoming() {
            let mut stream = stream?;
            let mut bytes = vec![0; 4096];
            let len = stream.read(&mut bytes)?;
            bytes.truncate(len);
            stream.write_all(answer.as_bytes())?;
            // A client that is not content may leave at once.
            let _ = stream.read_to_end(&mut bytes);
            let _ = told.send(bytes);
        }
        Ok(())
    });
    (base_url, heard)
}

#[test]
#[cfg_attr(
    not(any(feature = "rustls", feature = "native-roots")),
    ignore = "there is no TLS to begin with"
)]
fn nothing_is_sent_where_there_is_no_tls() {
    let (base_url, heard) = eavesdropper("HTTP/1.1 400 Bad Request\r\n\r\nspeak up");
    assert_not_sent(&client(&base_url));
    for _ in CALLS {
        let heard = heard.recv_timeout(BOUND).unwrap();
        assert_eq!(heard[0], 22, "a TLS handshake");
        let heard = String::from_utf8_lossy(&heard);
        assert!(!heard.contains(KEY) && !heard.contains("/v1/"), "{heard}");
    }
}

#[test]
#[cfg_attr(
    not(any(feature = "rustls", feature = "native-roots")),
    ignore = "there is no TLS to begin with"
)]
fn a_tls_handshake_without_an_answer_is_given_up_in_time() {
    let playback = play(vec![Step::Hold]);
    let mut config = patient();
    config.response_timeout = millis(300);
    let base_url = playback.base_url().replace("http:", "https:");
    let client = Client::with_config(endpoint(&base_url), config);
    let began = Instant::now();
    let ended = client.chat(&chat());
    assert!(matches!(ended, Err(Failure::NotSent(_))), "{ended:?}");
    assert!((millis(150)..BOUND).contains(&began.elapsed()));
    assert!(playback.requests().is_empty());
}

/// What is no answer, but comes after a connection was made: the request may have
/// been read and acted on.
#[test]
fn a_request_that_left_may_have_been_taken() {
    let long_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(70_000));
    let cases: [(&str, Option<Vec<Step>>); 9] = [
        // Without a script the connection is closed before anything is read.
        ("closed at once", None),
        ("closed after the request", Some(vec![Step::Close])),
        ("reset after the request", Some(vec![Step::Reset])),
        (
            "closed in the head",
            Some(vec![send("HTTP/1.1 200 OK\r\n"), Step::Close]),
        ),
        (
            "reset in the head",
            Some(vec![send("HTTP/1.1 200 OK\r\n"), Step::Reset]),
        ),
        ("no HTTP", Some(vec![send("* OK IMAP4 ready\r\n\r\n")])),
        (
            "HTTP/2",
            Some(vec![send("\0\0\u{6}\u{4}\0\0\0\0\0\0\u{3}\0\0\0\u{64}")]),
        ),
        ("too long a head", Some(vec![send(long_head), Step::Hold])),
        (
            "closed after an informational head",
            Some(vec![send("HTTP/1.1 100 Continue\r\n\r\n")]),
        ),
    ];
    for (name, script) in cases {
        for (call_name, call) in CALLS {
            let playback = Playback::start(Vec::from_iter(script.clone())).unwrap();
            let began = Instant::now();
            let ended = call(&client(playback.base_url()));
            assert!(
                matches!(ended, Err(Failure::Unanswered(_))),
                "{name}, {call_name}: {ended:?}"
            );
            assert!(began.elapsed() < BOUND, "{name}: {:?}", began.elapsed());
            assert_eq!(playback.connections(), 1, "{name}, {call_name}");
        }
    }
}
