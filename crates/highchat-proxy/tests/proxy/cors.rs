//! Pages of other origins.

use crate::support::*;

fn through() -> (highchat_sandbox::Sandbox, Through) {
    let sandbox = sandbox();
    let through = Through::to(sandbox.base_url(), |config| {
        config.allow_origins = vec![ORIGIN.parse().unwrap()];
    });
    (sandbox, through)
}

#[test]
fn a_page_on_the_list_may_ask_and_read() {
    let (sandbox, through) = through();
    let preflight = Call::new("OPTIONS", "/v1/chat")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,authorization",
        )
        .send(&through);
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
        let got = call.header("origin", ORIGIN).send(&through);
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
fn a_page_that_is_not_on_the_list_may_not() {
    let (sandbox, through) = through();
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "null",
        "http://shop.example",
    ] {
        let preflight = Call::new("OPTIONS", "/v1/chat").header("origin", origin);
        let preflight = preflight.send(&through);
        assert_eq!(preflight.refusal(), (403, "forbidden".to_owned()));
        let polled = Call::messages("none")
            .header("origin", origin)
            .send(&through);
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
