//! What is sent, what is not sent, and what is never shown.

use std::net::TcpListener;

use highchat_hyper::{Client, Failure};
use highchat_proto::Config;
use highchat_sandbox::{Playback, Step};

use crate::support::{self, *};

#[tokio::test]
async fn a_request_has_the_form_that_the_api_specifies() {
    let script = vec![Step::Send(format!("{HEAD}{DONE}").into())];
    let playback = Playback::start([script]).unwrap();
    let base_url = format!("{}/prefix", playback.base_url());
    let client = Client::new(endpoint(&base_url));
    let mut reply = client.chat(&message()).await.unwrap();
    assert!(read(&mut reply).await.1.is_ok());
    let sent = String::from_utf8(playback.requests().remove(0)).unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    lines[1..].sort_unstable();
    let host = playback.base_url().replace("http://", "host: ");
    let authorization = format!("authorization: Bearer {KEY}");
    let version = env!("CARGO_PKG_VERSION");
    let user_agent = format!("user-agent: highchat-rust/{version}");
    assert_eq!(
        lines,
        [
            "POST /prefix/v1/chat HTTP/1.1",
            "accept-encoding: identity",
            "accept: text/event-stream",
            &authorization,
            "content-length: 22",
            "content-type: application/json",
            &host,
            &user_agent,
        ]
    );
    assert_eq!(body, r#"{"message":"Բարև"}"#);
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let client = Client::new(endpoint(&format!("http://{address}")));
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
}

#[tokio::test]
async fn an_unknown_host_means_that_nothing_was_sent() {
    let client = Client::new(endpoint("https://chat.invalid"));
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
}

#[tokio::test]
async fn a_connection_closed_before_the_request_means_that_nothing_was_sent() {
    let (client, [service]) = piped(false, Config::default());
    drop(service);
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
}

#[tokio::test]
async fn a_connection_lost_during_the_request_means_unanswered() {
    for scripts in [vec![vec![Step::Close]], vec![vec![Step::Reset]]] {
        let playback = Playback::start(scripts).unwrap();
        let client = Client::new(endpoint(playback.base_url()));
        let failure = client.chat(&message()).await.unwrap_err();
        assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
        assert_eq!(playback.connections(), 1);
    }
}

#[tokio::test]
async fn a_connection_to_a_proxy_gets_the_whole_url() {
    let (client, mut service) = proxied("http://chat.example:81/prefix");
    let request = message();
    let (_, sent) = tokio::join!(once(client.chat(&request)), support::request(&mut service));
    let target = "POST http://chat.example:81/prefix/v1/chat?slug=demo HTTP/1.1\r\n";
    assert!(sent.starts_with(target), "{sent}");
    assert!(sent.contains("\r\nhost: chat.example:81\r\n"), "{sent}");

    let (client, mut service) = proxied("https://chat.example");
    let (_, sent) = tokio::join!(once(client.chat(&request)), support::request(&mut service));
    assert!(
        sent.starts_with("POST /v1/chat?slug=demo HTTP/1.1\r\n"),
        "{sent}"
    );
}

#[tokio::test]
async fn no_key_is_ever_shown() {
    let scripts = [
        vec![Step::Send(format!("{HEAD}{DONE}").into())],
        vec![Step::Send(b"HTTP/1.1 401 Unauthorized\r\n\r\n".into())],
        vec![Step::Close],
        vec![Step::Send(b"no http".into())],
    ];
    let playback = Playback::start(scripts).unwrap();
    let client = Client::new(endpoint(playback.base_url()));
    let mut shown = format!("{client:?}");
    for _ in 0..4 {
        let reply = client.chat(&message()).await;
        shown += &format!("{reply:?} {reply:#?}");
        if let Err(failure) = reply {
            shown += &failure.to_string();
            let mut cause = core::error::Error::source(&failure);
            while let Some(error) = cause {
                shown += &format!("{error} {error:?}");
                cause = error.source();
            }
        }
    }
    assert!(shown.contains("Unauthorized"), "{shown}");
    assert!(!shown.contains("hc_"), "{shown}");
    let sent = String::from_utf8(playback.requests().remove(0)).unwrap();
    assert!(sent.contains(KEY));
}

#[test]
fn a_client_is_send_and_sync_and_its_futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn is_sync<T: Sync>(_: &T) {}
    let client = Client::new(endpoint("https://chat.example"));
    is_send(&client);
    is_sync(&client);
    let request = message();
    is_send(&client.chat(&request));
    is_send(&async {
        client
            .chat(&request)
            .await
            .unwrap()
            .next_event()
            .await
            .map(drop)
    });
}
