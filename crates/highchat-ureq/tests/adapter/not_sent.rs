//! What a failure says about a message without an answer: surely not sent, or possibly
//! accepted.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use highchat_sandbox::{Playback, Step};
use highchat_ureq::{Client, Failure};

use crate::support::*;

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
fn nothing_is_sent_if_the_connection_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_not_sent(&client(&format!("http://{address}")));
}

#[test]
fn nothing_is_sent_to_an_unknown_host() {
    assert_not_sent(&client("http://chat.invalid"));
}

/// Starts a service without TLS that sends `answer` on each connection, and reports the bytes
/// that it received.
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
            // A client that rejects the answer may close the connection at once.
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
fn nothing_is_sent_to_a_service_without_tls() {
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
fn a_tls_handshake_without_an_answer_times_out() {
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

/// The service sends no valid answer after the connection is made, so it may have read and
/// processed the request.
#[test]
fn a_request_without_a_valid_answer_is_unanswered() {
    let long_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(70_000));
    let cases: [(&str, Option<Vec<Step>>); 9] = [
        // Without a script, the service closes the connection before it reads anything.
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
