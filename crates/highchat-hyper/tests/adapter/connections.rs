//! The connections of a handoff over TLS, with HTTP/1.1 and HTTP/2.
#![cfg(feature = "rustls")]

use core::convert::Infallible;
use core::future::ready;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use highchat_hyper::{Client, Config, Message, Session, Update};
use highchat_testing::trials::drivers::asynchronous::hand_off;
use highchat_testing::trials::hold_connections;
use highchat_testing::trials::words::{HUMAN, META, page_of, reply};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::DuplexStream;

use crate::support::*;

#[test]
fn a_handoff_needs_as_few_connections_as_the_service_allows() {
    hold_connections(|url, roots, config, rates| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = Client::with_config(endpoint(url), config)
            .with_roots(&roots)
            .unwrap();
        runtime.block_on(hand_off(Session::new(client), rates))
    });
}

/// Answers over HTTP/2 until the client leaves: a handoff of some polls. Returns the paths.
async fn serve_h2(service: DuplexStream) -> Vec<String> {
    let paths = Arc::<Mutex<Vec<String>>>::default();
    let answer = service_fn(|request: Request<Incoming>| {
        let mut paths = paths.lock().unwrap();
        paths.push(format!("{} {}", request.method(), request.uri().path()));
        let polls = paths.iter().filter(|path| path.ends_with("/messages"));
        let (kind, body) = if request.uri().path() == "/prefix/v1/chat" {
            ("text/event-stream", [META, HUMAN].concat())
        } else {
            let state = if polls.count() < POLLS {
                "human"
            } else {
                "bot"
            };
            let page = page_of(state, &[("assistant", "Բարև ձեզ 👋")]);
            let (_, body) = page.split_once("\r\n\r\n").unwrap();
            ("application/json", body.to_owned())
        };
        let answer = Response::builder().header("content-type", kind);
        ready(Ok::<_, Infallible>(answer.body(body).unwrap()))
    });
    // hyper returns an error when the client closes the connection.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(service), answer)
        .await;
    core::mem::take(&mut *paths.lock().unwrap())
}

const POLLS: usize = 20;

#[tokio::test(start_paused = true)]
async fn http_2_carries_the_message_the_polls_and_the_rating_on_one_connection() {
    let (client, [service]) = piped(true, Config::default());
    let (texts, paths) = tokio::join!(hand_off(Session::new(client), true), serve_h2(service));
    assert_eq!(texts, ["Բարև ձեզ 👋"]);
    let count = |end: &str| paths.iter().filter(|path| path.ends_with(end)).count();
    let counted = ["/chat", "/messages", "/rating"].map(count);
    assert_eq!(counted, [1, POLLS, 1], "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_gets_a_new_connection_though_one_is_kept() {
    let (client, [mut first, mut second]) = piped(false, Config::default());
    let mut session = Session::new(client);
    let serving = async {
        answer(&mut first, &reply(&[META, HUMAN].concat())).await;
        answer(
            &mut first,
            &page_of("human", &[("assistant", "Բարև ձեզ 👋")]),
        )
        .await;
        let sent = request(&mut second).await;
        (sent, first, second)
    };
    let talking = async {
        session.send(Message::new("Մարդ կա՞ 🙋").unwrap()).unwrap();
        while !matches!(session.next().await, Some(Update::Message(_))) {}
        session
            .send(Message::new("Սպասում եմ 🙂").unwrap())
            .unwrap();
        session.next().await;
    };
    tokio::select! {
        (sent, ..) = serving => assert!(sent.starts_with("POST "), "{sent}"),
        () = talking => panic!("the second message was not sent on a new connection"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_its_time_and_when_the_bot_is_back() {
    // Polls that fail are further apart than the time that a connection is kept.
    let config = Config::default().with_keep_alive(Duration::from_secs(2));
    let (client, [mut first, mut second]) = piped(false, config);
    let mut session = Session::new(client);
    session.send(Message::new("Մարդ կա՞ 🙋").unwrap()).unwrap();
    let serving = async {
        answer(&mut first, &reply(&[META, HUMAN].concat())).await;
        assert!(is_closed(&mut first).await, "it was kept too long");
        answer(&mut second, &page_of("bot", &[])).await;
        assert!(is_closed(&mut second).await, "nothing needs it any more");
    };
    let talking = async { while session.next().await.is_some() {} };
    tokio::join!(serving, talking);
    drop(session);
}
