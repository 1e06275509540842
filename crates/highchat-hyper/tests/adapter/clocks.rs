//! Timeouts, in virtual time and over in-memory pipes.

use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use highchat_hyper::Failure;
use highchat_proto::Config;
use highchat_proto::failure::Cut;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use crate::support::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_connect_timeout_means_not_sent() {
    let (client, []) = piped(false, Config::default());
    let start = Instant::now();
    let reply = client.chat(&message()).await;
    assert!(matches!(reply, Err(Failure::NotSent(_))), "{reply:?}");
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_late_head_is_a_timeout() {
    for part in ["", "HTTP/1.1 200 OK\r\n"] {
        let (client, [mut service]) = piped(false, Config::default());
        let start = Instant::now();
        let request = message();
        let chat = client.chat(&request);
        let (reply, ()) = tokio::join!(chat, answer(&mut service, part));
        assert!(matches!(reply, Err(Failure::TimedOut)), "{reply:?}");
        assert_eq!(start.elapsed().as_secs(), 60);
        assert!(is_closed(&mut service).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_service_does_not_read_is_a_timeout() {
    let (client, [_service]) = piped(false, Config::default());
    let mut long = message();
    long.message = highchat_proto::Message::new("a".repeat(4000)).unwrap();
    let reply = client.chat(&long).await;
    assert!(matches!(reply, Err(Failure::TimedOut)), "{reply:?}");
}

#[tokio::test(start_paused = true)]
async fn an_endless_error_answer_is_reported_with_what_arrived() {
    let (client, [mut service]) = piped(false, Config::default());
    let head = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 1000\r\n\r\n";
    let body = r#"{"error":{"code":"unauthenticated","message":"Սխալ"}}"#;
    let start = Instant::now();
    let request = message();
    let chat = client.chat(&request);
    let bytes = format!("{head}{body}");
    let (reply, ()) = tokio::join!(chat, answer(&mut service, &bytes));
    let Err(Failure::Refused(error)) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!(
        error.to_string(),
        "the service answered 401 Unauthorized (unauthenticated): Սխալ"
    );
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_silent_body_reaches_the_idle_timeout() {
    let (client, [mut service]) = piped(false, Config::default());
    let request = message();
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, HEAD));
    let mut reply = reply.unwrap();
    let start = Instant::now();
    let (events, end) = read(&mut reply).await;
    assert!(events.is_empty());
    assert!(matches!(end, Err(Failure::Cut(Cut::Idle))), "{end:?}");
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(is_closed(&mut service).await);
    let again = reply.next_event().await;
    assert!(matches!(again, Err(Failure::Cut(Cut::Idle))), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn pings_alone_do_not_count_as_progress() {
    let (client, [mut service]) = piped(false, Config::default());
    let start = Instant::now();
    let pings = async {
        answer(&mut service, HEAD).await;
        while service.write_all(PING.as_bytes()).await.is_ok() {
            sleep(seconds(7)).await;
        }
    };
    let request = message();
    let reading = async { read(&mut client.chat(&request).await.unwrap()).await };
    let ((events, end), ()) = tokio::join!(reading, pings);
    assert!(matches!(end, Err(Failure::Cut(Cut::NoProgress))), "{end:?}");
    assert_eq!(events.len(), 43);
    // The service notices the closed connection only at its next ping.
    assert_eq!(start.elapsed().as_secs(), 301);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reply_with_progress_is_read_to_its_end() {
    let (client, [mut service]) = piped(false, Config::default());
    let start = Instant::now();
    let slow = async {
        answer(&mut service, HEAD).await;
        for byte in format!("{}{}", delta("a").repeat(10), DONE).bytes() {
            sleep(seconds(2)).await;
            service.write_all(&[byte]).await.unwrap();
        }
    };
    let request = message();
    let reading = async { read(&mut client.chat(&request).await.unwrap()).await };
    let ((events, end), ()) = tokio::join!(reading, slow);
    assert_eq!(events.len(), 11);
    end.unwrap();
    assert!(start.elapsed() > seconds(600));
}

#[tokio::test(start_paused = true)]
async fn time_between_calls_does_not_count_towards_the_idle_timeout() {
    let (client, [mut service]) = piped(false, Config::default());
    let request = message();
    let bytes = format!("{HEAD}{}{}", delta("a"), delta("b"));
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, &bytes));
    let mut reply = reply.unwrap();
    for expected in ["a", "b"] {
        sleep(seconds(3600)).await;
        let event = reply.next_event().await.unwrap().unwrap();
        assert_eq!(short(&event), expected);
    }
    sleep(seconds(3600)).await;
    let start = Instant::now();
    let end = reply.next_event().await.map(drop);
    assert!(matches!(end, Err(Failure::Cut(Cut::Idle))), "{end:?}");
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn the_idle_timeout_continues_after_a_dropped_wait() {
    let (client, [mut service]) = piped(false, Config::default());
    let request = message();
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, HEAD));
    let mut reply = reply.unwrap();
    let start = Instant::now();
    let end = loop {
        match timeout(seconds(1), reply.next_event()).await {
            Ok(end) => break end.map(drop),
            Err(_) => assert!(start.elapsed() < seconds(61)),
        }
    };
    assert!(matches!(end, Err(Failure::Cut(Cut::Idle))), "{end:?}");
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_arrived_between_polls_are_read_before_a_timeout() {
    let (client, [mut service]) = piped(false, Config::default());
    let request = message();
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, HEAD));
    let mut reply = reply.unwrap();
    assert!(once(reply.next_event()).await.is_pending());
    sleep(seconds(30)).await;
    service.write_all(delta("a").as_bytes()).await.unwrap();
    sleep(seconds(3600)).await;
    let Poll::Ready(Ok(Some(event))) = once(reply.next_event()).await else {
        panic!("it was there")
    };
    assert_eq!(short(&event), "a");
}

#[tokio::test(start_paused = true)]
async fn a_task_without_coop_budget_still_reads_before_a_timeout() {
    let (client, [mut service]) = piped(false, Config::default());
    let request = message();
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, HEAD));
    let mut reply = reply.unwrap();
    assert!(once(reply.next_event()).await.is_pending());
    service.write_all(delta("a").as_bytes()).await.unwrap();
    sleep(seconds(3600)).await;
    let read = async {
        while tokio::task::coop::has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        reply.next_event().await.map(|event| short(&event.unwrap()))
    };
    assert_eq!(read.await.unwrap(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_duration_max_never_fires() {
    let mut config = Config::default();
    config.response_timeout = Duration::MAX;
    config.idle_timeout = Duration::MAX;
    config.progress_timeout = Duration::MAX;
    let (client, [mut service]) = piped(false, config);
    let request = message();
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, HEAD));
    let mut reply = reply.unwrap();
    let year = timeout(seconds(365 * 86_400), reply.next_event()).await;
    assert!(year.is_err());
    service.write_all(DONE.as_bytes()).await.unwrap();
    assert!(read(&mut reply).await.1.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_not_read_blocks_the_service() {
    let (client, [mut service]) = piped(false, Config::default());
    let request = message();
    let bytes = format!("{HEAD}{}", delta("a"));
    let (reply, ()) = tokio::join!(client.chat(&request), answer(&mut service, &bytes));
    let mut reply = reply.unwrap();
    assert!(reply.next_event().await.unwrap().is_some());
    let event = delta(&"b".repeat(1000));
    let mut flood = pin!(async {
        for _ in 0..1000 {
            service.write_all(event.as_bytes()).await.unwrap();
        }
        service.write_all(DONE.as_bytes()).await.unwrap();
    });
    // The pipe holds less than an event, and the client does not read.
    assert!(timeout(seconds(3600), &mut flood).await.is_err());
    let ((events, end), ()) = tokio::join!(read(&mut reply), flood);
    assert_eq!(events.len(), 1001);
    end.unwrap();
}
