//! Visitors who close their writing side, and those who left.

use core::time::Duration;
use std::io::Read as _;
use std::net::{Shutdown, TcpStream};

use highchat_sandbox::Step;
use serde_json::json;

use crate::support::*;

const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// Long enough for a visitor who left to be noticed many times over.
const WHILE: Duration = Duration::from_millis(300);

fn rest(stream: &mut TcpStream) -> String {
    let mut received = String::new();
    stream
        .read_to_string(&mut received)
        .expect("a whole answer");
    received
}

/// Sends a call, closes the writing side, and reads the answer to its end.
fn half_closed(through: &Through, call: &Call) -> Answer {
    let mut stream = call.clone().open(through);
    stream.shutdown(Shutdown::Write).unwrap();
    let received = rest(&mut stream);
    Answer::parse(
        received
            .strip_prefix(INTERIM)
            .unwrap_or(&received)
            .as_bytes(),
    )
}

#[test]
fn every_answer_comes_though_its_visitor_writes_nothing_more() {
    let sandbox = sandbox();
    let through = Through::to(sandbox.base_url(), |_| ());
    let asked = half_closed(&through, &Call::chat("Բարև 👋"));
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
        assert_eq!(half_closed(&through, &call).status, status, "{call:?}");
    }
    until(|| through.counted("highchat_proxy_requests ") == 0);
    assert_eq!(through.counted("highchat_proxy_requests_left_total "), 0);
}

#[test]
fn a_service_that_takes_its_time_is_waited_for() {
    let page = r#"{"state":"bot","messages":[]}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len());
    let service = play([
        vec![Step::Pause(WHILE), Step::send(head + page)],
        vec![
            Step::Pause(WHILE),
            Step::send(format!("{STREAM}{META}")),
            Step::Pause(WHILE),
            Step::send(DONE),
        ],
    ]);
    let through = Through::to(service.base_url(), |_| ());

    let polled = half_closed(&through, &Call::messages("c1"));
    let asked = half_closed(&through, &Call::chat("Բարև 👋"));

    assert_eq!((polled.status, &*polled.body), (200, page));
    // A comment shows whether the visitor is there.
    assert_eq!(asked.body.replace(COMMENT, ""), format!("{META}{DONE}"));
    assert!(asked.body.contains(COMMENT));
}

#[test]
fn a_visitor_without_interim_answers_gets_none() {
    let service = play([vec![
        Step::Pause(WHILE),
        Step::send("HTTP/1.1 204 No\r\n\r\n"),
    ]]);
    let through = Through::to(service.base_url(), |_| ());
    let bytes = Call::messages("c1").bytes();
    let bytes = String::from_utf8(bytes)
        .unwrap()
        .replace("HTTP/1.1", "HTTP/1.0");
    let mut stream = through.connect();
    std::io::Write::write_all(&mut stream, bytes.as_bytes()).unwrap();

    stream.shutdown(Shutdown::Write).unwrap();

    assert!(rest(&mut stream).starts_with("HTTP/1.0 204 "));
}

#[test]
fn a_page_that_fills_every_buffer_comes_whole() {
    let page = "x".repeat(1 << 20);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len());
    let service = play([vec![Step::send(head + &page)]]);
    let through = Through::to(service.base_url(), |_| ());
    let mut stream = Call::messages("c1").open(&through);
    stream.shutdown(Shutdown::Write).unwrap();

    // Not read before all of it is on its way.
    until(|| through.counted("highchat_proxy_requests ") == 0);

    assert_eq!(
        Answer::parse(rest(&mut stream).as_bytes()).body.len(),
        page.len()
    );
}

#[test]
fn half_a_request_is_not_sent_to_the_service() {
    let service = play([]);
    let through = Through::to(service.base_url(), |_| ());
    let mut bytes = Call::chat("Բարև 👋").bytes();
    bytes.pop();
    let mut stream = through.connect();
    std::io::Write::write_all(&mut stream, &bytes).unwrap();

    stream.shutdown(Shutdown::Write).unwrap();

    // It ends, with a refusal or without.
    rest(&mut stream);
    until(|| through.counted("highchat_proxy_requests ") == 0);
    assert_eq!(service.connections(), 0);
}

#[test]
fn a_visitor_who_leaves_in_a_silence_is_noticed_by_the_next_comment() {
    let service = play([vec![Step::send(format!("{STREAM}{META}")), Step::Hold]]);
    // The usual 15 s of silence are not waited for.
    let through = Through::to(service.base_url(), |_| ());
    let mut stream = Call::chat("Բարև 👋").open(&through);
    read_until(&mut stream, META);
    read_until(&mut stream, "\r\n");
    stream.shutdown(Shutdown::Write).unwrap();
    read_until(&mut stream, COMMENT);
    read_until(&mut stream, COMMENT);

    drop(stream);

    assert!(service.wait_for_close(0, LONG));
    until(|| through.counted("highchat_proxy_streams_total{outcome=\"left\"}") == 1);
}
