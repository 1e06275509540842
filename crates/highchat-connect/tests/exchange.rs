//! One exchange over HTTP/1.1: what was sent when it fails, and when its connection is reusable.

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::io::ErrorKind;

use highchat_connect::{Connection, Connector, Exchange};
use highchat_proto::http::Request;
use highchat_proto::{ChatRequest, ConversationId, Credentials, Endpoint, Failure};
use highchat_proto::{Message, MessagesRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nայո 👍";

fn endpoint() -> Endpoint {
    Endpoint::new("https://chat.example", Credentials::key("hc_test").unwrap()).unwrap()
}

/// A connector only for the place in its errors.
fn connector() -> Connector {
    let connect = async |_| Err("no connection is needed".into());
    let connect = move |uri| Box::pin(connect(uri));
    Connector::from_fn(&endpoint(), Duration::MAX, connect)
}

fn poll() -> Request {
    endpoint().messages(&MessagesRequest::new(ConversationId::new("c1").unwrap()))
}

/// Returns a connection to a service, with room for `room` bytes in each direction.
fn pipe(room: usize) -> (Connection, DuplexStream) {
    let (near, far) = duplex(room);
    (Connection::new(TokioIo::new(near)), far)
}

/// Exchanges a poll for an answer that is there as soon as the request is. Returns the body, or
/// what its error was, and whether the connection can carry another exchange.
async fn exchange(answer: &str, is_closed: bool) -> (Result<String, ErrorKind>, bool) {
    let (connection, mut service) = pipe(1 << 16);
    let (poll, connector) = (poll(), connector());
    let serving = async {
        read_head(&mut service).await;
        service.write_all(answer.as_bytes()).await.unwrap();
        (!is_closed).then_some(service)
    };
    let (opened, service) = tokio::join!(Exchange::open(connection, &poll, &connector), serving);
    let (head, mut exchange) = opened.unwrap();
    assert_eq!(head.status(), 200);
    let mut body = Vec::new();
    let body = loop {
        match poll_fn(|cx| exchange.poll_body(cx)).await {
            Some(Ok(piece)) => body.extend_from_slice(&piece),
            Some(Err(error)) => {
                assert!(poll_fn(|cx| exchange.poll_body(cx)).await.is_none());
                break Err(error.kind());
            }
            None => break Ok(String::from_utf8(body).unwrap()),
        }
    };
    assert!(exchange.is_over());
    drop(service);
    (body, exchange.into_connection().is_some())
}

async fn is_quiet(connection: &mut Connection) -> bool {
    poll_fn(|cx| Poll::Ready(connection.is_quiet(cx))).await
}

async fn read_head(service: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(service.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_connection_is_reusable_only_after_a_whole_answer_and_nothing_else() {
    let yes = || Ok("այո 👍".to_owned());
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let whole_chunks = format!("{chunked}3\r\nայ\r\n");
    for (answer, is_closed, expected) in [
        (WHOLE.to_owned(), false, (yes(), true)),
        (
            format!("HTTP/1.1 103 Early Hints\r\n\r\n{WHOLE}"),
            false,
            (yes(), true),
        ),
        (format!("{WHOLE}* surplus"), false, (yes(), false)),
        (
            WHOLE.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"),
            false,
            (yes(), false),
        ),
        (
            WHOLE.replace("content-length: 11", "x: y"),
            true,
            (yes(), false),
        ),
        (
            WHOLE.replace(": 11", ": 12"),
            true,
            (Err(ErrorKind::UnexpectedEof), false),
        ),
        (whole_chunks, false, (Err(ErrorKind::InvalidData), false)),
        (
            format!("{chunked}c\r\nայո 👍"),
            true,
            (Err(ErrorKind::UnexpectedEof), false),
        ),
    ] {
        assert_eq!(exchange(&answer, is_closed).await, expected, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_ended_or_has_bytes_gets_no_request() {
    for surplus in ["", WHOLE] {
        let (connection, mut service) = pipe(1 << 16);
        service.write_all(surplus.as_bytes()).await.unwrap();
        service.shutdown().await.unwrap();
        let opened = Exchange::open(connection, &poll(), &connector()).await;
        let failure = opened.unwrap_err();
        assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
        assert!(failure.to_string().contains("chat.example"), "{failure}");
        let mut sent = Vec::new();
        service.read_to_end(&mut sent).await.unwrap();
        assert_eq!(sent, b"");
    }
}

#[tokio::test]
async fn a_connection_lost_after_a_byte_of_the_request_leaves_it_unanswered() {
    let (connection, mut service) = pipe(16);
    let (poll, connector) = (poll(), connector());
    let serving = async {
        service.read_u8().await.unwrap();
        drop(service)
    };
    let (opened, ()) = tokio::join!(Exchange::open(connection, &poll, &connector), serving);
    let failure = opened.unwrap_err();
    assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_was_written_ends_its_connection() {
    // Less than the request needs.
    let (connection, mut service) = pipe(64);
    let request = endpoint().chat(&ChatRequest::new(
        Message::new("Բարև 👋".repeat(99)).unwrap(),
    ));
    let connector = connector();
    let serving = async {
        let _ = service.read_u8().await.unwrap();
        service.write_all(WHOLE.as_bytes()).await.unwrap();
        service
    };
    let (opened, _service) =
        tokio::join!(Exchange::open(connection, &request, &connector), serving);
    let (_, mut exchange) = opened.unwrap();
    while let Some(piece) = poll_fn(|cx| exchange.poll_body(cx)).await {
        piece.unwrap();
    }
    assert!(exchange.into_connection().is_none());
}

#[tokio::test]
async fn a_kept_connection_carries_the_next_exchange() {
    let (mut connection, mut service) = pipe(1 << 16);
    let (poll, connector) = (poll(), connector());
    let serving = async {
        for _ in 0..3 {
            let head = read_head(&mut service).await;
            assert!(
                head.starts_with("GET /v1/conversations/c1/messages HTTP/1.1\r\n"),
                "{head}"
            );
            service.write_all(WHOLE.as_bytes()).await.unwrap();
        }
        service
    };
    let asking = async {
        for _ in 0..3 {
            assert!(is_quiet(&mut connection).await);
            let opened = Exchange::open(connection, &poll, &connector).await;
            let (_, mut exchange) = opened.unwrap();
            while poll_fn(|cx| exchange.poll_body(cx)).await.is_some() {}
            connection = exchange.into_connection().unwrap();
        }
        connection
    };
    let (service, mut connection) = tokio::join!(serving, asking);
    drop(service);
    assert!(!is_quiet(&mut connection).await);
}
