use serde_json::{Value, json};

use crate::client::{Call, quick, say};

#[test]
fn an_invalid_chat_request_is_invalid_input() {
    let sandbox = quick().start().unwrap();

    for body in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"message":null}"#,
        r#"{"message":7}"#,
        r#"{"message":""}"#,
        r#"{"message":"ա","conversation_id":7}"#,
        r#"{"message":"ա","visitor_ref":7}"#,
    ] {
        let answer = Call::new("POST", "/v1/chat").body(body).send(&sandbox);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_input"),
            "{body}"
        );
    }
}

#[test]
fn invalid_utf_8_is_invalid_input() {
    let sandbox = quick().start().unwrap();

    let answer = Call::new("POST", "/v1/chat")
        .body(*b"{\"message\":\"\xff\"}")
        .send(&sandbox);

    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "invalid_input")
    );
}

#[test]
fn null_and_unknown_fields_are_accepted() {
    let sandbox = quick().start().unwrap();

    let body = json!({ "message": "ա", "conversation_id": null, "visitor_ref": null, "x": 1 });

    assert_eq!(Call::chat(&body).send(&sandbox).status, 200);
}

#[test]
fn an_unknown_conversation_is_not_found() {
    let sandbox = quick().start().unwrap();

    for call in [
        Call::chat(&json!({ "message": "ա", "conversation_id": "no-such" })),
        Call::chat(&json!({ "message": "ա", "conversation_id": "" })),
        Call::messages("no-such"),
        Call::rating("no-such", &json!({ "rating": 1 })),
    ] {
        let answer = call.send(&sandbox);
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    }
}

#[test]
fn an_unknown_path_is_not_found_even_without_a_key() {
    let sandbox = quick().start().unwrap();

    for path in [
        "/v1.html",
        "/v1",
        "/v1/",
        "/v1/chat/",
        "/v2/chat",
        "/v1/conversations/x",
        "/v1//chat",
    ] {
        let answer = Call::new("GET", path).without_key().send(&sandbox);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
}

#[test]
fn a_wrong_method_is_answered_with_the_allowed_methods() {
    let sandbox = quick().start().unwrap();

    for (method, path, allow) in [
        ("GET", "/v1/chat", "POST, OPTIONS"),
        ("DELETE", "/v1/conversations/x/messages", "GET, OPTIONS"),
        ("PUT", "/v1/conversations/x/rating", "POST, OPTIONS"),
    ] {
        let answer = Call::new(method, path).send(&sandbox);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (405, "invalid_input")
        );
        assert_eq!(answer.header("allow"), Some(allow));
    }
}

#[test]
fn a_refusal_has_the_apis_error_shape() {
    let sandbox = quick().start().unwrap();

    let answer = Call::messages("no-such").send(&sandbox);

    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let expected: Value =
        json!({ "error": { "code": "not_found", "message": "Զրույցը չի գտնվել։" } });
    assert_eq!(answer.json(), expected);
}

#[test]
fn an_invalid_after_is_invalid_input() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();

    for after in [
        "",
        "yesterday",
        "2026-06-14",
        "1781431200",
        "2026-06-14T10:00:00+04:00",
    ] {
        // The last one is invalid because `+` means a space in a query.
        let answer = Call::messages(&id)
            .query(&format!("after={after}"))
            .send(&sandbox);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_input"),
            "{after}"
        );
    }
}
