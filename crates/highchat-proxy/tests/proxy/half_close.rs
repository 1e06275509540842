//! Visitors who close the writing side of the connection, and visitors who leave.

use core::time::Duration;
use std::io::Read as _;
use std::net::{Shutdown, TcpStream};

use highchat_sandbox::Step;
use serde_json::json;

use crate::support::*;

const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// Longer than the proxy needs to notice that a visitor has left.
const PAUSE: Duration = Duration::from_millis(300);

fn rest(stream: &mut TcpStream) -> String {
    let mut received = String::new();
    stream
        .read_to_string(&mut received)
        .expect("a whole answer");
    received
}

/// Sends a request, closes the writing side, and reads the answer to its end.
fn half_closed(proxy: &TestProxy, call: &Call) -> Answer {
    let mut stream = call.clone().open(proxy);
    stream.shutdown(Shutdown::Write).unwrap();
    final_answer(&rest(&mut stream))
}

/// Parses the final answer in what the proxy has sent. An interim response may come before it.
fn final_answer(received: &str) -> Answer {
    Answer::parse(
        received
            .strip_prefix(INTERIM)
            .unwrap_or(received)
            .as_bytes(),
    )
}

#[test]
fn every_answer_arrives_after_the_visitor_closed_the_writing_side() {
    let sandbox = sandbox();
    let proxy = TestProxy::start(sandbox.base_url(), |_| ());
    let asked = half_closed(&proxy, &Call::chat("Բարև 👋"));
    assert!(asked.body.contains("event: done"), "{}", asked.body);

    for (call, status) in [
        (Call::messages("no-such"), 404),
        (
            Call::post("/v1/conversations/c/rating", &json!({ "rating": 1 })),
            404,
        ),
        (Call::chat(""), 400),
        (Call::chat("/fault 500-html"), 500),
        (Call::new("OPTIONS", "/v1/chat"), 403),
        (Call::new("GET", "/healthz"), 200),
        (Call::new("GET", "/nothing"), 404),
    ] {
        assert_eq!(half_closed(&proxy, &call).status, status, "{call:?}");
    }
    until(|| proxy.counter("highchat_proxy_requests ") == 0);
    assert_eq!(proxy.counter("highchat_proxy_requests_left_total "), 0);
}

#[test]
fn a_half_closed_connection_stays_open_for_a_slow_answer() {
    let page = r#"{"state":"bot","messages":[]}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len());
    let service = play([
        vec![Step::Pause(PAUSE), Step::send(head + page)],
        vec![
            Step::Pause(PAUSE),
            Step::send(format!("{STREAM}{META}")),
            Step::Pause(PAUSE),
            Step::send(DONE),
        ],
    ]);
    let proxy = TestProxy::start(service.base_url(), |_| ());

    let polled = half_closed(&proxy, &Call::messages("c1"));
    let asked = half_closed(&proxy, &Call::chat("Բարև 👋"));

    assert_eq!((polled.status, &*polled.body), (200, page));
    // The comments test whether the visitor is still there.
    assert_eq!(asked.body.replace(COMMENT, ""), format!("{META}{DONE}"));
    assert!(asked.body.contains(COMMENT));
}

#[test]
fn an_http_1_0_visitor_gets_no_interim_response() {
    let service = play([vec![
        Step::Pause(PAUSE),
        Step::send("HTTP/1.1 204 No\r\n\r\n"),
    ]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let bytes = Call::messages("c1").bytes();
    let bytes = String::from_utf8(bytes)
        .unwrap()
        .replace("HTTP/1.1", "HTTP/1.0");
    let mut stream = proxy.connect();
    std::io::Write::write_all(&mut stream, bytes.as_bytes()).unwrap();

    stream.shutdown(Shutdown::Write).unwrap();

    assert!(rest(&mut stream).starts_with("HTTP/1.0 204 "));
}

#[test]
fn a_page_that_fills_every_buffer_arrives_complete() {
    let page = "x".repeat(1 << 20);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len());
    let service = play([vec![Step::send(head + &page)]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::messages("c1").open(&proxy);
    stream.shutdown(Shutdown::Write).unwrap();

    // Reads nothing until the proxy has the whole answer, so that the page fills the buffers.
    until(|| proxy.counter("highchat_proxy_requests ") == 0);

    assert_eq!(final_answer(&rest(&mut stream)).body.len(), page.len());
}

#[test]
fn an_incomplete_request_is_not_sent_to_the_service() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut bytes = Call::chat("Բարև 👋").bytes();
    bytes.pop();
    let mut stream = proxy.connect();
    std::io::Write::write_all(&mut stream, &bytes).unwrap();

    stream.shutdown(Shutdown::Write).unwrap();

    // The connection ends with or without a refusal.
    rest(&mut stream);
    until(|| proxy.counter("highchat_proxy_requests ") == 0);
    assert_eq!(service.connections(), 0);
}

#[test]
fn the_next_comment_shows_that_a_visitor_left_during_silence() {
    let service = play([vec![Step::send(format!("{STREAM}{META}")), Step::Hold]]);
    // Keeps the default keepalive of 15 s: comments come earlier after a half-close.
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("Բարև 👋").open(&proxy);
    read_until(&mut stream, META);
    read_until(&mut stream, "\r\n");
    stream.shutdown(Shutdown::Write).unwrap();
    read_until(&mut stream, COMMENT);
    read_until(&mut stream, COMMENT);

    drop(stream);

    assert!(service.wait_for_close(0, LONG));
    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"left\"}") == 1);
}
