//! Requests that the proxy builds for the service, and answers that it passes on.

use std::io::{Read as _, Write as _};

use highchat_sandbox::Step;
use serde_json::{Value, json};

use highchat_testing::trials::words::page_of;

use crate::support::*;

fn answer(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let len = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {len}\r\n{headers}\r\n");
    vec![Step::send(head + body)]
}

#[test]
fn the_request_for_a_message_has_only_known_fields() {
    let service = play([vec![Step::send(format!("{STREAM}{META}{DONE}"))]]);
    let proxy = TestProxy::start(&format!("{}/prefix", service.base_url()), |_| ());
    let body = json!({
        "message": "Բարև", "conversation_id": "c1", "visitor_ref": "somebody else",
        "slug": "x", "admin": true,
    });
    let call = Call::post("/v1/chat?x=y", &body)
        .header("authorization", "Bearer hc_of_the_visitor")
        .header("cookie", "session=1")
        .header("x-forwarded-for", "1.2.3.4")
        .header("forwarded", "for=1.2.3.4")
        .header("accept-encoding", "gzip")
        .header("referer", "https://shop.example/secret");

    let got = call.send(&proxy);

    assert_eq!(got.body, format!("{META}{DONE}"));
    assert_eq!(got.header("content-type"), Some("text/event-stream"));
    assert_eq!(got.header("cache-control"), Some("no-cache, no-transform"));
    assert_eq!(got.header("x-accel-buffering"), Some("no"));
    let sent = String::from_utf8(service.requests().remove(0)).unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    let trace = lines
        .iter()
        .position(|line| line.starts_with("traceparent: "));
    lines.remove(trace.expect("a trace"));
    lines[1..].sort_unstable();
    let host = service.base_url().replace("http://", "host: ");
    let agent = format!("user-agent: highchat-rust/{}", env!("CARGO_PKG_VERSION"));
    let authorization = format!("authorization: Bearer {KEY}");
    assert_eq!(
        lines,
        [
            "POST /prefix/v1/chat HTTP/1.1",
            "accept-encoding: identity",
            "accept: text/event-stream",
            &authorization,
            &format!("content-length: {}", body.len()),
            "content-type: application/json",
            &host,
            &agent,
        ]
    );
    assert_eq!(body, r#"{"message":"Բարև","conversation_id":"c1"}"#);
}

#[test]
fn half_of_an_emoji_becomes_a_replacement_character_in_every_text() {
    let service = play([
        vec![Step::send(format!("{STREAM}{META}{DONE}"))],
        answer("200 OK", "", "{}"),
    ]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let json = |target: &str, body: &str| {
        let call = Call::new("POST", target).body(body);
        call.header("content-type", "application/json")
    };

    let message = r#"{"message":"Բարև \ud83d","visitor_ref":"\udc4b","new":"\ud83d"}"#;
    let asked = json("/v1/chat", message).send(&proxy);
    let rating = r#"{"rating":1,"comment":"\udc4bլավ \ud83d\udc4b"}"#;
    let rated = json("/v1/conversations/c1/rating", rating).send(&proxy);

    assert_eq!((asked.status, rated.status), (200, 200));
    let sent = service.requests();
    for (request, body) in sent.iter().zip([
        "{\"message\":\"Բարև \u{fffd}\"}",
        "{\"rating\":1,\"comment\":\"\u{fffd}լավ 👋\"}",
    ]) {
        let request = String::from_utf8_lossy(request);
        assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{request}");
    }
}

#[test]
fn the_requests_for_polls_and_ratings_have_only_known_fields() {
    let page = r#"{"state":"human","messages":[],"new":1}"#;
    let service = play([
        answer(
            "200 OK",
            "content-type: application/json\r\nset-cookie: a=b\r\n",
            page,
        ),
        answer("201 Created", "", "{}"),
    ]);
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.prefix = Some("/api".parse().unwrap());
    });

    let polled = Call::new(
        "GET",
        "/api/v1/conversations/a%2Fb/messages?after=2026-06-14T10:00:00%2B04:00&x=y",
    );
    let polled = polled.send(&proxy);
    let body = json!({ "rating": 1, "comment": "լավ", "x": 2 });
    let rated = Call::post("/v1/conversations/c1/rating", &body).send(&proxy);

    assert_eq!((polled.status, &*polled.body), (200, page));
    assert_eq!(polled.header("set-cookie"), None);
    assert_eq!((rated.status, &*rated.body), (201, "{}"));
    let sent = service.requests();
    let sent: Vec<_> = sent
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes))
        .collect();
    assert!(sent[0].starts_with(
        "GET /v1/conversations/a%2Fb/messages?after=2026-06-14T10%3A00%3A00%2B04%3A00 HTTP/1.1\r\n"
    ));
    assert!(sent[1].starts_with("POST /v1/conversations/c1/rating HTTP/1.1\r\n"));
    assert!(sent[1].ends_with("\r\n\r\n{\"rating\":1,\"comment\":\"լավ\"}"));
}

