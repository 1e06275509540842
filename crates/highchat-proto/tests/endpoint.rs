//! The HTTP requests that an endpoint builds, and the base URLs and keys that it accepts.

use core::time::Duration;

use highchat_proto::http::{InvalidBaseUrl, InvalidCredentials};
use highchat_proto::{
    ChatRequest, Config, ConversationId, Credentials, Endpoint, Message, MessagesRequest, Rating,
    RatingRequest, Request, VisitorRef,
};
use proptest::prelude::*;
use proptest::sample::select;

const KEY: &str = "hc_secret";

fn by_key() -> Endpoint {
    Endpoint::new("https://chat.example", Credentials::key(KEY).unwrap()).unwrap()
}

fn by_slug(slug: &str) -> Endpoint {
    Endpoint::new("https://chat.example", Credentials::slug(slug).unwrap()).unwrap()
}

fn id(id: &str) -> ConversationId {
    ConversationId::new(id).unwrap()
}

/// A request as text: the request line, the headers sorted by name, and the body.
fn wire(request: &Request) -> String {
    let mut headers: Vec<_> = request
        .headers()
        .map(|(name, value)| format!("{name}: {}", core::str::from_utf8(value).unwrap()))
        .collect();
    headers.sort();
    format!(
        "{} {}\n{}\n{}",
        request.method(),
        request.url(),
        headers.join("\n"),
        core::str::from_utf8(request.body()).unwrap()
    )
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a [u8]> {
    let mut headers = request.headers();
    headers
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

const AGENT: &str = concat!("highchat-rust/", env!("CARGO_PKG_VERSION"));

#[test]
fn a_message_request_has_the_key_and_no_unset_fields() {
    let request = ChatRequest::new(Message::new("Բարև \"դու\"\n").unwrap());
    assert_eq!(
        wire(&by_key().chat(&request)),
        format!(
            "POST https://chat.example/v1/chat\n\
             accept-encoding: identity\n\
             accept: text/event-stream\n\
             authorization: Bearer {KEY}\n\
             content-type: application/json\n\
             user-agent: {AGENT}\n\
             {{\"message\":\"Բարև \\\"դու\\\"\\n\"}}"
        )
    );
}

#[test]
fn a_message_request_has_the_slug_the_conversation_and_the_visitor() {
    let request = ChatRequest::new(Message::new("a").unwrap())
        .with_conversation(id("c"))
        .with_visitor(VisitorRef::new("user-42").unwrap());
    assert_eq!(
        wire(&by_slug("my bot&x=1").chat(&request)),
        format!(
            "POST https://chat.example/v1/chat?slug=my%20bot%26x%3D1\n\
             accept-encoding: identity\n\
             accept: text/event-stream\n\
             content-type: application/json\n\
             user-agent: {AGENT}\n\
             {{\"message\":\"a\",\"conversation_id\":\"c\",\"visitor_ref\":\"user-42\"}}"
        )
    );
}

#[test]
fn a_messages_request_has_the_timestamp_unchanged() {
    let request =
        MessagesRequest::new(id("a/b?c")).with_after("2026-06-14T14:00:00+04:00".parse().unwrap());
    assert_eq!(
        wire(&by_key().messages(&request)),
        format!(
            "GET https://chat.example/v1/conversations/a%2Fb%3Fc/messages\
             ?after=2026-06-14T14%3A00%3A00%2B04%3A00\n\
             accept-encoding: identity\n\
             accept: application/json\n\
             authorization: Bearer {KEY}\n\
             user-agent: {AGENT}\n"
        )
    );
}

#[test]
fn every_character_of_an_id_except_the_unreserved_ones_is_escaped() {
    let request = MessagesRequest::new(id("aZ09-._~/?#&=+% \u{0}բ"));
    assert_eq!(
        by_key().messages(&request).target(),
        "/v1/conversations/aZ09-._~%2F%3F%23%26%3D%2B%25%20%00%D5%A2/messages"
    );
}

#[test]
fn a_rating_request_has_a_number_and_an_optional_comment() {
    let up = RatingRequest::new(id("c"), Rating::Up);
    let down = RatingRequest::new(id("c"), Rating::Down).with_comment("ոչ");
    let request = by_slug("demo").rate(&up);
    assert_eq!(request.target(), "/v1/conversations/c/rating?slug=demo");
    assert_eq!(header(&request, "accept"), Some(&b"application/json"[..]));
    assert_eq!(&request.body()[..], b"{\"rating\":1}");
    assert_eq!(
        &by_key().rate(&down).body()[..],
        "{\"rating\":0,\"comment\":\"ոչ\"}".as_bytes()
    );
}

#[test]
fn the_path_of_a_base_url_is_a_prefix_of_the_target() {
    for (base, uri) in [
        ("https://h.example", "https://h.example/v1/chat"),
        ("https://h.example/", "https://h.example/v1/chat"),
        (
            "https://h.example:8443/a/b//",
            "https://h.example:8443/a/b/v1/chat",
        ),
        ("HTTPS://h.example", "https://h.example/v1/chat"),
        ("http://localhost:1", "http://localhost:1/v1/chat"),
        ("http://127.9.9.9:1", "http://127.9.9.9:1/v1/chat"),
        ("http://[::1]:1/x", "http://[::1]:1/x/v1/chat"),
        (
            "https://h.example/բոտ/👋/",
            "https://h.example/%D5%A2%D5%B8%D5%BF/%F0%9F%91%8B/v1/chat",
        ),
        (
            "https://h.example/%D5%A2/{a}",
            "https://h.example/%D5%A2/%7Ba%7D/v1/chat",
        ),
        (
            "https://h.example/[a]/",
            "https://h.example/%5Ba%5D/v1/chat",
        ),
        (
            "https://h.example/a%20b;c=1,(d)/{x}|^`\"<>\\",
            "https://h.example/a%20b;c=1,(d)/%7Bx%7D%7C%5E%60%22%3C%3E%5C/v1/chat",
        ),
    ] {
        let endpoint = Endpoint::new(base, Credentials::key(KEY).unwrap()).unwrap();
        let request = endpoint.chat(&ChatRequest::new(Message::new("a").unwrap()));
        assert_eq!(request.url(), uri);
    }
}

#[test]
fn a_base_url_gives_host_port_and_tls() {
    for (base_url, host, port, is_tls) in [
        ("https://chat.example/prefix", "chat.example", 443, true),
        ("HTTPS://Chat.Example:8443", "Chat.Example", 8443, true),
        ("http://localhost", "localhost", 80, false),
        ("http://127.0.0.1:0", "127.0.0.1", 0, false),
        ("http://[::1]:8787/a", "::1", 8787, false),
        ("https://[2001:db8::7]", "2001:db8::7", 443, true),
    ] {
        let endpoint = Endpoint::new(base_url, Credentials::slug("demo").unwrap()).unwrap();
        let request = endpoint.messages(&MessagesRequest::new(id("c")));
        let (scheme, rest) = base_url.split_once("://").unwrap();
        let (host_header, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        assert_eq!(request.host(), host_header, "{base_url}");
        let target = format!("{prefix}/v1/conversations/c/messages?slug=demo");
        assert_eq!(request.target(), target, "{base_url}");
        let url = format!("{}://{host_header}{target}", scheme.to_lowercase());
        assert_eq!(request.url(), url);
        let found = (endpoint.host(), endpoint.port(), endpoint.is_tls());
        assert_eq!(found, (host, port, is_tls), "{base_url}");
    }
}

#[test]
fn an_unsafe_or_invalid_base_url_is_refused() {
    let long = format!("https://h.example/{}", "a".repeat(2048));
    let long_when_encoded = format!("https://h.example/{}", "ա".repeat(400));
    for (base, error) in [
        ("http://h.example", InvalidBaseUrl::PlainHttp),
        ("http://127.0.0.1.h.example", InvalidBaseUrl::PlainHttp),
        ("http://[::2]", InvalidBaseUrl::PlainHttp),
        ("https://user:pass@h.example", InvalidBaseUrl::UserInfo),
        ("https://h.example?a=b", InvalidBaseUrl::Query),
        ("https://h.example/#a", InvalidBaseUrl::Query),
        ("ftp://h.example", InvalidBaseUrl::Scheme),
        ("h.example", InvalidBaseUrl::NotAUrl),
        ("/v1", InvalidBaseUrl::NotAUrl),
        ("", InvalidBaseUrl::NotAUrl),
        ("https://", InvalidBaseUrl::NotAUrl),
        ("https://չատ.հայ", InvalidBaseUrl::Host),
        ("https://չատ.հայ:8443/բոտ", InvalidBaseUrl::Host),
        ("https://h.example։8443", InvalidBaseUrl::Host),
        ("https://👋.example", InvalidBaseUrl::Host),
        ("https://անուն:գաղտնի@h.example", InvalidBaseUrl::UserInfo),
        ("https://h.example/բոտ?ա=բ", InvalidBaseUrl::Query),
        ("չատ.հայ", InvalidBaseUrl::Host),
        ("https://h.example/a b", InvalidBaseUrl::NotAUrl),
        ("https://h.example/a\n", InvalidBaseUrl::NotAUrl),
        (&long_when_encoded, InvalidBaseUrl::NotAUrl),
        ("https://h.example:99999", InvalidBaseUrl::NotAUrl),
        ("https://h.example:", InvalidBaseUrl::NotAUrl),
        ("https://:443", InvalidBaseUrl::NotAUrl),
        ("https://h%2Eexample", InvalidBaseUrl::NotAUrl),
        ("https://[::1", InvalidBaseUrl::NotAUrl),
        ("https://[::g]", InvalidBaseUrl::NotAUrl),
        ("https://[v1.a]", InvalidBaseUrl::NotAUrl),
        ("https:h.example", InvalidBaseUrl::NotAUrl),
        ("https:///h.example", InvalidBaseUrl::NotAUrl),
        ("https://h.example/100%", InvalidBaseUrl::NotAUrl),
        ("h.example:443", InvalidBaseUrl::Scheme),
        ("user:pass@h.example", InvalidBaseUrl::UserInfo),
        ("https://h example", InvalidBaseUrl::NotAUrl),
        (&long, InvalidBaseUrl::NotAUrl),
    ] {
        let refused = Endpoint::new(base, Credentials::key(KEY).unwrap());
        assert_eq!(refused.unwrap_err(), error, "{base}");
    }
    let hint = InvalidBaseUrl::Host.to_string();
    assert!(hint.contains("punycode"), "{hint}");
    let insecure = Endpoint::with_insecure_http("http://h.example", Credentials::key(KEY).unwrap());
    assert!(insecure.is_ok());
}

#[test]
fn the_longest_values_still_make_a_request() {
    let base = format!("https://h.example/{}", "a".repeat(2000));
    let endpoint = Endpoint::new(&base, Credentials::slug("բ".repeat(512)).unwrap()).unwrap();
    let request = MessagesRequest::new(id(&"բ".repeat(512)))
        .with_after("2026-06-14T14:00:00+04:00".parse().unwrap());
    let rating = RatingRequest::new(id(&"\u{0}".repeat(1024)), Rating::Up);
    assert!(endpoint.messages(&request).url().len() > 7000);
    assert!(endpoint.rate(&rating).url().contains("%00%00"));
}

#[test]
fn an_invalid_key_is_refused_and_never_shown() {
    let long = "k".repeat(1025);
    for (key, error, word) in [
        ("", InvalidCredentials::EmptyKey, "empty"),
        (
            "hc secret",
            InvalidCredentials::SpaceInKey(3),
            "white space",
        ),
        (
            "hc_secret\n",
            InvalidCredentials::SpaceInKey(10),
            "white space",
        ),
        (
            "hc_\u{a0}secret",
            InvalidCredentials::SpaceInKey(4),
            "white space",
        ),
        (
            "hc_գաղտնի",
            InvalidCredentials::ForeignInKey(4),
            "not ASCII",
        ),
        ("hc_👋", InvalidCredentials::ForeignInKey(4), "not ASCII"),
        (
            "\u{feff}hc_a",
            InvalidCredentials::ForeignInKey(1),
            "not ASCII",
        ),
        ("hc_\u{0}", InvalidCredentials::SpaceInKey(4), "control"),
        (&long, InvalidCredentials::LongKey, "longer"),
    ] {
        let refused = Credentials::key(key).unwrap_err();
        assert_eq!(refused, error, "{word}");
        assert!(error.to_string().contains(word), "{error}");
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(key.is_empty() || !shown.contains(key), "{shown}");
            assert!(!shown.contains("secret") && !shown.contains('գ'), "{shown}");
        }
    }
    for slug in ["", &long] {
        assert!(Credentials::slug(slug).is_err());
    }
}

#[test]
fn a_byte_order_mark_and_white_space_around_a_key_are_removed() {
    for text in [
        "hc_a",
        "hc_a\n",
        "hc_a\r\n",
        "\u{feff}hc_a",
        "\u{feff}\r\n hc_a\t\n\n",
    ] {
        assert_eq!(Credentials::key_in(text), "hc_a", "{text:?}");
    }
    assert_eq!(Credentials::key_in("\u{feff}\n"), "");
    assert_eq!(
        Credentials::key_in("hc a\nb"),
        "hc a\nb",
        "white space inside the key stays"
    );
}

#[test]
fn no_debug_output_shows_a_key() {
    let endpoint = by_key();
    let request = endpoint.chat(&ChatRequest::new(Message::new("a").unwrap()));
    let shown = format!(
        "{endpoint:?} {request:?} {:?}",
        Credentials::key(KEY).unwrap()
    );
    assert!(!shown.contains(KEY), "{shown}");
    let sent = header(&request, "authorization");
    assert_eq!(sent, Some(format!("Bearer {KEY}").as_bytes()));
}

#[test]
fn without_credentials_neither_a_header_nor_a_slug_is_sent() {
    let endpoint = Endpoint::new("https://chat.example", Credentials::none()).unwrap();
    let request = endpoint.messages(&MessagesRequest::new(id("c1")));
    assert_eq!(
        request.url(),
        "https://chat.example/v1/conversations/c1/messages"
    );
    assert_eq!(header(&request, "authorization"), None);
}

#[test]
fn only_a_message_never_reuses_a_connection() {
    let endpoint = by_key();
    let message = endpoint.chat(&ChatRequest::new(Message::new("Բարև 👋").unwrap()));
    let others = [
        endpoint.messages(&MessagesRequest::new(id("c"))),
        endpoint.rate(&RatingRequest::new(id("c"), Rating::Up)),
    ];
    let config = Config::default();
    let (now, late) = (Duration::ZERO, config.keep_alive + Duration::from_millis(1));
    assert!(message.is_message());
    assert!(!message.may_reuse_connection(now, &config));
    for request in &others {
        assert!(!request.is_message(), "{request}");
        assert!(
            request.may_reuse_connection(config.keep_alive, &config),
            "{request}"
        );
        assert!(!request.may_reuse_connection(late, &config), "{request}");
        let none = config.clone().with_keep_alive(Duration::ZERO);
        assert!(!request.may_reuse_connection(now, &none), "{request}");
    }
}

#[test]
fn a_trace_is_one_more_header_and_an_invalid_one_is_left_out() {
    let endpoint = Endpoint::new("https://chat.example", Credentials::none()).unwrap();
    let request = || endpoint.chat(&ChatRequest::new(Message::new("Բարև 👋").unwrap()));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = request().with_traceparent(trace);
    let mut added = traced.headers().skip(request().headers().count());
    assert_eq!(added.next(), Some(("traceparent", trace.as_bytes())));
    assert_eq!(added.next(), None);
    for invalid in ["", "00-a\r\nx: y", "00 11", "Բարև"] {
        assert!(
            request().with_traceparent(invalid) == request(),
            "{invalid}"
        );
    }
}

/// What a base URL is for `iri-string`: the oracle for our own, smaller check.
mod oracle {
    use iri_string::types::UriStr;
    use percent_encoding::{AsciiSet, utf8_percent_encode};

    const NOT_IN_A_PATH: &AsciiSet = &AsciiSet::EMPTY
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');

    /// The host and the port, or `None` if the URL must be refused.
    pub(crate) fn read(base_url: &str) -> Option<(String, u16)> {
        let host_start = base_url.find("://")? + 3;
        let path_start = base_url[host_start..].find('/');
        let path_start = path_start.map_or(base_url.len(), |len| host_start + len);
        let (origin, path) = base_url.split_at(path_start);
        if base_url.contains(['?', '#']) || origin.contains('@') || !origin.is_ascii() {
            return None;
        }
        let url = format!(
            "{}{}{}",
            origin[..host_start].to_ascii_lowercase(),
            &origin[host_start..],
            utf8_percent_encode(path, NOT_IN_A_PATH)
        );
        let uri = UriStr::new(&url).ok().filter(|_| url.len() <= 2048)?;
        let port = match uri.scheme_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = uri.authority_components()?;
        let host = authority.host();
        if host.is_empty() || host.contains('%') || host.starts_with("[v") {
            return None;
        }
        let port = match authority.port() {
            Some(port) => port.parse().ok()?,
            None => port,
        };
        Some((host.trim_matches(['[', ']']).into(), port))
    }
}

/// A text that is a base URL, or nearly so.
fn base_url() -> impl Strategy<Value = String> {
    let scheme = select(vec![
        "https://", "https://", "http://", "HTTPS://", "ftp://", "https:/", "://", "1://",
        "h s://", "",
    ]);
    let host = prop_oneof![
        select(vec![
            "chat.example",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "[2001:db8::a]",
            "[1:2:3:4:5:6:7::]",
            "[::]",
            "[1:2:3:4:5:6:7:8]",
            "[1::2:3:4:5:6:7:8]",
            "[::ffff:10.0.0.1]",
            "[::1.2.3.256]",
            "[::01.2.3.4]",
            "[12345::]",
            "[fe80::1%25eth0]",
            "[v1.x]",
            "[]",
            "[::1",
            "::1]",
            "[::1]x",
            "a[b]",
            "a!$&'()*+,;=b",
            "a%41",
            "a%",
            "a b",
            "a_b",
            "",
            ".",
            "xn--j1agri8a",
            "ա",
            "a\\b",
            "a\"b",
            "u@h",
            "a|b",
        ])
        .prop_map(String::from),
        "[a-z0-9:\\[\\].%_~-]{0,8}",
        "\\[[0-9a-f:.]{1,12}\\]",
    ];
    let port = prop_oneof![
        4 => Just(String::new()),
        4 => select(vec![":", ":0", ":65535", ":65536", ":00443", ":+80", ":-1", ":8x", ":80:80"]).prop_map(String::from),
        1 => ":[0-9]{1,6}",
    ];
    let path = prop_oneof![
        select(vec![
            "",
            "/",
            "//",
            "/a/b/",
            "/%41",
            "/%4",
            "/%",
            "/%zz",
            "/a b",
            "/a\tb",
            "/ա 👋",
            "/ա👋",
            "/{id}",
            "/[x]",
            "/a:b@c",
            "/\u{7F}",
            "/?a",
            "/#a",
            "/!$&'()*+,;=-._~",
        ])
        .prop_map(String::from),
        "/.{0,6}",
    ];
    (scheme, host, port, path)
        .prop_map(|(scheme, host, port, path)| format!("{scheme}{host}{port}{path}"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4096,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_base_url_is_accepted_if_it_is_a_uri_for_iri_string(base_url in base_url()) {
        let endpoint = Endpoint::with_insecure_http(&base_url, Credentials::none());
        let read = endpoint.ok().map(|endpoint| (endpoint.host().to_owned(), endpoint.port()));
        prop_assert_eq!(read, oracle::read(&base_url), "{}", base_url);
    }
}
