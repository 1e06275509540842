//! What is sent, what is known to be not sent, and what is never shown.

use std::net::TcpListener;

use highchat_reqwest::{Client, Config, Credentials, Endpoint, Failure};
use highchat_sandbox::{Playback, Step};

use crate::support::*;

#[tokio::test]
async fn a_request_has_the_form_that_the_api_specifies() {
    let playback = Playback::start([vec![whole_reply()], vec![whole_reply()]]).unwrap();
    let endpoint = || endpoint(&format!("{}/prefix", playback.base_url()));
    let brought = builder().build().unwrap();
    let clients = [
        Client::new(endpoint()),
        Client::with_unchecked_client(endpoint(), Config::default(), brought),
    ];
    for (client, more) in clients.into_iter().zip([&[][..], &["connection: close"]]) {
        let reply = client.chat(&request()).await.unwrap();
        assert_eq!(reply.collect_text().await.unwrap().text, "Բարև 👋");
        let sent = String::from_utf8(playback.requests().pop().unwrap()).unwrap();
        let (head, body) = sent.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<_> = head.lines().collect();
        lines[1..].sort_unstable();
        let host = playback.base_url().replace("http://", "host: ");
        let authorization = format!("authorization: Bearer {KEY}");
        let version = env!("CARGO_PKG_VERSION");
        let user_agent = format!("user-agent: highchat-rust/{version}");
        let mut expected = vec![
            "POST /prefix/v1/chat HTTP/1.1",
            "accept-encoding: identity",
            "accept: text/event-stream",
            &authorization,
        ];
        expected.extend(more);
        expected.extend([
            "content-length: 33",
            "content-type: application/json",
            &host,
            &user_agent,
        ]);
        assert_eq!(lines, expected);
        assert_eq!(body, r#"{"message":"Ողջույն 🙂"}"#);
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_got_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    for base_url in [&*refusing, "https://chat.invalid"] {
        let endpoint = || endpoint(base_url);
        let brought = builder().build().unwrap();
        for client in [
            Client::new(endpoint()),
            Client::with_unchecked_client(endpoint(), Config::default(), brought),
        ] {
            let failure = client.chat(&request()).await.unwrap_err();
            assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_lost_after_the_message_means_unanswered() {
    for script in [vec![Step::Close], vec![Step::Reset]] {
        let playback = Playback::start([script.clone(), script]).unwrap();
        let client = Client::new(endpoint(playback.base_url()));
        let failure = client.chat(&request()).await.unwrap_err();
        assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
        assert_eq!(playback.connections(), 1);
    }
}

#[tokio::test]
async fn a_client_that_cannot_be_built_sends_nothing_and_says_why() {
    let playback = Playback::start([vec![whole_reply()]]).unwrap();
    let endpoint = endpoint(playback.base_url());
    let client = Client::with_builder(endpoint, Config::default(), |builder| {
        builder.user_agent("no\nheader")
    });
    let failure = client.chat(&request()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    assert!(failure.to_string().contains("header"), "{failure}");
    assert_eq!(playback.connections(), 0);
}

#[tokio::test]
async fn no_credential_is_ever_shown() {
    let scripts = || {
        [
            vec![Step::send("HTTP/1.1 401 Unauthorized\r\n\r\n")],
            vec![Step::Close],
            vec![Step::send("no http")],
        ]
    };
    let mut shown = String::new();
    for credentials in [
        Credentials::key(KEY).unwrap(),
        Credentials::slug("hc_slug").unwrap(),
    ] {
        let playback = Playback::start(scripts()).unwrap();
        let served = Endpoint::new(playback.base_url(), credentials.clone()).unwrap();
        let gone = Endpoint::new("http://127.0.0.1:9", credentials).unwrap();
        for endpoint in [&served, &served, &served, &gone] {
            let client = Client::new(endpoint.clone());
            let failure = client.chat(&request()).await.unwrap_err();
            shown += &format!("{failure} {failure:?}");
            // A slug is no secret, so an endpoint shows it.
            shown += &format!("{client:?}").replace("hc_slug", "");
        }
        assert_eq!(playback.requests().len(), 3);
        let sent = String::from_utf8(playback.requests().remove(0)).unwrap();
        assert!(sent.contains("hc_"), "{sent}");
    }
    assert!(
        shown.contains("Unauthorized") && shown.contains("refused"),
        "{shown}"
    );
    assert!(!shown.contains("hc_"), "{shown}");
}
