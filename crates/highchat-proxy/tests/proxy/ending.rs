//! Stopping the proxy.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use highchat_sandbox::Step;
use http::Request;

use crate::support::*;

#[test]
fn while_the_proxy_drains_streams_finish_and_new_connections_are_refused() {
    let service = play([vec![
        Step::send(format!("{STREAM}{META}")),
        Step::Pause(Duration::from_millis(1500)),
        Step::send(DONE),
    ]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("Բարև 👋").open(&proxy);
    read_until(&mut stream, META);
    let addr = proxy.server.addr();

    proxy.server.drain();

    // The first packet may be lost once, until the proxy no longer listens.
    until(|| TcpStream::connect(addr).is_err());
    let rest = read_until(&mut stream, "\r\n0\r\n\r\n");
    assert!(rest.contains(DONE), "{rest}");
    proxy.server.wait();
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_message_on_a_connection_that_was_open_before_the_drain_is_answered_once_and_in_full() {
    let reply = || {
        vec![Step::send(format!(
            "{STREAM}{META}{}{DONE}",
            delta("Բարև 👋")
        ))]
    };
    let service = play([reply(), reply()]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut early = proxy.connect();
    let mut asks_for_health = proxy.connect();
    let mut kept = Call::new("GET", "/healthz").open(&proxy);
    read_until(&mut kept, "ok\n");

    proxy.server.drain();

    asks_for_health
        .write_all(&Call::new("GET", "/readyz").bytes())
        .unwrap();
    let not_ready = whole_answer(asks_for_health);
    assert_eq!(not_ready.refusal(), (503, "unavailable".to_owned()));
    assert!(not_ready.header("retry-after").is_some());
    early.write_all(&Call::chat("Բարև 👋").bytes()).unwrap();
    let answer = whole_answer(early);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(answer.body.ends_with(DONE), "{}", answer.body);
    // A connection that had an answer is closed, so its client knows that nothing was taken.
    assert_eq!(kept.read(&mut [0]).unwrap(), 0);
    proxy.server.wait();
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_connection_without_a_request_does_not_keep_the_proxy_from_stopping() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.request_timeout = 10 * LONG;
        config.drain_timeout = 10 * LONG;
    });
    let mut silent = proxy.connect();
    let mut slow = proxy.connect();
    slow.write_all(b"GET /heal").unwrap();

    proxy.server.drain();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    drop(slow);
    proxy.server.wait();
}

#[tokio::test]
async fn a_server_that_drains_its_proxy_refuses_every_new_request() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let proxy = proxy.server.proxy();
    proxy.drain();
    for (target, status) in [
        ("/v1/conversations/c/messages", 503),
        ("/readyz", 503),
        ("/healthz", 200),
    ] {
        let request = Request::get(target).body(String::new()).unwrap();
        let answer = proxy.answer(ANY_PORT.ip(), request).await;
        assert_eq!(answer.status(), status, "{target}");
    }
}

fn whole_answer(mut stream: TcpStream) -> Answer {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("a whole answer");
    Answer::parse(&received)
}

#[test]
fn streams_that_do_not_finish_in_time_end_with_an_error_event() {
    let hold = vec![Step::send(format!("{STREAM}{META}event: del")), Step::Hold];
    let service = play([hold, vec![Step::Hold]]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.drain_timeout = Duration::from_millis(200);
        config.keepalive = Duration::from_millis(50);
    });
    let mut streaming = Call::chat("ա").open(&proxy);
    read_until(&mut streaming, META);
    let mut waiting = Call::chat("ա").open(&proxy);
    read_until(&mut waiting, COMMENT);

    proxy.server.drain();

    for stream in [&mut streaming, &mut waiting] {
        let rest = read_until(stream, "\r\n0\r\n\r\n");
        assert!(rest.contains("event: error\ndata: {\"message\":"), "{rest}");
        assert!(!rest.contains("event: del"));
    }
    proxy.server.wait();
    assert!(service.wait_for_close(0, LONG) && service.wait_for_close(1, LONG));
}

#[test]
fn an_idle_proxy_stops_at_once_and_closes_idle_connections() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut kept = Call::new("GET", "/healthz").open(&proxy);
    read_until(&mut kept, "ok\n");

    proxy.server.drain();
    proxy.server.wait();

    assert_eq!(kept.read(&mut [0]).unwrap(), 0);
}

#[test]
fn dropping_the_server_closes_all_connections_at_once() {
    let hold = vec![Step::send(format!("{STREAM}{META}")), Step::Hold];
    let service = play([hold]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, META);
    let addr = proxy.server.addr();

    drop(proxy);

    // The connection may end properly or by a reset.
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(TcpStream::connect(addr).is_err());
    assert!(service.wait_for_close(0, LONG));
    let _ = stream.flush();
}
