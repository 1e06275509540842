//! CORS: requests from pages of other origins.

use crate::support::*;

fn sandbox_and_proxy() -> (highchat_sandbox::Sandbox, TestProxy) {
    let sandbox = sandbox();
    let proxy = TestProxy::start(sandbox.base_url(), |config| {
        config.allow_origins = vec![ORIGIN.parse().unwrap()];
    });
    (sandbox, proxy)
}

#[test]
fn a_page_whose_origin_is_listed_can_send_requests_and_read_answers() {
    let (sandbox, proxy) = sandbox_and_proxy();
    let preflight = Call::new("OPTIONS", "/v1/chat")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,authorization",
        )
        .send(&proxy);
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        Some(ORIGIN)
    );
    let headers = preflight.header("access-control-allow-headers");
    assert_eq!(headers, Some("authorization, content-type"));
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("GET, POST")
    );
    assert!(sandbox.requests().is_empty());

    let asked = [Call::chat("ա"), Call::messages("none"), Call::chat("")];
    for (call, status) in asked.into_iter().zip([200, 404, 400]) {
        let got = call.header("origin", ORIGIN).send(&proxy);
        assert_eq!(got.status, status);
        assert_eq!(got.header("access-control-allow-origin"), Some(ORIGIN));
        assert_eq!(
            got.header("access-control-expose-headers"),
            Some("retry-after")
        );
        assert_eq!(got.header("access-control-allow-credentials"), None);
        assert_eq!(got.header("vary"), Some("origin"));
    }
}

#[test]
fn a_page_whose_origin_is_not_listed_cannot_read_answers() {
    let (sandbox, proxy) = sandbox_and_proxy();
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "null",
        "http://shop.example",
    ] {
        let preflight = Call::new("OPTIONS", "/v1/chat").header("origin", origin);
        let preflight = preflight.send(&proxy);
        assert_eq!(preflight.refusal(), (403, "forbidden".to_owned()));
        let polled = Call::messages("none").header("origin", origin).send(&proxy);
        for answer in [preflight, polled] {
            assert_eq!(
                answer.header("access-control-allow-origin"),
                None,
                "{origin}"
            );
            assert_eq!(answer.header("vary"), Some("origin"));
        }
    }
    assert_eq!(sandbox.requests().len(), 4, "the polls");
}
