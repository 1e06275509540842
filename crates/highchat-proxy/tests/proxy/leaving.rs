//! Visitors who leave, and what ends with them.

use core::time::Duration;

use highchat_sandbox::{Playback, Step};

use crate::support::*;

/// Longer than the 100 ms that are promised, since a machine that is busy takes its time;
/// far shorter than any clock of the proxy.
const SOON: Duration = Duration::from_secs(3);

fn ends_with_its_visitor(service: &Playback, call: &Call, end: &str) {
    let through = Through::to(service.base_url(), |config| {
        config.keepalive = Duration::from_millis(50);
    });
    let mut stream = call.clone().open(&through);
    if end.is_empty() {
        assert!(service.wait_for_requests(1, LONG));
    } else {
        read_until(&mut stream, end);
    }

    drop(stream);

    assert!(service.wait_for_close(0, SOON));
    until(|| through.counted("highchat_proxy_streams ") == 0);
}

#[test]
fn leaving_before_the_head_ends_the_request_to_the_service() {
    for call in [Call::chat("ա"), Call::messages("c1")] {
        ends_with_its_visitor(&play([vec![Step::Hold]]), &call, "");
    }
}

#[test]
fn leaving_while_comments_stand_for_the_head_ends_it() {
    ends_with_its_visitor(&play([vec![Step::Hold]]), &Call::chat("ա"), COMMENT);
}

#[test]
fn leaving_inside_a_reply_ends_it() {
    let reply = format!("{STREAM}{META}");
    let service = play([vec![Step::send(reply), Step::Hold]]);
    ends_with_its_visitor(&service, &Call::chat("ա"), META);
}

#[test]
fn leaving_a_reply_that_does_not_stop_ends_it() {
    let mut script = vec![Step::send(STREAM)];
    script.extend(vec![Step::send(delta("x").repeat(100)); 20_000]);
    let service = play([script]);
    let through = Through::to(service.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&through);
    read_until(&mut stream, &delta("x"));

    drop(stream);

    until(|| through.counted("highchat_proxy_streams_total{outcome=\"left\"}") == 1);
    assert_eq!(through.counted("highchat_proxy_streams "), 0);
}

#[test]
fn a_poll_goes_on_for_who_still_waits_and_ends_with_the_last() {
    let service = play([vec![Step::Hold]]);
    let through = Through::to(service.base_url(), |_| ());
    let first = Call::messages("c1").open(&through);
    assert!(service.wait_for_requests(1, LONG));
    let second = Call::messages("c1").open(&through);
    let third = Call::messages("c1").open(&through);
    until(|| through.counted("highchat_proxy_requests ") == 3);

    drop(first);
    until(|| through.counted("highchat_proxy_requests_left_total ") == 1);
    drop(second);
    until(|| through.counted("highchat_proxy_requests_left_total ") == 2);
    assert!(!service.wait_for_close(0, Duration::ZERO));
    drop(third);

    assert!(service.wait_for_close(0, SOON));
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_visitor_who_does_not_read_is_dropped() {
    let mut script = vec![Step::send(STREAM)];
    script.extend(vec![Step::send(delta("x").repeat(1000)); 2000]);
    let service = play([script]);
    let through = Through::to(service.base_url(), |config| {
        config.visitor_timeout = Duration::from_millis(200);
    });
    let mut stream = Call::chat("ա").open(&through);
    read_until(&mut stream, &delta("x"));

    until(|| through.counted("highchat_proxy_streams_total{outcome=\"left\"}") == 1);

    assert_eq!(through.counted("highchat_proxy_streams "), 0);
    drop(stream);
}
