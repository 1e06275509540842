//! Replies over real sockets: cut after each byte, and with every end that a body can have.

use core::time::Duration;

use highchat_hyper::{Client, Failure};
use highchat_proto::failure::Cut;
use highchat_sandbox::{Playback, Sandbox, Step};

use crate::support::*;

const BOUND: Duration = Duration::from_secs(10);

fn client(playback: &Playback) -> Client {
    Client::new(endpoint(playback.base_url()))
}

fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// Returns a reply of three pieces, as raw events and in their short form.
fn recorded() -> (Vec<String>, [&'static str; 5]) {
    let meta = "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
    let events = vec![
        meta.into(),
        delta("Բարև "),
        PING.into(),
        delta("Ձեզ"),
        DONE.into(),
    ];
    (events, ["meta", "Բարև ", "ping", "Ձեզ", "done"])
}

#[tokio::test]
async fn a_reply_of_the_sandbox_is_whole() {
    let sandbox = Sandbox::builder()
        .token_delay(Duration::ZERO)
        .start()
        .unwrap();
    let mut reply = Client::new(sandbox.endpoint())
        .chat(&message())
        .await
        .unwrap();
    let (events, end) = read(&mut reply).await;
    assert_eq!(events.first().unwrap(), "meta");
    assert_eq!(events.last().unwrap(), "done");
    end.unwrap();
    assert_eq!(sandbox.requests()[0].body, r#"{"message":"Բարև"}"#);
}

#[tokio::test]
async fn a_cut_body_without_a_length_is_whole_or_truncated() {
    let (events, all) = recorded();
    let body = events.concat();
    // The last event counts even without its blank line.
    let whole = HEAD.len() + body.len() - 2;
    let answer = format!("{HEAD}{body}");
    let cuts: Vec<_> = (0..=answer.len()).collect();
    let scripts = cuts
        .iter()
        .map(|&cut| vec![send(&answer.as_bytes()[..cut])]);
    let playback = Playback::start(scripts.collect::<Vec<_>>()).unwrap();
    let client = client(&playback);
    for cut in cuts {
        let reply = client.chat(&message()).await;
        assert_eq!(playback.connections(), cut + 1);
        if cut < HEAD.len() {
            assert!(matches!(reply, Err(Failure::Unanswered(_))), "{cut}");
            continue;
        }
        let (events, end) = read(&mut reply.unwrap()).await;
        assert!(all.starts_with(&events.iter().map(|event| &**event).collect::<Vec<_>>()));
        match end {
            Ok(()) => assert!(cut >= whole && events.len() == all.len(), "{cut}"),
            Err(Failure::Cut(Cut::Truncated)) => assert!(cut < whole, "{cut}"),
            Err(failure) => panic!("{cut}: {failure:?}"),
        }
    }
}

#[tokio::test]
async fn a_cut_chunked_body_is_whole_or_interrupted() {
    let (events, all) = recorded();
    let head = HEAD.replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunks = events
        .iter()
        .map(|event| format!("{:x}\r\n{event}\r\n", event.len()));
    let chunks = chunks.collect::<String>();
    let whole = head.len() + chunks.len() - 2;
    let answer = format!("{head}{chunks}0\r\n\r\n");
    let cuts: Vec<_> = (0..=answer.len()).collect();
    let scripts = cuts
        .iter()
        .map(|&cut| vec![send(&answer.as_bytes()[..cut])]);
    let playback = Playback::start(scripts.collect::<Vec<_>>()).unwrap();
    let client = client(&playback);
    for cut in cuts {
        let reply = client.chat(&message()).await;
        assert_eq!(playback.connections(), cut + 1);
        if cut < head.len() {
            assert!(matches!(reply, Err(Failure::Unanswered(_))), "{cut}");
            continue;
        }
        let (events, end) = read(&mut reply.unwrap()).await;
        assert!(all.starts_with(&events.iter().map(|event| &**event).collect::<Vec<_>>()));
        match end {
            Ok(()) => assert!(cut >= whole - 1 && events.len() == all.len(), "{cut}"),
            Err(Failure::Cut(Cut::Interrupted)) => assert!(cut < whole, "{cut}"),
            Err(failure) => panic!("{cut}: {failure:?}"),
        }
    }
}

#[tokio::test]
async fn a_reply_sent_byte_by_byte_has_the_same_events() {
    let (events, all) = recorded();
    let mut script = vec![send(HEAD)];
    for byte in events.concat().bytes() {
        script.extend([send([byte]), Step::Pause(Duration::from_micros(100))]);
    }
    let playback = Playback::start([script]).unwrap();
    let mut reply = client(&playback).chat(&message()).await.unwrap();
    let (events, end) = read(&mut reply).await;
    assert_eq!(events, all);
    end.unwrap();
}

#[tokio::test]
async fn a_reset_interrupts_a_reply_after_its_earlier_events() {
    let script = vec![
        send(format!("{HEAD}{}", delta("a"))),
        Step::Pause(Duration::from_millis(100)),
        Step::Reset,
    ];
    let playback = Playback::start([script, vec![Step::Reset]]).unwrap();
    let client = client(&playback);
    let mut reply = client.chat(&message()).await.unwrap();
    let (events, end) = read(&mut reply).await;
    assert_eq!(events, ["a"]);
    assert!(matches!(end, Err(Failure::Cut(Cut::Interrupted))));
    let again = reply.next_event().await;
    assert!(matches!(again, Err(Failure::Cut(Cut::Interrupted))));

    let reply = client.chat(&message()).await;
    assert!(matches!(reply, Err(Failure::Unanswered(_))), "{reply:?}");
    assert_eq!(playback.connections(), 2);
}

#[tokio::test]
async fn the_end_of_a_reply_closes_a_connection_that_the_service_keeps_open() {
    let script = vec![send(format!("{HEAD}{DONE}")), Step::Hold];
    let playback = Playback::start([script]).unwrap();
    let mut reply = client(&playback).chat(&message()).await.unwrap();
    let last = reply.next_event().await.unwrap().unwrap();
    assert_eq!(short(&last), "done");
    assert!(playback.wait_for_close(0, BOUND));
    assert!(reply.next_event().await.unwrap().is_none());
    assert!(reply.next_event().await.unwrap().is_none());
}

#[tokio::test]
async fn dropping_a_reply_closes_the_connection() {
    let script = vec![send(format!("{HEAD}{}", delta("a"))), Step::Hold];
    let playback = Playback::start([script]).unwrap();
    let mut reply = client(&playback).chat(&message()).await.unwrap();
    assert!(reply.next_event().await.unwrap().is_some());
    assert!(!playback.wait_for_close(0, Duration::from_millis(50)));
    drop(reply);
    assert!(playback.wait_for_close(0, BOUND));
}

#[tokio::test]
async fn a_stream_yields_the_same_events_and_ends_after_a_failure() {
    let (events, all) = recorded();
    let whole = send(format!("{HEAD}{}", events.concat()));
    let cut = send(format!("{HEAD}{}", events[..2].concat()));
    let playback = Playback::start([vec![whole], vec![cut]]).unwrap();
    let client = client(&playback);

    let mut stream = client.chat(&message()).await.unwrap();
    for expected in all {
        let event = next(&mut stream).await.unwrap().unwrap();
        assert_eq!(short(&event), expected);
    }
    assert!(next(&mut stream).await.is_none());
    assert!(next(&mut stream).await.is_none());

    let mut stream = client.chat(&message()).await.unwrap();
    for expected in &all[..2] {
        let event = next(&mut stream).await.unwrap().unwrap();
        assert_eq!(short(&event), *expected);
    }
    let end = next(&mut stream).await;
    assert!(matches!(end, Some(Err(Failure::Cut(Cut::Truncated)))));
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test]
async fn an_invalid_or_too_long_event_cuts_the_reply_and_closes_the_connection() {
    let long = format!("data: {}", "a".repeat(2 << 20));
    let broken = "event: delta\ndata: {\"text\":\n\n";
    for (bytes, is_cut) in [
        (
            long.as_str(),
            (|cut| matches!(cut, Cut::TooLong)) as fn(Cut) -> bool,
        ),
        (broken, |cut| matches!(cut, Cut::InvalidEvent(_))),
    ] {
        let script = vec![send(HEAD), send(bytes), Step::Hold];
        let playback = Playback::start([script]).unwrap();
        let mut reply = client(&playback).chat(&message()).await.unwrap();
        let (events, end) = read(&mut reply).await;
        assert!(events.is_empty());
        assert!(matches!(end, Err(Failure::Cut(cut)) if is_cut(cut)));
        assert!(playback.wait_for_close(0, BOUND));
    }
}

#[tokio::test]
async fn collect_text_returns_the_whole_reply_or_an_error_with_the_part() {
    let (events, _) = recorded();
    let text = delta("Բարև 👋");
    let error = "event: error\ndata: {\"message\":\"Սխալ 😔\"}\n\n";
    let playback = Playback::start([
        vec![send(format!("{HEAD}{text}{text}{DONE}"))],
        vec![send(format!("{HEAD}{text}"))],
        vec![send(format!("{HEAD}{text}{error}"))],
        vec![send(format!("{HEAD}{}", events.concat())), Step::Hold],
    ])
    .unwrap();
    let client = client(&playback);
    let collect = async || client.chat(&message()).await.unwrap().collect_text().await;
    assert_eq!(collect().await.unwrap().to_string(), "Բարև 👋Բարև 👋");
    for told in ["the stream ended before the reply did", "Սխալ 😔"] {
        let failed = collect().await.unwrap_err();
        assert_eq!(failed.text(), "Բարև 👋");
        assert!(failed.to_string().ends_with(told), "{failed}");
    }
    // A body that stays open after the reply does not delay the result.
    assert!(collect().await.is_ok());
}
