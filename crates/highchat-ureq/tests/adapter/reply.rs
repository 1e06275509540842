//! A reply as the application sees it: its events, its end and its connection.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use highchat_proto::failure::Cut;
use highchat_proto::{Config, Event};
use highchat_sandbox::{Playback, Step};
use highchat_ureq::{AnsweredBy, Client, Failure, Reply};

use crate::support::*;

const HUMAN: &str = "event: human\ndata: {\"message\":\"Արամը միացավ\",\"ts\":null}\n\n";
const ERROR: &str = "event: error\ndata: {\"message\":\"Սխալ\"}\n\n";

fn reply_of(playback: &Playback) -> Reply {
    client(playback.base_url()).chat(&chat()).unwrap()
}

/// Reads all events with `next_event`. Returns them, and the failure if there is one.
fn events(reply: &mut Reply) -> (Vec<Event<'static>>, Option<Failure>) {
    let mut events = Vec::new();
    loop {
        match reply.next_event() {
            Ok(Some(event)) => events.push(event.into_owned()),
            Ok(None) => return (events, None),
            Err(failure) => return (events, Some(failure)),
        }
    }
}

#[test]
fn each_event_is_returned_as_soon_as_it_arrives() {
    let one = delta("մեկ");
    let events = [META, PING, &one, DONE];
    for count in 1..=events.len() {
        // Nothing follows the events, not even an end of the body.
        let playback = play(vec![send(HEAD), send(events[..count].concat()), Step::Hold]);
        let mut reply = reply_of(&playback);
        let began = Instant::now();
        for _ in 0..count {
            assert!(reply.next_event().unwrap().is_some());
        }
        assert!(began.elapsed() < BOUND);
    }
}

#[test]
fn a_reply_ends_at_its_last_event_even_if_its_body_continues() {
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                   transfer-encoding: chunked\r\n\r\n";
    for end in [DONE, HUMAN, ERROR] {
        let events = format!("{META}{end}");
        let behind = format!("{}{}event: del", delta("behind"), PING.repeat(2000));
        let scripts = [
            vec![send(format!("{HEAD}{events}")), Step::Hold],
            vec![send(format!("{HEAD}{events}{behind}")), Step::Hold],
            vec![
                send(format!("{chunked}{:x}\r\n{events}\r\n", events.len())),
                Step::Hold,
            ],
        ];
        for script in scripts {
            let playback = play(script);
            let mut reply = reply_of(&playback);
            assert!(matches!(reply.next_event(), Ok(Some(Event::Meta { .. }))));
            assert!(reply.next_event().unwrap().unwrap().ends_reply());
            let began = Instant::now();
            assert!(reply.next_event().unwrap().is_none(), "{end}");
            assert!(began.elapsed() < BOUND);
            // The reply still exists, but its connection is closed.
            assert!(playback.wait_for_close(0, BOUND), "{end}");
            assert!(reply.next_event().unwrap().is_none(), "{end}");
            assert!(reply.next().is_none(), "{end}");
        }
    }
}

#[test]
fn dropping_a_reply_closes_its_connection() {
    for taken in 0..3 {
        let playback = play(vec![send([HEAD, META, &delta("a")].concat()), Step::Hold]);
        let mut reply = reply_of(&playback);
        for _ in 0..taken {
            assert!(reply.next_event().unwrap().is_some());
        }
        assert!(
            !playback.wait_for_close(0, millis(20)),
            "it is not dropped yet"
        );
        drop(reply);
        assert!(playback.wait_for_close(0, BOUND), "{taken} events taken");
    }
}

#[test]
fn replies_outlive_their_client() {
    let playback = play(vec![send([HEAD, META].concat()), pause(50), send(DONE)]);
    let client = client(playback.base_url());
    let mut reply = client.chat(&chat()).unwrap();
    drop(client);
    assert!(matches!(read(&mut reply).1, Ok(Event::Done { .. })));
}

#[test]
fn the_iterator_yields_the_events_of_next_event() {
    let unknown = "event: mood\ndata: fine\n\n";
    let streams = [
        [
            META,
            PING,
            &delta("ա"),
            unknown,
            &delta("\\ud83d\\ude42"),
            DONE,
        ]
        .concat(),
        [META, HUMAN, DONE].concat(),
        [META, &delta("a"), ERROR].concat(),
        [META, &delta("a")].concat(),
        [META, &delta("a"), "event: delta\ndata: {}\n\n", DONE].concat(),
        // Two halves of a surrogate pair, and a half without its partner.
        [
            META,
            &delta("\\ud83d"),
            &delta("\\ude42"),
            &delta("\\ud83d"),
            DONE,
        ]
        .concat(),
        // The last blank line is missing.
        [META, DONE.trim_end()].concat(),
        String::new(),
    ];
    for stream in streams {
        let script = vec![send(HEAD), send(stream.clone())];
        let playback = Playback::start(vec![script.clone(), script]).unwrap();
        let (by_call, failed) = events(&mut reply_of(&playback));
        let mut reply = reply_of(&playback);
        let (by_iterator, failures): (Vec<_>, Vec<_>) = reply.by_ref().partition(Result::is_ok);
        let by_iterator: Vec<_> = by_iterator.into_iter().map(Result::unwrap).collect();
        assert_eq!(by_iterator, by_call, "{stream}");
        let cut = |failure: Failure| match failure {
            Failure::Cut(cut) => cut,
            other => panic!("{other:?}"),
        };
        let failures: Vec<_> = failures
            .into_iter()
            .map(|failed| cut(failed.unwrap_err()))
            .collect();
        assert_eq!(failures, Vec::from_iter(failed.map(cut)), "{stream}");
        // After its end or a failure, the iterator yields nothing.
        assert!(reply.next().is_none(), "{stream}");
        assert!(reply.next().is_none(), "{stream}");
    }
}

