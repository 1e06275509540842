//! Visitors who leave: their requests to the service end too.

use core::time::Duration;

use highchat_sandbox::{Playback, Step};

use crate::support::*;

/// A time that is longer than the promised 100 ms, because a busy machine is slow, but much
/// shorter than any timeout of the proxy.
const SOON: Duration = Duration::from_secs(3);

fn assert_ends_with_its_visitor(service: &Playback, call: &Call, end: &str) {
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.keepalive = Duration::from_millis(50);
    });
    let mut stream = call.clone().open(&proxy);
    if end.is_empty() {
        assert!(service.wait_for_requests(1, LONG));
    } else {
        read_until(&mut stream, end);
    }

    drop(stream);

    assert!(service.wait_for_close(0, SOON));
    until(|| proxy.counter("highchat_proxy_streams ") == 0);
}

#[test]
fn leaving_before_the_head_ends_the_request_to_the_service() {
    for call in [Call::chat("ա"), Call::messages("c1")] {
        assert_ends_with_its_visitor(&play([vec![Step::Hold]]), &call, "");
    }
}

#[test]
fn leaving_a_stream_of_comments_before_the_head_ends_the_request() {
    assert_ends_with_its_visitor(&play([vec![Step::Hold]]), &Call::chat("ա"), COMMENT);
}

#[test]
fn leaving_during_a_reply_ends_the_request() {
    let reply = format!("{STREAM}{META}");
    let service = play([vec![Step::send(reply), Step::Hold]]);
    assert_ends_with_its_visitor(&service, &Call::chat("ա"), META);
}

#[test]
fn leaving_a_reply_that_is_sent_without_a_pause_ends_the_request() {
    let mut script = vec![Step::send(STREAM)];
    script.extend(vec![Step::send(delta("x").repeat(100)); 20_000]);
    let service = play([script]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, &delta("x"));

    drop(stream);

    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"left\"}") == 1);
    assert_eq!(proxy.counter("highchat_proxy_streams "), 0);
}

#[test]
fn a_shared_poll_ends_when_its_last_visitor_leaves() {
    let service = play([vec![Step::Hold]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let first = Call::messages("c1").open(&proxy);
    assert!(service.wait_for_requests(1, LONG));
    let second = Call::messages("c1").open(&proxy);
    let third = Call::messages("c1").open(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 3);

    drop(first);
    until(|| proxy.counter("highchat_proxy_requests_left_total ") == 1);
    drop(second);
    until(|| proxy.counter("highchat_proxy_requests_left_total ") == 2);
    assert!(!service.wait_for_close(0, Duration::ZERO));
    drop(third);

    assert!(service.wait_for_close(0, SOON));
    assert_eq!(service.connections(), 1);
}

#[test]
fn the_connection_of_a_visitor_who_does_not_read_is_closed() {
    let mut script = vec![Step::send(STREAM)];
    script.extend(vec![Step::send(delta("x").repeat(1000)); 2000]);
    let service = play([script]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.visitor_timeout = Duration::from_millis(200);
    });
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, &delta("x"));

    until(|| proxy.counter("highchat_proxy_streams_total{outcome=\"left\"}") == 1);

    assert_eq!(proxy.counter("highchat_proxy_streams "), 0);
    drop(stream);
}
