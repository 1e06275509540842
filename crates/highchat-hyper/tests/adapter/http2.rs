//! HTTP/2 over in-memory pipes, with a connector that reports HTTP/2.

use core::convert::Infallible;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use highchat_hyper::Failure;
use highchat_proto::failure::Cut;
use highchat_proto::{Config, Message, Rating, RatingRequest};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::sleep;

use crate::support::*;

/// A body that yields its pieces one by one, and then ends, fails or stays open.
#[derive(Clone)]
struct Pieces {
    pieces: VecDeque<String>,
    end: End,
    polls_at_end: usize,
    given: Arc<AtomicUsize>,
}

impl Pieces {
    fn new(pieces: &[String], end: End) -> Self {
        Self {
            pieces: pieces.to_vec().into(),
            end,
            polls_at_end: 0,
            given: Arc::default(),
        }
    }
}

#[derive(Clone, Copy)]
enum End {
    Whole,
    Broken,
    Open,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(piece) = self.pieces.pop_front() {
            self.given.fetch_add(1, Ordering::Relaxed);
            return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            // A reset overtakes bytes that are not written yet, so wait.
            End::Broken if self.polls_at_end < 100 => {
                self.polls_at_end += 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Broken => Poll::Ready(Some(Err(io::Error::other("broken")))),
            End::Open => Poll::Pending,
        }
    }
}

/// Serves one connection with the same answer to each request. Returns the requests.
async fn serve(
    service: DuplexStream,
    status: u16,
    body: Pieces,
) -> Vec<(http::request::Parts, Bytes)> {
    let asked = Arc::<Mutex<Vec<_>>>::default();
    let answer = service_fn(|request: Request<Incoming>| {
        let (asked, pieces) = (Arc::clone(&asked), body.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            asked.lock().unwrap().push((head, body));
            let answer = Response::builder()
                .status(status)
                .header("content-type", "text/event-stream");
            Ok::<_, Infallible>(answer.body(pieces).unwrap())
        }
    });
    // hyper returns an error when the client closes the connection.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(service), answer)
        .await;
    core::mem::take(&mut *asked.lock().unwrap())
}

#[tokio::test]
async fn a_reply_arrives_over_http_2() {
    let (client, [service]) = piped(true, Config::default());
    let pieces = [delta("a"), PING.into(), delta("b"), DONE.into()];
    let request = message();
    let reading = async { read(&mut client.chat(&request).await.unwrap()).await };
    let serving = serve(service, 200, Pieces::new(&pieces, End::Whole));
    let ((events, end), asked) = tokio::join!(reading, serving);
    assert_eq!(events, ["a", "ping", "b", "done"]);
    end.unwrap();
    let (head, body) = &asked[0];
    assert_eq!(head.uri, "https://chat.example/prefix/v1/chat");
    assert_eq!(head.headers["authorization"], format!("Bearer {KEY}"));
    assert!(!head.headers.contains_key("host"));
    assert_eq!(&body[..], r#"{"message":"Բարև"}"#.as_bytes());
}

#[tokio::test]
async fn a_client_spawns_no_tasks() {
    let (client, [service]) = piped(true, Config::default());
    // The service has its own runtime, so that its tasks do not count.
    let service = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let pieces = [delta("a"), DONE.into()];
        let serving = serve(service, 200, Pieces::new(&pieces, End::Whole));
        runtime.block_on(serving).len()
    });
    let mut reply = client.chat(&message()).await.unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
    assert!(reply.next_event().await.unwrap().is_some());
    assert_eq!(metrics.num_alive_tasks(), 0);
    assert!(read(&mut reply).await.1.is_ok());
    drop(reply);
    assert_eq!(service.join().unwrap(), 1);
}

#[tokio::test]
async fn a_reset_interrupts_a_reply_and_an_early_end_truncates_it() {
    for (end, is_cut) in [
        (
            End::Broken,
            (|cut| cut == Cut::Interrupted) as fn(Cut) -> bool,
        ),
        (End::Whole, |cut| cut == Cut::Truncated),
    ] {
        let (client, [service]) = piped(true, Config::default());
        let pieces = [delta("a")];
        let request = message();
        let reading = async {
            let mut reply = client.chat(&request).await.unwrap();
            read(&mut reply).await
        };
        let ((events, end), _) =
            tokio::join!(reading, serve(service, 200, Pieces::new(&pieces, end)));
        assert_eq!(events, ["a"]);
        assert!(
            matches!(end, Err(Failure::Cut(cut)) if is_cut(cut)),
            "{end:?}"
        );
    }
}

