//! Answers that are not reply streams, and the two other endpoints, over real sockets.

use core::time::Duration;

use highchat_hyper::{Client, Failure};
use highchat_proto::failure::ResponseError;
use highchat_proto::{Rating, RatingRequest, State};
use highchat_sandbox::{Playback, Step};

use crate::support::*;

const REFUSAL: &str = r#"{"error":{"code":"rate_limited","message":"Շատ է"}}"#;

/// Starts a service that sends one answer and then keeps the connection open.
fn play(head: &str, body: &[u8]) -> (Playback, Client) {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    let playback = Playback::start([vec![
        Step::Send(head.into()),
        Step::Send(body.into()),
        Step::Hold,
    ]]);
    let playback = playback.unwrap();
    let client = Client::new(endpoint(playback.base_url()));
    (playback, client)
}

async fn refused(head: &str, body: &[u8]) -> ResponseError {
    let (playback, client) = play(head, body);
    let error = match client.chat(&message()).await {
        Err(Failure::Refused(error)) => error,
        other => panic!("{head}: {other:?}"),
    };
    assert!(
        playback.wait_for_close(0, Duration::from_secs(10)),
        "{head}"
    );
    assert_eq!(playback.connections(), 1, "{head}");
    error
}

#[tokio::test]
async fn a_refusal_reports_the_reason() {
    let cases = [
        (
            "401 Unauthorized",
            r#"{"error":{"code":"unauthenticated","message":"Սխալ"}}"#,
            "the service answered 401 Unauthorized (unauthenticated): Սխալ",
        ),
        (
            "500 Internal Server Error\r\ncontent-type: text/html",
            "<html>Internal Server Error</html>",
            "the service answered 500 Internal Server Error",
        ),
        (
            "302 Found\r\nlocation: http://127.0.0.1:9/v1/chat",
            "",
            "the service answered 302 Found; redirects are not followed",
        ),
        (
            "307 Temporary Redirect\r\nlocation: /elsewhere",
            "",
            "the service answered 307 Temporary Redirect; redirects are not followed",
        ),
        (
            "204 No Content",
            "",
            "the service answered 204 No Content, which is no reply",
        ),
        (
            "200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip",
            "\x1f\u{8b}",
            "the service answered in an encoding (\"gzip\") not asked for",
        ),
        (
            "200 OK\r\ncontent-type: text/html",
            DONE,
            "the service answered \"text/html\", which is no event stream",
        ),
        (
            "200 OK\r\ncontent-type: application/json",
            REFUSAL,
            "the service answered 200 OK (rate_limited): Շատ է",
        ),
    ];
    for (head, body, expected) in cases {
        assert_eq!(refused(head, body.as_bytes()).await.to_string(), expected);
    }
}

#[tokio::test]
async fn a_429_returns_its_retry_after_and_is_not_repeated() {
    let head = "429 Too Many Requests\r\nretry-after: 7";
    let ResponseError::Api(error) = refused(head, REFUSAL.as_bytes()).await else {
        panic!("the service said no")
    };
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn an_error_body_is_read_only_up_to_its_limit() {
    let head = "HTTP/1.1 500 Internal Server Error\r\n\r\n";
    let body = vec![b' '; (64 << 10) + 1];
    // The body has no end, so a client that reads to the end would wait.
    let script = vec![Step::Send(head.into()), Step::Send(body), Step::Hold];
    let playback = Playback::start([script]).unwrap();
    let client = Client::new(endpoint(playback.base_url()));
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused(error) if error.status().unwrap() == 500));
    assert!(playback.wait_for_close(0, Duration::from_secs(10)));
}

#[tokio::test]
async fn a_head_over_the_size_limit_is_a_failure() {
    let long = format!("200 OK\r\nx-long: {}", "a".repeat(70_000));
    let (playback, client) = play(&long, b"");
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
    assert!(playback.wait_for_close(0, Duration::from_secs(10)));

    let long = format!(
        "200 OK\r\ncontent-type: text/event-stream\r\nx-long: {}",
        "a".repeat(50_000)
    );
    let (_playback, client) = play(&long, DONE.as_bytes());
    client.chat(&message()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_unanswered() {
    for bytes in ["SSH-2.0-x\r\n", "HTTP/1.1 200", "\0\0\0\0\r\n\r\n"] {
        let playback = Playback::start([vec![Step::Send(bytes.into())]]).unwrap();
        let client = Client::new(endpoint(playback.base_url()));
        let failure = client.chat(&message()).await.unwrap_err();
        assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn messages_returns_a_page() {
    let body = r#"{"state":"human","messages":[{"id":"m1","role":"assistant","content":"Բարև",
                   "created_at":"2026-06-14T10:00:00.000Z"}],"ts":"2026-06-14T10:00:05.000Z"}"#;
    let (playback, client) = play("200 OK", body.as_bytes());
    let request = page().with_after("2026-06-14T10:00:00+04:00".parse().unwrap());
    let page = client.messages(&request).await.unwrap();
    assert_eq!(page.state, Some(State::Human));
    assert_eq!(&*page.messages[0].content, "Բարև");
    let sent = String::from_utf8(playback.requests().remove(0)).unwrap();
    let target = "GET /v1/conversations/c1/messages?after=2026-06-14T10%3A00%3A00%2B04%3A00 ";
    assert!(sent.starts_with(target), "{sent}");
    assert!(sent.contains("\r\naccept: application/json\r\n"), "{sent}");
    assert!(!sent.contains("content-length"), "{sent}");
}

#[tokio::test]
async fn a_cut_page_or_a_404_is_an_error() {
    let (_playback, client) = play("200 OK", br#"{"state":"bot","mess"#);
    let failure = client.messages(&page()).await.unwrap_err();
    let invalid = Failure::Refused(ResponseError::InvalidPage);
    assert_eq!(failure.to_string(), invalid.to_string());

    let (_playback, client) = play("404 Not Found", REFUSAL.as_bytes());
    let failure = client.messages(&page()).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused(error) if error.status().unwrap() == 404));
}

#[tokio::test]
async fn a_rating_succeeds_with_any_2xx_status() {
    for head in ["200 OK", "201 Created", "204 No Content"] {
        let (playback, client) = play(head, b"");
        let rating = RatingRequest::new(conversation(), Rating::Up).with_comment("լավ");
        client.rate(&rating).await.unwrap();
        let sent = String::from_utf8(playback.requests().remove(0)).unwrap();
        assert!(sent.starts_with("POST /v1/conversations/c1/rating HTTP/1.1\r\n"));
        assert!(
            sent.ends_with("\r\n\r\n{\"rating\":1,\"comment\":\"լավ\"}"),
            "{sent}"
        );
    }
    let (_playback, client) = play("404 Not Found", b"");
    let rating = RatingRequest::new(conversation(), Rating::Down);
    let failure = client.rate(&rating).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused(error) if error.status().unwrap() == 404));
}
