//! Futures that are dropped at each await.

use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io::{Read as _, Write as _};

use highchat_hyper::Client;
use highchat_proto::Config;
use highchat_sandbox::{Playback, Step};
use tokio::io::AsyncWriteExt as _;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::support::*;

/// Drops the future after each poll.
#[tokio::test]
async fn next_event_is_cancel_safe() {
    for is_chunked in [false, true] {
        let (client, [mut service]) = piped(false, Config::default());
        let stream = format!("{}{PING}{}{DONE}", delta("a"), delta("բ"));
        let serve = async {
            let head = if is_chunked {
                HEAD.replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n")
            } else {
                HEAD.into()
            };
            answer(&mut service, &head).await;
            for byte in stream.bytes() {
                if is_chunked {
                    service.write_all(b"1\r\n").await.unwrap();
                    yield_now().await;
                }
                service.write_all(&[byte]).await.unwrap();
                yield_now().await;
                if is_chunked {
                    service.write_all(b"\r\n").await.unwrap();
                    yield_now().await;
                }
            }
        };
        let request = message();
        let give_up = async {
            let mut reply = client.chat(&request).await.unwrap();
            let (mut events, mut given_up) = (Vec::new(), 0);
            loop {
                match once(reply.next_event()).await {
                    Poll::Ready(Ok(Some(event))) => events.push(short(&event)),
                    Poll::Ready(Ok(None)) => break (events, given_up),
                    Poll::Ready(Err(failure)) => panic!("{failure:?}"),
                    Poll::Pending => {
                        given_up += 1;
                        yield_now().await;
                    }
                }
            }
        };
        let ((events, given_up), ()) = tokio::join!(give_up, serve);
        assert_eq!(events, ["a", "ping", "բ", "done"]);
        assert!(given_up > stream.len() / 2, "{given_up}");
    }
}

/// Drops the call after every possible number of polls.
#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    for is_h2 in [false, true] {
        for polls in 0.. {
            assert!(polls < 100, "it never came to its end");
            let (client, [mut service]) = piped(is_h2, Config::default());
            let request = message();
            let mut is_over = false;
            {
                let mut chat = pin!(client.chat(&request));
                let mut serve = pin!(answer(&mut service, HEAD));
                let mut is_answered = false;
                for _ in 0..polls {
                    is_over = once(&mut chat).await.is_ready();
                    if is_over {
                        break;
                    }
                    yield_now().await;
                    if !is_h2 && !is_answered {
                        is_answered = once(&mut serve).await.is_ready();
                    }
                }
            }
            drop(client);
            assert!(is_closed(&mut service).await, "after {polls} polls");
            if is_over || (is_h2 && polls > 20) {
                break;
            }
        }
    }
}

/// The same over a real socket, where connecting takes polls too.
#[tokio::test]
async fn dropping_a_call_over_a_socket_closes_its_connection() {
    let request = message();
    for polls in 0..100 {
        let answer = vec![Step::Send(HEAD.into()), Step::Hold];
        let playback = Playback::start([answer.clone(), answer]).unwrap();
        let client = Client::new(endpoint(playback.base_url()));
        let mut is_over = false;
        {
            let mut chat = pin!(client.chat(&request));
            for _ in 0..polls {
                is_over = once(&mut chat).await.is_ready();
                if is_over {
                    break;
                }
                sleep(Duration::from_millis(2)).await;
            }
        }
        // The service accepts in order: if a later connection is served, an earlier one was
        // counted.
        let mut later = std::net::TcpStream::connect(playback.addr()).unwrap();
        later.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        later.read_exact(&mut [0; HEAD.len()]).unwrap();
        if playback.connections() == 2 {
            assert!(
                playback.wait_for_close(0, Duration::from_secs(10)),
                "{polls}"
            );
        }
        if is_over {
            return;
        }
    }
    panic!("it never came to its end");
}