#[test]
fn a_request_that_the_api_does_not_have_is_not_sent_to_the_service() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let chat = |body: &str| Call::chat("").body(body);
    let rating = |body| Call::post("/v1/conversations/c1/rating", &body);
    let cases = [
        (Call::new("GET", "/v1/admin"), 404, "not_found"),
        (Call::new("GET", "/v1/chat"), 404, "not_found"),
        (
            Call::new("DELETE", "/v1/conversations/c1/messages"),
            404,
            "not_found",
        ),
        (
            Call::post("/v1/chat?slug=demo", &json!({"message": "a"})),
            400,
            "invalid_input",
        ),
        (
            Call::new("GET", "/v1/conversations/c1/messages?slug=x"),
            400,
            "invalid_input",
        ),
        (
            Call::new("GET", "/v1/conversations/c1/messages?after=now"),
            400,
            "invalid_input",
        ),
        (chat("{"), 400, "invalid_input"),
        (chat("[]"), 400, "invalid_input"),
        (chat("{\"message\":\"\"}"), 400, "invalid_input"),
        (chat("{\"message\":1}"), 400, "invalid_input"),
        (
            chat("{\"message\":\"a\",\"message\":\"b\"}"),
            400,
            "invalid_input",
        ),
        (Call::chat(&"ա".repeat(4001)), 400, "invalid_input"),
        (chat(&" ".repeat(64 * 1024 + 1)), 413, "invalid_input"),
        (rating(json!({"rating": 2})), 400, "invalid_input"),
        (rating(json!({})), 400, "invalid_input"),
        (
            Call::new("POST", "/v1/chat")
                .header("content-type", "text/plain")
                .body("{\"message\":\"a\"}"),
            415,
            "invalid_input",
        ),
        (
            Call::new("POST", "/v1/chat").body("{\"message\":\"a\"}"),
            415,
            "invalid_input",
        ),
    ];
    for (call, status, code) in cases {
        let shown = String::from_utf8_lossy(&call.bytes()).into_owned();
        assert_eq!(
            call.send(&proxy).refusal(),
            (status, code.to_owned()),
            "{shown}"
        );
    }
    assert_eq!(service.connections(), 0);
}

#[test]
fn a_status_and_its_error_are_passed_on_without_changes() {
    let shape = |code: &str| format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"m\"}}}}");
    let json = "content-type: application/json\r\n";
    let cases = [
        ("400 Bad Request", json, shape("invalid_input")),
        ("404 Not Found", json, shape("not_found")),
        (
            "429 Too Many Requests",
            "content-type: a/b\r\nretry-after: 7\r\n",
            shape("rate_limited"),
        ),
        (
            "500 Internal Server Error",
            "content-type: text/html\r\n",
            "<h1>oh</h1>".to_owned(),
        ),
        ("503 Service Unavailable", "", String::new()),
        ("200 OK", json, shape("not_found")),
    ];
    let scripts = cases
        .clone()
        .map(|(status, headers, body)| answer(status, headers, &body));
    let service = play(scripts.clone().into_iter().chain(scripts));
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for call in [Call::chat("ա"), Call::messages("c1")] {
        for (status, headers, body) in &cases {
            let got = call.clone().send(&proxy);
            assert_eq!(got.status.to_string(), status[..3]);
            assert_eq!(&got.body, body);
            let wait = headers.contains("retry-after").then_some("7");
            assert_eq!(got.header("retry-after"), wait);
        }
    }
    assert_eq!(service.connections(), 12, "nothing is sent twice");
}