#[test]
fn each_call_after_a_failure_returns_the_same_failure() {
    let mut config = patient();
    config.idle_timeout = millis(150);
    config.event_limit = 1000;
    let long = delta(&"x".repeat(2000));
    let known_length = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                        content-length: 1000\r\n\r\n";
    let cases = [
        (vec![send(HEAD), Step::Close], "Truncated"),
        (vec![send(known_length), Step::Close], "Interrupted"),
        (vec![send(HEAD), Step::Hold], "Idle"),
        (vec![send(HEAD), send(long), Step::Hold], "TooLong"),
        (
            vec![send(HEAD), send("event: delta\ndata: {\n\n"), send(DONE)],
            "InvalidEvent",
        ),
    ];
    for (script, expected) in cases {
        let playback = play(script);
        let client = Client::with_config(endpoint(playback.base_url()), config.clone());
        let mut reply = client.chat(&chat()).unwrap();
        let mut told = Vec::new();
        for _ in 0..3 {
            match reply.next_event() {
                Err(Failure::Cut(cut)) => told.push(cut),
                other => panic!("{expected}: {other:?}"),
            }
        }
        assert!(format!("{:?}", told[0]).starts_with(expected), "{told:?}");
        assert!(told.iter().all(|cut| *cut == told[0]), "{told:?}");
        // The iterator yields the failure once, and ends.
        assert!(matches!(reply.next(), Some(Err(Failure::Cut(cut))) if cut == told[0]));
        assert!(reply.next().is_none());
        assert_eq!(playback.connections(), 1);
    }
}

#[test]
fn an_event_of_any_length_up_to_the_limit_is_read() {
    // Longer than the read buffer.
    let text = "ա".repeat(100_000);
    let body = [META, &delta(&text), DONE].concat();
    let playback = play(vec![send(HEAD), send(body)]);
    let (read_text, ended) = read(&mut reply_of(&playback));
    assert!(ended.is_ok());
    assert_eq!(read_text, text);
    let mut config = Config::default();
    config.event_limit = 1000;
    let playback = play(vec![send(HEAD), send(delta(&text)), Step::Hold]);
    let client = Client::with_config(endpoint(playback.base_url()), config);
    let (text, ended) = read(&mut client.chat(&chat()).unwrap());
    assert_eq!(text, "");
    assert!(
        matches!(ended, Err(Failure::Cut(Cut::TooLong))),
        "{ended:?}"
    );
}

/// Checks that a reply reads no further than the next event.
#[test]
fn a_reply_that_is_not_read_blocks_the_service() {
    // Enough to fill all buffers between the service and the client.
    let pieces = 4096;
    let piece = delta(&"x".repeat(8192));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let written = Arc::new(AtomicUsize::new(0));
    let service = thread::spawn({
        let written = Arc::clone(&written);
        move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(HEAD.as_bytes()).unwrap();
            for _ in 0..pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                written.fetch_add(1, Ordering::Relaxed);
            }
            stream.write_all(DONE.as_bytes()).unwrap();
            // Unread bytes of the request would turn the close into a reset.
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let mut reply = client(&base_url).chat(&chat()).unwrap();
    assert!(reply.next_event().unwrap().is_some());
    let mut before = usize::MAX;
    while before != written.load(Ordering::Relaxed) {
        before = written.load(Ordering::Relaxed);
        thread::sleep(millis(200));
    }
    assert!((1..pieces).contains(&before), "{before} of {pieces} pieces");
    let (text, ended) = read(&mut reply);
    assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
    assert_eq!(text.len(), (pieces - 1) * 8192);
    service.join().unwrap();
}

#[test]
fn a_client_can_be_shared_between_threads() {
    let scripts = (0..8).map(|_| vec![send([HEAD, META].concat()), pause(50), send(DONE)]);
    let playback = Playback::start(scripts.collect::<Vec<_>>()).unwrap();
    let client = client(playback.base_url());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut reply = client.chat(&chat()).unwrap();
                // A reply can be read in another thread than the one that made the request.
                let ended = thread::spawn(move || read(&mut reply).1).join().unwrap();
                assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
            });
        }
    });
    assert_eq!(playback.connections(), 8);
}

#[test]
fn collect_text_returns_the_whole_reply_or_an_error_with_the_part() {
    let text = delta("Բարև 👋");
    let playback = Playback::start([
        vec![send([HEAD, META, &text, &text, DONE].concat()), Step::Hold],
        vec![send([HEAD, &text, HUMAN].concat()), Step::Hold],
        vec![send([HEAD, &text].concat())],
        vec![send([HEAD, &text, ERROR].concat())],
    ])
    .unwrap();
    let collect = || reply_of(&playback).collect_text();
    assert_eq!(collect().unwrap().to_string(), "Բարև 👋Բարև 👋");
    let answered = collect().unwrap();
    assert!(matches!(answered.by, AnsweredBy::Human { .. }));
    assert_eq!(answered.to_string(), "Բարև 👋\nԱրամը միացավ");
    for told in ["the stream ended before the reply did", "Սխալ"] {
        let failed = collect().unwrap_err();
        assert_eq!(failed.text(), "Բարև 👋");
        assert!(failed.to_string().ends_with(told), "{failed}");
    }
}
