use highchat_sandbox::Sandbox;
use serde_json::json;

use crate::client::{Call, quick, say};

/// Returns a request for each endpoint. All succeed with the default key.
fn calls(sandbox: &Sandbox) -> [Call; 3] {
    let id = say(sandbox, "ա").conversation_id();
    [
        Call::chat(&json!({ "message": "բ" })),
        Call::messages(&id),
        Call::rating(&id, &json!({ "rating": 1 })),
    ]
}

#[test]
fn each_endpoint_accepts_a_key_or_the_slug() {
    let sandbox = quick().start().unwrap();

    for call in calls(&sandbox) {
        assert_eq!(call.clone().send(&sandbox).status, 200);
        let lower = call.clone().authorization("bearer hc_sandbox");
        assert_eq!(lower.send(&sandbox).status, 200);
        let slug = call.without_key().query("slug=demo");
        assert_eq!(slug.send(&sandbox).status, 200);
    }
}

#[test]
fn each_endpoint_refuses_a_wrong_credential() {
    let sandbox = quick().start().unwrap();

    for call in calls(&sandbox) {
        for call in [
            call.clone().without_key(),
            call.clone().without_key().query("slug=other"),
            call.clone().without_key().query("slug="),
            call.clone().authorization("Bearer hc_other"),
            call.clone().authorization("Bearer "),
            call.clone().authorization("Basic hc_sandbox"),
            call.clone().authorization("hc_sandbox"),
            call.clone()
                .authorization("Bearer hc_other")
                .query("slug=demo"),
        ] {
            let answer = call.send(&sandbox);
            assert_eq!(answer.status, 401);
            assert_eq!(answer.code(), "unauthenticated");
        }
    }
}

#[test]
fn only_the_given_keys_and_slug_are_accepted() {
    let sandbox = quick().key("one").key("two").slug("ա&b").start().unwrap();
    let call = Call::chat(&json!({ "message": "ա" }));

    assert_eq!((sandbox.key(), sandbox.slug()), ("one", "ա&b"));
    for (call, status) in [
        (call.clone().authorization("Bearer one"), 200),
        (call.clone().authorization("Bearer two"), 200),
        (call.clone().without_key().query("slug=%D5%A1%26b"), 200),
        (call.clone().authorization("Bearer hc_sandbox"), 401),
        (call.without_key().query("slug=demo"), 401),
    ] {
        assert_eq!(call.send(&sandbox).status, status);
    }
}