#[test]
fn an_unusable_answer_becomes_a_502_in_the_apis_error_shape() {
    let long = "x".repeat(2 << 20);
    let scripts = [
        answer("302 Found", "location: https://elsewhere.example/\r\n", ""),
        answer("304 Not Modified", "", ""),
        answer(
            "200 OK",
            "content-encoding: gzip\r\ncontent-type: text/event-stream\r\n",
            "x",
        ),
        answer("200 OK", "content-type: application/json\r\n", &long),
        vec![Step::send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}")],
        vec![Step::send("nonsense\r\n\r\n")],
        vec![],
        vec![Step::Reset],
    ];
    let count = scripts.len();
    let service = play(scripts.clone().into_iter().chain(scripts));
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for call in [Call::chat("ա"), Call::messages("c1")] {
        for number in 0..count {
            let got = call.clone().send(&proxy);
            assert_eq!(got.refusal(), (502, "unavailable".to_owned()), "{number}");
            assert_eq!(got.header("location"), None);
        }
    }
    assert_eq!(
        service.connections(),
        2 * count,
        "nothing is sent twice or to another address"
    );
}

#[test]
fn of_an_error_that_is_too_long_only_the_status_is_passed_on() {
    let service = play([answer(
        "500 Oh",
        "content-type: text/html\r\n",
        &"x".repeat(70_000),
    )]);
    let proxy = TestProxy::start(service.base_url(), |_| ());

    assert_eq!(
        Call::chat("ա").send(&proxy).refusal(),
        (500, "unavailable".to_owned())
    );
}

#[test]
fn an_unreachable_service_becomes_a_502() {
    let proxy = TestProxy::start("http://127.0.0.1:1", |_| ());

    assert_eq!(Call::chat("ա").send(&proxy).refusal().0, 502);
    assert_eq!(Call::messages("c").send(&proxy).refusal().0, 502);
}

#[test]
fn health_readiness_and_counters_are_served() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    for path in ["/healthz", "/readyz"] {
        let asked = Call::new("GET", path).send(&proxy);
        assert_eq!(asked.status, 200);
        let head = Call::new("HEAD", path).send(&proxy);
        let length = asked.body.len().to_string();
        assert_eq!((head.status, &*head.body), (200, ""), "{path}");
        assert_eq!(head.header("content-length"), Some(&*length), "{path}");
    }
    assert_eq!(Call::new("GET", "/metrics").send(&proxy).status, 404);

    let mut stream = connect(proxy.server.metrics_addr().unwrap());
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();

    let counted = "highchat_proxy_requests_total{endpoint=\"other\",status=\"4xx\"} 1\n";
    assert!(page.contains(counted), "{page}");
    assert!(page.contains("\ncontent-type: text/plain; version=0.0.4\r\n"));
    assert!(page.contains("# TYPE highchat_proxy_streams gauge\nhighchat_proxy_streams 0\n"));
}

