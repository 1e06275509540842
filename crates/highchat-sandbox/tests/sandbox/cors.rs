use serde_json::json;

use crate::client::{Call, quick, say};

#[test]
fn a_preflight_is_answered_without_a_key() {
    let sandbox = quick().start().unwrap();

    for path in [
        "/v1/chat",
        "/v1/conversations/x/messages",
        "/v1/conversations/x/rating",
    ] {
        let answer = Call::new("OPTIONS", path)
            .without_key()
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
            .send(&sandbox);
        assert_eq!(answer.status, 204);
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            (
                "access-control-allow-headers",
                "authorization, content-type",
            ),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
    }
}

#[test]
fn pages_of_any_origin_can_read_every_answer() {
    let sandbox = quick().rate_limit(1).start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();

    for (call, status) in [
        (Call::messages(&id), 200),
        (Call::rating(&id, &json!({ "rating": 1 })), 200),
        (Call::chat(&json!({ "message": "" })), 400),
        (Call::messages(&id).without_key(), 401),
        (Call::messages("no-such"), 404),
        (Call::new("GET", "/v1/chat"), 405),
        (Call::new("POST", "/v1/chat").body(vec![b' '; 70_000]), 413),
        (Call::chat(&json!({ "message": "ա" })), 429),
    ] {
        let answer = call.header("origin", "https://shop.example").send(&sandbox);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some("retry-after")
        );
        assert_eq!(answer.header("set-cookie"), None);
    }
    let stream = quick().start().unwrap();
    assert_eq!(
        say(&stream, "ա").header("access-control-allow-origin"),
        Some("*")
    );
}
