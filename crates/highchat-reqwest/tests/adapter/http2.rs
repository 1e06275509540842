//! HTTP/2 without TLS: what a refused stream says about the message.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use h2::{Reason, server};
use highchat_reqwest::{AskError, Client, Failure, Session};
use highchat_testing::trials::brisk;
use highchat_testing::trials::words::{DONE, delta};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

/// How a service treats its first request. It answers all later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Refused,
    GoneAway,
    Reset,
}

/// A service that answers over HTTP/2, and counts the requests and the connections.
struct Service {
    base_url: String,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Service {
    async fn start(first: First) -> Self {
        let localhost = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(localhost).await.unwrap();
        let service = Self {
            base_url: format!("http://{}", listener.local_addr().unwrap()),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let requests = Arc::clone(&service.requests);
        let connections = Arc::clone(&service.connections);
        tokio::spawn(async move {
            while let Ok((io, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(io, first, Arc::clone(&requests)));
            }
        });
        service
    }
}

async fn serve(io: TcpStream, first: First, requests: Arc<AtomicUsize>) -> Result<(), h2::Error> {
    let mut connection = server::handshake(io).await?;
    while let Some(asked) = connection.accept().await {
        let (request, mut respond) = asked?;
        let is_first = requests.fetch_add(1, Ordering::Relaxed) == 0;
        match first {
            First::Refused if is_first => respond.send_reset(Reason::REFUSED_STREAM),
            First::Reset if is_first => respond.send_reset(Reason::INTERNAL_ERROR),
            // The connection goes with a last stream that includes this one.
            First::GoneAway if is_first => connection.abrupt_shutdown(Reason::INTERNAL_ERROR),
            _ => {
                assert_eq!(request.method(), "POST");
                let head = http::Response::builder().header("content-type", "text/event-stream");
                let mut body = respond.send_response(head.body(()).unwrap(), false)?;
                let reply = [&delta("Բարև 👋"), DONE].concat();
                body.send_data(reply.into(), true)?;
            }
        }
    }
    Ok(())
}

fn built(base_url: &str) -> Client {
    Client::with_builder(endpoint(base_url), brisk(), |builder| {
        builder.http2_prior_knowledge()
    })
}

fn unchecked(base_url: &str) -> Client {
    let client = builder().http2_prior_knowledge().build().unwrap();
    Client::with_unchecked_client(endpoint(base_url), brisk(), client)
}

#[tokio::test]
async fn a_message_on_a_refused_stream_is_sent_again() {
    let service = Service::start(First::Refused).await;
    let mut session = Session::new(built(&service.base_url));
    let answered = session.ask(message()).await.unwrap();
    assert_eq!(answered.text, "Բարև 👋");
    assert_eq!(service.requests.load(Ordering::Relaxed), 2);
    // No connection is kept, so the second message has its own.
    assert_eq!(service.connections.load(Ordering::Relaxed), 2);
}

/// A client that was brought may have followed a redirect, so the refusal may be another
/// request's.
#[tokio::test]
async fn only_a_client_that_was_built_here_knows_that_nothing_was_taken() {
    type Make = fn(&str) -> Client;
    let cases: [(First, Make); 5] = [
        (First::Refused, unchecked),
        (First::Reset, built),
        (First::Reset, unchecked),
        (First::GoneAway, built),
        (First::GoneAway, unchecked),
    ];
    for (first, client) in cases {
        let service = Service::start(first).await;
        let mut session = Session::new(client(&service.base_url));
        let failed = session.ask(message()).await.unwrap_err();
        let is_unanswered = matches!(
            failed,
            AskError::Failed {
                error: Failure::Unanswered(_),
                ..
            }
        );
        assert!(is_unanswered, "{first:?}: {failed:?}");
        assert_eq!(service.requests.load(Ordering::Relaxed), 1, "{first:?}");
    }
}
