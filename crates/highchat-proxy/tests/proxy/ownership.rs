//! Whose a conversation is.

use highchat_proxy::Secret;
use serde_json::json;

use crate::support::*;

fn owned(base_url: &str) -> Through {
    Through::to(base_url, |config| {
        config.secret = Some(Secret::new(SECRET).unwrap());
        config.visitor_header = Some("x-visitor".parse().unwrap());
        config.trusted_networks = vec!["127.0.0.0/8".parse().unwrap()];
    })
}

/// The id in the `meta` of a reply.
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
fn an_id_serves_its_visitor_and_nobody_else() {
    let sandbox = sandbox();
    let through = owned(sandbox.base_url());
    let id = id(&by("ani", Call::chat("իմ անունը Անի է")).send(&through));
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

    assert!(by("ani", chat()).send(&through).body.contains("Անի"));
    assert_eq!(by("ani", Call::messages(&id)).send(&through).status, 200);
    assert_eq!(by("ani", rate()).send(&through).status, 200);
    let own = id.rsplit_once('.').unwrap().0;
    assert_eq!(sandbox.rating(own).map(|rating| rating.rating), Some(1));

    let asked = sandbox.requests().len();
    for call in [chat(), rate(), Call::messages(&id)] {
        assert_eq!(by("aram", call.clone()).send(&through).refusal().0, 404);
        assert_eq!(call.send(&through).refusal().0, 404, "nobody");
    }
    assert_eq!(
        by("ani", Call::messages(own)).send(&through).refusal().0,
        404,
        "the service's own"
    );
    assert_eq!(sandbox.requests().len(), asked, "the service was not asked");
}

#[test]
fn an_id_for_nobody_serves_whoever_has_it_and_cannot_be_made_up() {
    let sandbox = sandbox();
    let through = owned(sandbox.base_url());
    let id = id(&Call::chat("ա").send(&through));

    assert_eq!(Call::messages(&id).send(&through).status, 200);
    let mut forged = id;
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    assert_eq!(Call::messages(&forged).send(&through).status, 404);
    assert_eq!(Call::messages("a.b").send(&through).status, 404);
}

#[test]
fn a_visitor_is_named_by_a_trusted_peer_alone() {
    let sandbox = sandbox();
    let named = |through: &Through| {
        let body = json!({ "message": "ա", "visitor_ref": "the body's" });
        let call = Call::post("/v1/chat", &body).header("x-visitor", "the header's");
        assert_eq!(call.send(through).status, 200);
        let body: serde_json::Value =
            serde_json::from_slice(&sandbox.requests().last().unwrap().body).unwrap();
        body.get("visitor_ref").cloned()
    };
    assert_eq!(
        named(&owned(sandbox.base_url())),
        Some(json!("the header's"))
    );
    let untrusting = Through::to(sandbox.base_url(), |config| {
        config.visitor_header = Some("x-visitor".parse().unwrap());
    });
    assert_eq!(named(&untrusting), None);
}