#[test]
fn all_requests_to_the_service_for_one_visitor_request_have_its_trace() {
    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let named = format!("00-{ID}-00f067aa0ba902b7-01");
    for is_trusted in [true, false] {
        let cut = format!("{STREAM}{META}{}", delta("Բարև "));
        let page = page_of("bot", &[("user", "Ողջույն"), ("assistant", "Բարև 👋")]);
        let service = play([vec![Step::send(cut)], vec![Step::send(page)]]);
        let proxy = TestProxy::start(service.base_url(), |config| {
            config.heal = true;
            if is_trusted {
                config.trusted_networks = vec!["127.0.0.0/8".parse().unwrap()];
            }
        });
        let call = Call::chat("Ողջույն").header("traceparent", &named);
        assert!(call.send(&proxy).body.contains("event: done"));

        let requests = service.requests().into_iter();
        let sent: Vec<String> = requests
            .map(|request| {
                let request = String::from_utf8(request).unwrap();
                let value = request
                    .lines()
                    .find_map(|line| line.strip_prefix("traceparent: "));
                value.expect("a trace").to_owned()
            })
            .collect();

        let ids: Vec<&str> = sent.iter().map(|value| &value[3..35]).collect();
        assert_eq!((sent.len(), ids[0]), (2, ids[1]));
        assert_ne!(sent[0], sent[1], "each request has its own parent id");
        assert_eq!(ids[0] == ID, is_trusted);
    }
}

#[test]
fn every_counter_of_the_dashboard_is_on_the_metrics_page() {
    let service = play([]);
    let proxy = TestProxy::start(service.base_url(), |_| ());
    let page = proxy.server.proxy().metrics();
    let dashboard: Value = serde_json::from_str(include_str!("../../grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids: Vec<_> = panels
        .iter()
        .map(|panel| panel["id"].as_u64().unwrap())
        .collect();
    ids.dedup();
    assert!(ids.is_sorted() && ids.len() == panels.len());
    let mut shown = String::new();
    for panel in panels {
        assert!(panel["gridPos"]["w"].as_u64().unwrap() <= 24, "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            shown += target["expr"].as_str().unwrap();
            shown += "\n";
        }
    }
    for line in shown.lines() {
        let names = line.split("highchat_proxy_").skip(1);
        for name in names {
            let end = name.find(|c: char| !c.is_ascii_lowercase() && c != '_');
            let name = &name[..end.unwrap_or(name.len())];
            let name = name.strip_suffix("_bucket").unwrap_or(name);
            assert!(
                page.contains(&format!("# TYPE highchat_proxy_{name} ")),
                "{name}"
            );
        }
    }
    // And the other way round: nothing that is counted is missing.
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(shown.contains(name), "{name}");
    }
}

#[test]
fn polls_and_searches_are_counted_by_their_result() {
    let page = || {
        vec![Step::send(page_of(
            "bot",
            &[("user", "ա"), ("assistant", "Բարև 👋")],
        ))]
    };
    let cut = |meta: &str, text: &str| vec![Step::send(format!("{STREAM}{meta}{}", delta(text)))];
    let found = [cut(META, "Բարև "), page()];
    let nothing = [
        cut(&META.replace("c1", "c2"), "Ոչ "),
        page(),
        page(),
        page(),
        page(),
    ];
    let service = play(found.into_iter().chain(nothing).chain([page()]));
    let proxy = TestProxy::start(service.base_url(), |config| {
        config.heal = true;
        config.poll_memory = LONG;
    });
    Call::chat("ա").send(&proxy);
    Call::chat("ա").send(&proxy);
    Call::messages("c1").send(&proxy);
    Call::messages("c1").send(&proxy);

    for (name, count) in [
        ("searches_total{result=\"found\"}", 1),
        ("searches_total{result=\"not_found\"}", 1),
        ("search_requests_total", 5),
        ("polls_total{source=\"service\"}", 1),
        ("polls_total{source=\"remembered\"}", 1),
        ("polls_total{source=\"shared\"}", 0),
        ("held_bytes", 0),
    ] {
        until(|| proxy.counter(&format!("highchat_proxy_{name} ")) == count);
    }
}

#[test]
fn a_connection_serves_several_requests() {
    let sandbox = sandbox();
    let proxy = TestProxy::start(sandbox.base_url(), |_| ());
    let mut stream = Call::chat("ա").open(&proxy);
    read_until(&mut stream, "\r\n0\r\n\r\n");

    stream.write_all(&Call::messages("none").bytes()).unwrap();

    assert!(read_until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 404 "));
}
