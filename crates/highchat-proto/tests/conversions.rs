//! Conversions to and from the types of the crate `http`.

#![cfg(feature = "http")]

use bytes::Bytes;
use highchat_proto::{
    ChatRequest, ConversationId, Credentials, Endpoint, Head, Message, MessagesRequest, Rating,
    RatingRequest, Request,
};
use proptest::prelude::*;

const KEY: &str = "hc_secret";

/// One request of each kind.
fn requests(endpoint: &Endpoint) -> [Request; 3] {
    let id = || ConversationId::new("ա/👋 %").unwrap();
    let after = "2026-06-14T10:00:00+04:00".parse().unwrap();
    [
        endpoint.chat(&ChatRequest::new(Message::new("Բարև 👋").unwrap())),
        endpoint.messages(&MessagesRequest::new(id()).with_after(after)),
        endpoint.rate(&RatingRequest::new(id(), Rating::Down).with_comment("ոչ 🙁")),
    ]
}

fn assert_converts(request: Request) {
    let converted: http::Request<Bytes> = request.clone().into();
    assert_eq!(converted.method().as_str(), request.method().as_str());
    assert_eq!(converted.uri().to_string(), request.url());
    let authority = converted.uri().authority().unwrap();
    assert_eq!(authority.as_str(), request.host());
    let target = converted.uri().path_and_query().unwrap();
    assert_eq!(target.as_str(), request.target());
    let headers = converted.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
    assert!(headers.eq(request.headers()), "{request:?}");
    assert_eq!(converted.body(), request.body());
}

#[test]
fn a_converted_request_is_the_same_and_its_key_is_sensitive() {
    for credentials in [
        Credentials::key(KEY).unwrap(),
        Credentials::slug("իմ բոտը 👋&").unwrap(),
        Credentials::none(),
    ] {
        let endpoint = Endpoint::new("https://chat.example:8443/բոտ/", credentials).unwrap();
        requests(&endpoint).into_iter().for_each(assert_converts);
    }
    let endpoint = Endpoint::new("https://h.example", Credentials::key(KEY).unwrap()).unwrap();
    for request in requests(&endpoint) {
        let converted = http::Request::from(request);
        assert!(converted.headers()["authorization"].is_sensitive());
        assert!(!format!("{converted:?}").contains(KEY));
    }
}

#[test]
fn a_head_from_an_http_response_has_the_same_fields_in_the_same_order() {
    let response = http::Response::builder()
        .status(429)
        .header("Content-Type", "text/html")
        .header("content-type", "text/event-stream")
        .header("x-other", "ա")
        .header("retry-after", "7");
    let (parts, ()) = response.body(()).unwrap().into_parts();
    let mut head = Head::new(429);
    head.header("content-type", b"text/html");
    head.header("retry-after", b"7");
    assert_eq!(Head::from(&parts), head);
}

proptest! {
    /// If a base URL is accepted, `http` accepts the requests too and reads the same host and
    /// port.
    #[test]
    fn a_request_to_any_accepted_base_url_converts(
        scheme in "(https?|HTTP|Https)",
        host in r"([a-z0-9.~!$&'()*+,;=_%-]{1,9}|\[[0-9a-fv:.%]{2,9}\]|127\.0\.0\.1|localhost|չատ)",
        port in "(:[0-9]{0,6})?",
        path in r#"(/[a-zԱ-ֆ👋0-9%.~!$&'()*+,;=:@_"<>\[\]\\^`{}|-]{0,9}){0,3}/?"#,
        has_suffix in any::<bool>(),
        suffix in any::<String>(),
    ) {
        let base_url = match has_suffix {
            true => format!("{scheme}://{host}{port}{path}{suffix}"),
            false => format!("{scheme}://{host}{port}{path}"),
        };
        let credentials = Credentials::slug("demo").unwrap();
        if let Ok(endpoint) = Endpoint::with_insecure_http(&base_url, credentials) {
            for request in requests(&endpoint) {
                let uri = http::Request::from(request.clone()).uri().clone();
                let host = uri.host().unwrap();
                prop_assert_eq!(host.trim_matches(['[', ']']), endpoint.host());
                let port = uri.port_u16();
                prop_assert_eq!(port.unwrap_or(endpoint.port()), endpoint.port());
                assert_converts(request);
            }
        }
    }
}
