//! The key: it goes to the service, and never to a visitor.

use core::time::Duration;

use highchat_proxy::{Config, InvalidConfig, KeyError, KeySource, Proxy};
use highchat_sandbox::Step;

use crate::relay::Relay;
use crate::support::*;

const TICK: Duration = Duration::from_millis(60);

#[test]
fn a_refused_key_is_a_502_for_visitors_and_is_counted() {
    let refusal = "{\"error\":{\"code\":\"unauthenticated\",\"message\":\"bad hc_very_secret\"}}";
    let head = format!(
        "HTTP/1.1 401 No\r\ncontent-length: {}\r\n\r\n",
        refusal.len()
    );
    let service = play(vec![vec![Step::send(head + refusal)]; 2]);
    let proxy = TestProxy::start(service.base_url(), |_| ());

    for call in [Call::chat("ա"), Call::messages("c1")] {
        let got = call.send(&proxy);
        assert_eq!(got.refusal(), (502, "unavailable".to_owned()));
        assert!(!got.body.contains("key") && !got.body.contains(KEY));
    }
    assert_eq!(proxy.counter("highchat_proxy_key_refused_total "), 2);
}

#[test]
fn a_key_that_is_read_again_is_used_for_later_requests() {
    let end = vec![Step::send(format!("{STREAM}{DONE}"))];
    let service = play(vec![end; 3]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    Call::chat("ա").send(&proxy);
    proxy.key_file.write("hc_the_next");
    proxy.server.proxy().reload_key().unwrap();
    Call::chat("ա").send(&proxy);
    proxy.key_file.write("not a key");
    let error = proxy.server.proxy().reload_key().unwrap_err();
    assert!(!error.to_string().contains("not a key"));
    Call::chat("ա").send(&proxy);

    let sent = service.requests();
    let keys = ["hc_very_secret", "hc_the_next", "hc_the_next"];
    for (request, key) in sent.iter().zip(keys) {
        let request = String::from_utf8_lossy(request);
        assert!(
            request.contains(&format!("authorization: Bearer {key}\r\n")),
            "{key}"
        );
    }
    assert_eq!(sent.len(), 3);
}

#[test]
fn an_error_page_with_the_key_is_not_passed_on() {
    let page = format!("<h1>Server error</h1><pre>authorization: Bearer {KEY}</pre>");
    let head = format!("HTTP/1.1 500 Oh\r\ncontent-length: {}\r\n\r\n", page.len());
    let service = play([vec![Step::send(head + &page)]]);
    let proxy = TestProxy::start(service.base_url(), |_| ());

    let got = Call::chat("ա").send(&proxy);

    assert_eq!(got.refusal(), (500, "unavailable".to_owned()));
}

/// The key with its third character as a JSON escape.
fn escaped() -> String {
    KEY.replacen("_", "\\u005f", 1)
}

#[test]
fn the_key_is_replaced_in_the_json_of_an_answer() {
    let shape = |key: &str| {
        format!("{{\"error\":{{\"code\":\"internal\",\"message\":\"Բարև {key} 👋\"}},\"n\":1.50}}")
    };
    let answer = |status: &str, body: &str| {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        vec![Step::send(head + body)]
    };
    let shown = [KEY.to_owned(), escaped()];
    let scripts = ["500 Oh", "429 No", "200 OK"].map(|status| {
        let answers = shown.clone().map(|key| answer(status, &shape(&key)));
        answers
            .into_iter()
            .chain(shown.clone().map(|key| answer(status, &shape(&key))))
    });
    let service = play(scripts.into_iter().flatten());
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for status in [500, 429, 200] {
        for call in [
            Call::chat("ա"),
            Call::chat("ա"),
            Call::messages("c"),
            Call::messages("c"),
        ] {
            let got = call.send(&proxy);
            assert_eq!((got.status, got.body), (status, shape("[redacted]")));
        }
    }
}

#[test]
fn the_key_is_replaced_in_the_error_event_of_a_late_refusal() {
    let body = format!(
        "{{\"error\":{{\"code\":\"internal\",\"message\":\"{}\"}}}}",
        escaped()
    );
    let head = format!("HTTP/1.1 500 Oh\r\ncontent-length: {}\r\n\r\n", body.len());
    let service = play([vec![Step::send(head + &body)]]);
    let relay = Relay::start(service.addr());
    let proxy = TestProxy::start(&relay.base_url(), |config| config.keepalive = TICK);

    let got = Call::chat("ա").send_to_late(&relay, &proxy);

    let end = "event: error\ndata: {\"message\":\"[redacted]\"}\n\n";
    assert!(got.body.ends_with(end), "{}", got.body);
}

#[test]
fn the_key_is_replaced_in_the_events_of_a_reply() {
    let event = |name: &str, field: &str, key: &str| {
        format!("event: {name}\ndata: {{\"{field}\":\"Բարև {key} 👋\"}}\n\n")
    };
    for (name, field) in [
        ("meta", "conversation_id"),
        ("delta", "text"),
        ("human", "message"),
        ("error", "message"),
        ("new", "anything"),
    ] {
        for key in [KEY.to_owned(), escaped()] {
            let (before, shown) = (delta("մեկ "), event(name, field, &key));
            let reply = format!("{META}{before}{shown}{DONE}");
            let service = play([vec![Step::send(format!("{STREAM}{reply}"))]]);
            let proxy = TestProxy::start(service.base_url(), |_| ());

            let got = Call::chat("ա").send(&proxy);

            let hidden = event(name, field, "[redacted]");
            assert_eq!(got.body, format!("{META}{before}{hidden}{DONE}"), "{key}");
        }
    }
}

#[test]
fn a_reply_with_the_key_in_several_deltas_is_cut_before_its_last_part() {
    for (heal, cut) in [(false, 1), (false, 7), (true, KEY.len() - 1)] {
        let (begin, end) = KEY.split_at(cut);
        let shown = format!("{META}{}", delta(&format!("Բարև 👋 {begin}")));
        let reply = format!("{STREAM}{shown}{}{DONE}", delta(end));
        let service = play([vec![Step::send(reply)]]);
        let proxy = TestProxy::start(service.base_url(), |config| config.heal = heal);

        let got = Call::chat("ա").send(&proxy);

        assert!(shown.starts_with(got.before_error()), "{}", got.body);
        assert_eq!(service.connections(), 1, "nothing is searched");
    }
}

#[test]
fn a_reply_with_the_key_outside_of_json_is_cut_before_the_key() {
    for shown in [
        format!(": {KEY}\n\n"),
        format!("id: {KEY}\ndata: {{}}\n\n"),
        format!("event: {KEY}\ndata: {{}}\n\n"),
        format!("event: delta\ndata: {KEY}\n\n"),
    ] {
        let reply = format!("{STREAM}{META}{}{shown}{DONE}", delta("ա"));
        let service = play([vec![Step::send(reply)]]);
        let proxy = TestProxy::start(service.base_url(), |_| ());

        let got = Call::chat("ա").send(&proxy);

        assert!(!got.body.contains(KEY));
        assert!(META.starts_with(got.before_error()), "{}", got.body);
    }
}

#[test]
fn a_proxy_is_not_created_without_a_key_or_with_an_unsafe_base_url() {
    let key = File::new("hc_a");
    let file = |file: &File| KeySource::File(file.path().into());
    let refused = |base_url: &str, source| {
        let mut config = Config::default();
        config.base_url = base_url.into();
        Proxy::new(config, source).expect_err("no proxy")
    };
    let loopback = "http://127.0.0.1:9";
    let error = refused("http://chat.example", file(&key));
    assert!(matches!(error, InvalidConfig::BaseUrl(_)), "{error}");
    let error = refused(loopback, file(&File::new("two words")));
    assert!(
        matches!(error, InvalidConfig::Key(KeyError::Invalid(_))),
        "{error}"
    );
    assert!(!error.to_string().contains("two words"));
    let error = refused(loopback, KeySource::File("/nonexistent/key".into()));
    assert!(error.to_string().contains("/nonexistent/key"), "{error}");
    let error = refused(loopback, KeySource::Variable("HIGHCHAT_NO_SUCH".into()));
    assert!(error.to_string().contains("HIGHCHAT_NO_SUCH"), "{error}");
}
