use highchat_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::client::{Answer, Call, quick, say};

fn call(sandbox: &Sandbox, method: &'static str, path: &str) -> Value {
    let answer = Call::new(method, format!("/sandbox/{path}")).send(sandbox);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    answer.json()
}

fn set(sandbox: &Sandbox, faults: &Value) -> Answer {
    Call::new("POST", "/sandbox/faults")
        .json(faults)
        .send(sandbox)
}

#[test]
fn requests_are_listed_without_keys_and_without_the_control_api() {
    let sandbox = quick().start().unwrap();
    say(&sandbox, "ա");

    call(&sandbox, "GET", "verdict");
    let answer = call(&sandbox, "GET", "requests");

    let [request] = &answer["requests"].as_array().unwrap()[..] else {
        panic!("{answer}");
    };
    assert_eq!(request["path"], "/v1/chat");
    assert_eq!(request["status"], 200);
    assert_eq!(request["end"], "whole");
    assert_eq!(request["body"], r#"{"message":"ա"}"#);
    let key = json!(["authorization", "Bearer [redacted]"]);
    assert!(
        request["headers"].as_array().unwrap().contains(&key),
        "{answer}"
    );
    assert!(!answer.to_string().contains(sandbox.key()));
}

#[test]
fn faults_are_set_and_cleared() {
    let sandbox = quick().start().unwrap();

    let answer = set(
        &sandbox,
        &json!({ "next": ["502-empty", "bom"], "always": ["close-delimited"] }),
    );
    assert_eq!(answer.json()["next"], json!(["502-empty,bom"]));
    assert_eq!(answer.json()["always"], "close-delimited");
    assert_eq!(say(&sandbox, "ա").status, 502);
    assert!(say(&sandbox, "ա").body.starts_with('\u{feff}'));
    assert_eq!(say(&sandbox, "ա").header("transfer-encoding"), None);

    let answer = call(&sandbox, "DELETE", "faults");
    assert_eq!(
        (&answer["always"], &answer["next"]),
        (&json!(""), &json!([]))
    );
    assert!(say(&sandbox, "ա").header("transfer-encoding").is_some());
    let known = call(&sandbox, "GET", "faults")["faults"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(known, Fault::ALL.len());
}

#[test]
fn the_verdict_is_about_the_requests_so_far() {
    let sandbox = quick().start().unwrap();
    Call::new("GET", "/v2").send(&sandbox);

    let verdict = call(&sandbox, "GET", "verdict");

    assert_eq!(verdict["good"], false);
    assert_eq!(verdict["requests"], 1);
    assert_eq!(verdict["findings"][0]["misstep"], "no-such-endpoint");
    assert_eq!(call(&sandbox, "POST", "cancelled")["ok"], true);
}

#[test]
fn invalid_requests_are_refused_in_the_apis_error_shape() {
    let sandbox = quick().start().unwrap();
    for (faults, status) in [
        (json!({ "next": ["cats"] }), 400),
        (json!({ "next": "cut" }), 400),
        (json!({ "then": ["cut"] }), 400),
        (json!([]), 400),
    ] {
        assert_eq!(set(&sandbox, &faults).status, status, "{faults}");
    }
    for (method, path, status) in [
        ("PUT", "faults", 405),
        ("POST", "requests", 405),
        ("GET", "cats", 404),
    ] {
        let refused = Call::new(method, format!("/sandbox/{path}")).send(&sandbox);
        assert_eq!(refused.status, status);
        assert!(!refused.code().is_empty());
    }
}

#[test]
fn requests_of_other_origins_and_hosts_are_refused() {
    let sandbox = quick().start().unwrap();
    let port = sandbox.addr().port();
    let own = format!("http://127.0.0.1:{port}");
    for (host, origin, status) in [
        (format!("127.0.0.1:{port}"), None, 200),
        (format!("localhost:{port}"), None, 200),
        ("[::1]:80".to_owned(), None, 200),
        (format!("127.0.0.1:{port}"), Some(&*own), 200),
        (
            format!("127.0.0.1:{port}"),
            Some("https://evil.example"),
            403,
        ),
        (format!("127.0.0.1:{port}"), Some("null"), 403),
        (format!("localhost:{port}"), Some(&*own), 403),
        (format!("evil.example:{port}"), None, 403),
        (
            format!("evil.example:{port}"),
            Some("http://evil.example"),
            403,
        ),
        ("127.0.0.1.evil.example".to_owned(), None, 403),
    ] {
        let mut call = Call::new("GET", "/sandbox/faults").host(&host);
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        assert_eq!(call.send(&sandbox).status, status, "{host} {origin:?}");
    }
}