#[tokio::test]
async fn dropping_a_reply_ends_the_connection() {
    let (client, [service]) = piped(true, Config::default());
    let pieces = [delta("a")];
    let request = message();
    let leaving = async {
        let mut reply = client.chat(&request).await.unwrap();
        assert!(reply.next_event().await.unwrap().is_some());
    };
    // `serve` returns when the client closes the connection.
    let (_, asked) = tokio::join!(
        leaving,
        serve(service, 200, Pieces::new(&pieces, End::Open))
    );
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn next_event_is_cancel_safe() {
    let (client, [service]) = piped(true, Config::default());
    let pieces = [delta("a"), delta("b"), DONE.into()].concat();
    let pieces: Vec<_> = pieces.chars().map(String::from).collect();
    let request = message();
    let giving_up = async {
        let mut reply = client.chat(&request).await.unwrap();
        let mut events = Vec::new();
        loop {
            match once(reply.next_event()).await {
                Poll::Ready(Ok(Some(event))) => events.push(short(&event)),
                Poll::Ready(Ok(None)) => break events,
                Poll::Ready(Err(failure)) => panic!("{failure:?}"),
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
    };
    let (events, _) = tokio::join!(
        giving_up,
        serve(service, 200, Pieces::new(&pieces, End::Whole))
    );
    assert_eq!(events, ["a", "b", "done"]);
}

#[tokio::test]
async fn refusals_messages_and_ratings_work_over_http_2() {
    let (client, [refusing, paging, rating]) = piped(true, Config::default());
    let request = message();
    let refusal = [r#"{"error":{"code":"rate_limited","message":"Շատ է"}}"#.into()];
    let serving = serve(refusing, 429, Pieces::new(&refusal, End::Whole));
    let (reply, _) = tokio::join!(client.chat(&request), serving);
    let error = reply.unwrap_err().to_string();
    assert_eq!(
        error,
        "the service answered 429 Too Many Requests (rate_limited): Շատ է"
    );

    let request = page();
    let body = [r#"{"state":"bot","messages":[]}"#.into()];
    let serving = serve(paging, 200, Pieces::new(&body, End::Whole));
    let (page, asked) = tokio::join!(client.messages(&request), serving);
    assert!(page.unwrap().messages.is_empty());
    assert!(asked[0].1.is_empty());

    // Longer than the initial window of HTTP/2.
    let comment = "a".repeat(200_000);
    let request = RatingRequest::new(conversation(), Rating::Up).with_comment(comment);
    let serving = serve(rating, 200, Pieces::new(&[], End::Whole));
    let (rated, asked) = tokio::join!(client.rate(&request), serving);
    rated.unwrap();
    assert!(asked[0].1.len() > 200_000);
}

#[tokio::test]
async fn a_failed_preface_means_not_sent() {
    // If the service sends nothing at all, the request still waits for an answer.
    let mut config = Config::default();
    config.response_timeout = Duration::from_millis(50);
    let (client, [service]) = piped(true, config);
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::TimedOut), "{failure:?}");
    drop(service);

    // If the service is gone, the preface cannot be written.
    let (client, [service]) = piped(true, Config::default());
    drop(service);
    let failure = client.chat(&message()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
}

#[tokio::test]
async fn a_head_over_the_size_limit_is_a_failure() {
    let (client, [mut service]) = piped(true, Config::default());
    let request = message();
    let flood = async {
        // An empty SETTINGS frame, HEADERS for stream 1, and endless CONTINUATION frames.
        let mut preface = [0; 24];
        service.read_exact(&mut preface).await.unwrap();
        let mut frames = vec![0, 0, 0, 4, 0, 0, 0, 0, 0];
        frames.extend([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x88]);
        service.write_all(&frames).await.unwrap();
        let (mut reads, mut writes) = tokio::io::split(service);
        let drain = async {
            let mut sink = [0; 1024];
            while reads.read(&mut sink).await.is_ok_and(|len| len > 0) {}
        };
        let write = async {
            // The field `x: aaa…`, as a literal without indexing.
            let mut block = vec![0, 1, b'x', 0x7f, 0x81, 0x1f];
            block.extend([b'a'; 4096]);
            let mut frame = vec![0, 0x10, 0x06, 9, 0, 0, 0, 0, 1];
            frame.extend(block);
            let mut sent = 0;
            while writes.write_all(&frame).await.is_ok() {
                sent += frame.len();
                assert!(sent < 10 << 20, "there is no bound");
            }
        };
        tokio::join!(drain, write);
    };
    let (reply, ()) = tokio::join!(client.chat(&request), flood);
    assert!(matches!(reply, Err(Failure::Unanswered(_))), "{reply:?}");
}

#[tokio::test(start_paused = true)]
async fn the_idle_timeout_applies_over_http_2() {
    let (client, [service]) = piped(true, Config::default());
    let pieces = [delta("a")];
    let request = message();
    let reading = async { read(&mut client.chat(&request).await.unwrap()).await };
    let mut serving = pin!(serve(service, 200, Pieces::new(&pieces, End::Open)));
    let ((events, end), _) = tokio::join!(reading, &mut serving);
    assert_eq!(events, ["a"]);
    assert!(matches!(end, Err(Failure::Cut(Cut::Idle))), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_not_read_blocks_the_service() {
    let (client, [service]) = piped(true, Config::default());
    let mut request = message();
    request.message = Message::new("a").unwrap();
    let event = delta(&"b".repeat(1000));
    let mut pieces = vec![event; 1000];
    pieces.push(DONE.into());
    let body = Pieces::new(&pieces, End::Whole);
    let given = Arc::clone(&body.given);
    let reading = async {
        let mut reply = client.chat(&request).await.unwrap();
        sleep(Duration::from_secs(3600)).await;
        (given.load(Ordering::Relaxed), read(&mut reply).await)
    };
    let ((ahead, (events, end)), _) = tokio::join!(reading, serve(service, 200, body));
    // Only what fits into the window was sent ahead.
    assert!(ahead < 100, "{ahead}");
    assert_eq!(events.len(), 1001);
    end.unwrap();
}
