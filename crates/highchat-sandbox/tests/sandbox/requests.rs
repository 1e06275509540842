use serde_json::json;

use crate::client::{Call, quick};

#[test]
fn requests_are_recorded_without_the_key() {
    let sandbox = quick().start().unwrap();
    let body = json!({ "message": "ա" });

    Call::chat(&body).header("x-test", "1").send(&sandbox);
    Call::messages("a%20b")
        .authorization("Basic c2VjcmV0")
        .query("after=x%3Ay")
        .send(&sandbox);

    let [chat, messages] = sandbox.requests().try_into().unwrap();
    assert_eq!(
        (chat.method.as_str(), chat.path.as_str()),
        ("POST", "/v1/chat")
    );
    assert_eq!(chat.query, None);
    assert_eq!(chat.headers["authorization"], "Bearer [redacted]");
    assert_eq!(chat.headers["x-test"], "1");
    assert_eq!(chat.body, body.to_string());
    assert_eq!(messages.method.as_str(), "GET");
    assert_eq!(messages.path, "/v1/conversations/a%20b/messages");
    assert_eq!(messages.query.as_deref(), Some("after=x%3Ay"));
    assert_eq!(messages.headers["authorization"], "[redacted]");
    assert!(messages.body.is_empty());
    assert!(chat.at <= messages.at);
    assert!(!format!("{chat:?} {messages:?} {sandbox:?}").contains("hc_sandbox"));
}

#[test]
fn the_newest_thousand_requests_are_stored() {
    let sandbox = quick().start().unwrap();
    let mut stream = crate::client::connect(&sandbox);

    for n in 0..1005 {
        let call = Call::new("OPTIONS", "/v1/chat").query(&n.to_string());
        std::io::Write::write_all(&mut stream, &call.bytes()).unwrap();
        crate::client::read_until(&mut stream, "\r\n\r\n");
    }

    let requests = sandbox.requests();
    assert_eq!(requests.len(), 1000);
    assert_eq!(requests[0].query.as_deref(), Some("5"));
    assert_eq!(requests[999].query.as_deref(), Some("1004"));
}
