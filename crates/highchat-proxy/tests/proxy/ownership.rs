//! Signed conversation ids: only their visitor can use them.

use highchat_proxy::Secret;
use serde_json::json;

use crate::support::*;

fn owned(base_url: &str) -> TestProxy {
    TestProxy::start(base_url, |config| {
        config.secret = Some(Secret::new(SECRET).unwrap());
        config.visitor_header = Some("x-visitor".parse().unwrap());
        config.trusted_networks = vec!["127.0.0.0/8".parse().unwrap()];
    })
}

/// Returns the id in the `meta` event of a reply.
fn id(answer: &Answer) -> String {
    let (_, rest) = answer
        .body
        .split_once("{\"conversation_id\":\"")
        .expect("a meta");
    rest.split_once('"').unwrap().0.into()
}

fn by(visitor: &str, call: Call) -> Call {
    call.header("x-visitor", visitor)
}

#[test]
fn only_its_visitor_can_use_an_id() {
    let sandbox = sandbox();
    let proxy = owned(sandbox.base_url());
    let id = id(&by("ani", Call::chat("իմ անունը Անի է")).send(&proxy));
    let chat = || {
        Call::post(
            "/v1/chat",
            &json!({ "message": "ինչպե՞ս է իմ անունը", "conversation_id": id }),
        )
    };
    let rate = || {
        Call::post(
            &format!("/v1/conversations/{id}/rating"),
            &json!({ "rating": 1 }),
        )
    };

    assert!(by("ani", chat()).send(&proxy).body.contains("Անի"));
    assert_eq!(by("ani", Call::messages(&id)).send(&proxy).status, 200);
    assert_eq!(by("ani", rate()).send(&proxy).status, 200);
    let own = id.rsplit_once('.').unwrap().0;
    assert_eq!(sandbox.rating(own).map(|rating| rating.rating), Some(1));

    let asked = sandbox.requests().len();
    for call in [chat(), rate(), Call::messages(&id)] {
        assert_eq!(by("aram", call.clone()).send(&proxy).refusal().0, 404);
        assert_eq!(call.send(&proxy).refusal().0, 404, "without a visitor");
    }
    assert_eq!(
        by("ani", Call::messages(own)).send(&proxy).refusal().0,
        404,
        "the service's own id"
    );
    assert_eq!(sandbox.requests().len(), asked, "no request to the service");
}

#[test]
fn an_id_of_one_proxy_is_its_visitors_at_another_proxy_and_after_a_restart() {
    let sandbox = sandbox();
    let first = owned(sandbox.base_url());
    let id = id(&by("ani", Call::chat("Բարև, ես Անին եմ 👋")).send(&first));
    let second = owned(sandbox.base_url());
    first.server.stop();
    let restarted = owned(sandbox.base_url());

    for proxy in [&second, &restarted] {
        let body = json!({ "message": "Ո՞վ եմ ես 🙂", "conversation_id": id });
        let chat = by("ani", Call::post("/v1/chat", &body)).send(proxy);
        assert!(chat.body.contains("event: done"), "{}", chat.body);
        assert_eq!(by("ani", Call::messages(&id)).send(proxy).status, 200);
        assert_eq!(by("aram", Call::messages(&id)).send(proxy).status, 404);
    }
}

#[test]
fn anyone_can_use_an_id_without_a_visitor_but_nobody_can_invent_one() {
    let sandbox = sandbox();
    let proxy = owned(sandbox.base_url());
    let id = id(&Call::chat("ա").send(&proxy));

    assert_eq!(Call::messages(&id).send(&proxy).status, 200);
    let mut forged = id;
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    assert_eq!(Call::messages(&forged).send(&proxy).status, 404);
    assert_eq!(Call::messages("a.b").send(&proxy).status, 404);
}

#[test]
fn only_a_trusted_peer_can_name_the_visitor() {
    let sandbox = sandbox();
    let named = |proxy: &TestProxy| {
        let body = json!({ "message": "ա", "visitor_ref": "the body's" });
        let call = Call::post("/v1/chat", &body).header("x-visitor", "the header's");
        assert_eq!(call.send(proxy).status, 200);
        let body: serde_json::Value =
            serde_json::from_slice(&sandbox.requests().last().unwrap().body).unwrap();
        body.get("visitor_ref").cloned()
    };
    assert_eq!(
        named(&owned(sandbox.base_url())),
        Some(json!("the header's"))
    );
    let untrusting = TestProxy::start(sandbox.base_url(), |config| {
        config.visitor_header = Some("x-visitor".parse().unwrap());
    });
    assert_eq!(named(&untrusting), None);
}
