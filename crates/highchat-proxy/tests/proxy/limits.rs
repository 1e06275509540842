//! Limits of requests a minute, and polls that share one request.

use core::time::Duration;
use std::thread;

use highchat_sandbox::Step;

use crate::support::*;

fn reply() -> Vec<Step> {
    vec![Step::send(format!("{STREAM}{META}{DONE}"))]
}

fn page() -> Vec<Step> {
    let body = "{\"state\":\"human\",\"messages\":[]}";
    vec![Step::send(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))]
}

fn retry_after(answer: &Answer) -> u64 {
    assert_eq!(answer.refusal(), (429, "rate_limited".to_owned()));
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[test]
fn each_visitor_has_a_limit_of_messages_a_minute() {
    let service = play(vec![reply(); 5]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.messages_a_visitor = 2;
        config.trusted_networks = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let from = |address: &str| {
        Call::chat("ա")
            .header("x-forwarded-for", address)
            .send(&proxy)
    };

    assert_eq!(from("192.0.2.1").status, 200);
    let wait = retry_after(&from("192.0.2.1"));
    assert!((20..=30).contains(&wait), "{wait}");
    assert_eq!(from("1.1.1.1, 192.0.2.2").status, 200);
    assert_eq!(from("2001:db8::1").status, 200);
    retry_after(&from("2001:db8::2"));
    assert_eq!(from("2001:db8:0:1::2").status, 200);
    assert_eq!(service.connections(), 4);
}

#[test]
fn a_visitor_whom_a_trusted_peer_names_has_the_limits_at_every_address() {
    let service = play(vec![reply(); 3]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.messages_a_visitor = 2;
        config.trusted_networks = vec!["127.0.0.0/8".parse().unwrap()];
        config.visitor_header = Some("x-user".parse().unwrap());
    });
    let from = |name: &str, address: &str| {
        let call = Call::chat("Բարև 👋").header("x-forwarded-for", address);
        call.header("x-user", name).send(&proxy)
    };

    assert_eq!(from("ani", "192.0.2.1").status, 200);
    retry_after(&from("ani", "192.0.2.2"));
    assert_eq!(from("aram", "192.0.2.1").status, 200);
    assert_eq!(from("", "192.0.2.1").status, 200);
    retry_after(&from("", "192.0.2.1"));
    assert_eq!(service.connections(), 3);
}

#[test]
fn a_forwarded_address_from_an_untrusted_peer_is_ignored() {
    let service = play(vec![reply(); 2]);
    let proxy = TestProxy::start(service.base_url(), |config| config.messages_a_visitor = 2);

    assert_eq!(Call::chat("ա").send(&proxy).status, 200);
    let other = Call::chat("ա").header("x-forwarded-for", "192.0.2.1");
    retry_after(&other.send(&proxy));
}

#[test]
fn polls_and_messages_have_separate_limits() {
    let service = play([reply(), page(), page()]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.messages_a_visitor = 2;
        config.polls_a_visitor = 4;
    });

    assert_eq!(Call::chat("ա").send(&proxy).status, 200);
    retry_after(&Call::chat("ա").send(&proxy));
    assert_eq!(Call::messages("c1").send(&proxy).status, 200);
    assert_eq!(Call::messages("c1").send(&proxy).status, 200);
    retry_after(&Call::messages("c1").send(&proxy));
    assert_eq!(proxy.counter("highchat_proxy_limited_total "), 2);
}

#[test]
fn a_message_over_the_limit_of_the_key_is_refused_with_the_time_to_wait() {
    let service = play(vec![reply(); 30]);
    let proxy = TestProxy::start(service.base_url(), |config| config.messages_in_all = 30);
    for _ in 0..30 {
        assert_eq!(Call::chat("ա").send(&proxy).status, 200);
    }

    let wait = retry_after(&Call::chat("ա").send(&proxy));

    assert!((30..=60).contains(&wait), "{wait}");
    assert_eq!(service.connections(), 30);
}

#[test]
fn a_visitor_who_leaves_while_waiting_gives_the_reserved_time_back() {
    let service = play(vec![reply(); 2]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.messages_in_all = 1;
        config.queue_patience = Duration::from_secs(90);
    });
    assert_eq!(Call::chat("ա").send(&proxy).status, 200);
    let waiting = Call::chat("ա").open(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 1);
    // The next free time is too far in the future.
    retry_after(&Call::chat("ա").send(&proxy));

    drop(waiting);

    until(|| proxy.counter("highchat_proxy_requests_left_total ") == 1);
    let again = Call::chat("ա").open(&proxy);
    until(|| proxy.counter("highchat_proxy_requests ") == 1);
    retry_after(&Call::chat("ա").send(&proxy));
    drop(again);
    assert_eq!(service.connections(), 1);
}

#[test]
fn polls_of_many_tabs_for_one_conversation_share_one_request() {
    let slow = [vec![Step::Pause(Duration::from_millis(300))], page()].concat();
    let service = play([slow, page(), page()]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.poll_memory = Duration::from_secs(60);
    });

    thread::scope(|scope| {
        let tabs = [(); 10].map(|()| scope.spawn(|| Call::messages("c1").send(&proxy)));
        for tab in tabs {
            assert_eq!(tab.join().unwrap().json()["state"], "human");
        }
    });
    assert_eq!(
        Call::messages("c1").send(&proxy).status,
        200,
        "a moment later"
    );
    assert_eq!(service.connections(), 1);

    let later = Call::new(
        "GET",
        "/v1/conversations/c1/messages?after=2026-06-14T10:00:00Z",
    );
    assert_eq!(later.send(&proxy).status, 200);
    assert_eq!(Call::messages("c2").send(&proxy).status, 200);
    assert_eq!(service.connections(), 3, "other parameters");
}

#[test]
fn an_error_and_an_old_answer_are_not_reused() {
    let service = play([vec![], page(), page()]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.poll_memory = Duration::from_millis(100);
    });

    assert_eq!(Call::messages("c1").send(&proxy).status, 502);
    assert_eq!(Call::messages("c1").send(&proxy).status, 200);
    until(|| {
        assert_eq!(Call::messages("c1").send(&proxy).status, 200);
        service.connections() == 3
    });
}
