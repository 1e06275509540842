//! The timeouts of `Config` on a socket. ureq changed the meaning of its own timeouts within
//! 3.x; these tests fix the meaning in this adapter.
//!
//! A machine with much other work stops a thread for hundreds of milliseconds. So where something
//! must happen in time, there are at least [`SLACK`] between that time and its limit.

use core::iter::repeat;
use core::time::Duration;
use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use highchat_proto::failure::{Cut, ResponseError};
use highchat_proto::{Config, Event};
use highchat_sandbox::{Playback, Step};
use highchat_ureq::{Client, Failure, Reply};

mod support;
use support::*;

/// A timeout that does not run out in these tests.
const LONG: Duration = Duration::from_secs(30);

/// How late a thread may be without a failed test.
const SLACK: Duration = millis(1400);

struct Clocks {
    response: Duration,
    idle: Duration,
    progress: Duration,
}

const CLOCKS: Clocks = Clocks {
    response: LONG,
    idle: LONG,
    progress: LONG,
};

impl Clocks {
    fn client(&self, playback: &Playback) -> Client {
        self.client_of(playback.base_url())
    }

    fn client_of(&self, base_url: &str) -> Client {
        let mut config = Config::default();
        config.response_timeout = self.response;
        config.idle_timeout = self.idle;
        config.progress_timeout = self.progress;
        Client::with_config(endpoint(base_url), config)
    }
}

/// Runs all cases at the same time, because they mostly wait.
fn each<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

/// Returns steps that send the bytes one by one, with a pause after each.
fn trickle(text: &str, time: u64) -> Vec<Step> {
    text.bytes()
        .flat_map(|byte| [send([byte]), pause(time)])
        .collect()
}

/// Asserts that something took as long as `timeout`, and not much longer.
#[track_caller]
fn assert_took(began: Instant, timeout: Duration) {
    let took = began.elapsed();
    // The timeouts of reads are in whole milliseconds.
    assert!(
        timeout - millis(2) <= took,
        "{took:?} is less than {timeout:?}"
    );
    assert!(
        took < timeout + BOUND,
        "{took:?}, where {timeout:?} is said"
    );
}

#[track_caller]
fn cut(reply: &mut Reply) -> Cut {
    match read(reply).1 {
        Err(Failure::Cut(cut)) => cut,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_head_reaches_the_response_timeout() {
    // A response timeout longer than the idle timeout, and one shorter.
    let cases = [(millis(700), millis(100)), (millis(200), LONG)];
    each(&cases, |&(response, idle)| {
        let clocks = Clocks {
            response,
            idle,
            ..CLOCKS
        };
        let playback = play(vec![Step::Hold]);
        let began = Instant::now();
        let failure = clocks.client(&playback).chat(&chat()).unwrap_err();
        assert_took(began, response);
        assert!(matches!(failure, Failure::TimedOut), "{failure:?}");
        assert_eq!(playback.connections(), 1);
    });
}

#[test]
fn all_three_calls_have_the_response_timeout() {
    // The wait is split: one second first, then the rest.
    let response = millis(1200);
    let clocks = Clocks { response, ..CLOCKS };
    let playback = Playback::start(vec![vec![Step::Hold]; 3]).unwrap();
    let client = clocks.client(&playback);
    for (name, call) in CALLS {
        let began = Instant::now();
        let ended = call(&client);
        assert_took(began, response);
        assert!(matches!(ended, Err(Failure::TimedOut)), "{name}: {ended:?}");
    }
}

#[test]
fn the_response_timeout_covers_a_whole_trickling_head() {
    let response = millis(400);
    let clocks = Clocks { response, ..CLOCKS };
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1000));
    let playback = play(trickle(&endless, 20));
    let began = Instant::now();
    let failure = clocks.client(&playback).chat(&chat()).unwrap_err();
    assert_took(began, response);
    assert!(matches!(failure, Failure::TimedOut), "{failure:?}");
}

#[test]
fn the_response_timeout_covers_all_informational_heads() {
    let response = millis(400);
    let clocks = Clocks { response, ..CLOCKS };
    let announced = [send("HTTP/1.1 103 Early Hints\r\n\r\n"), pause(20)];
    let playback = play(announced.iter().cycle().take(1000).cloned().collect());
    let began = Instant::now();
    let failure = clocks.client(&playback).chat(&chat()).unwrap_err();
    assert_took(began, response);
    assert!(matches!(failure, Failure::TimedOut), "{failure:?}");
}

#[test]
fn a_trickling_head_within_the_timeout_starts_a_reply() {
    // The idle timeout applies only to bodies. This body arrives with the end of the head.
    let clocks = Clocks {
        idle: millis(500),
        ..CLOCKS
    };
    let mut script = trickle(&HEAD[..30], 20);
    script.extend([pause(600), send([&HEAD[30..], DONE].concat())]);
    let playback = play(script);
    let mut reply = clocks.client(&playback).chat(&chat()).unwrap();
    let (_, ended) = read(&mut reply);
    assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
}

#[test]
fn a_silent_body_reaches_the_idle_timeout() {
    let mut cases = Vec::new();
    for sent in ["", META, "eve"] {
        // An idle timeout longer than the response timeout, and one shorter.
        cases.push((sent, SLACK, SLACK + millis(500)));
        cases.push((sent, LONG, millis(200)));
        // The wait is split: one second first, then the rest.
        cases.push((sent, LONG, millis(1400)));
    }
    each(&cases, |&(sent, response, idle)| {
        let clocks = Clocks {
            response,
            idle,
            ..CLOCKS
        };
        let playback = play(vec![send(HEAD), send(sent), Step::Hold]);
        let began = Instant::now();
        let mut reply = clocks.client(&playback).chat(&chat()).unwrap();
        assert_eq!(cut(&mut reply), Cut::Idle, "{sent}");
        assert_took(began, idle);
        assert!(playback.wait_for_close(0, BOUND), "{sent}");
    });
}

#[test]
fn pings_alone_do_not_count_as_progress() {
    let progress = SLACK + millis(500);
    let clocks = Clocks {
        response: SLACK,
        idle: SLACK + millis(100),
        progress,
    };
    let alive = [
        PING,
        ": comment\n",
        "event: ping\ndata: {}\n\n: comment\n\n",
    ];
    each(&alive, |living| {
        let mut script = vec![send(HEAD), send(META)];
        script.extend(
            [send(*living), pause(20)]
                .iter()
                .cycle()
                .take(1000)
                .cloned(),
        );
        let playback = play(script);
        let began = Instant::now();
        let mut reply = clocks.client(&playback).chat(&chat()).unwrap();
        assert_eq!(cut(&mut reply), Cut::NoProgress, "{living}");
        assert_took(began, progress);
    });
}

/// Starts a service that answers one connection with `head`, and then sends `again` for ever,
/// as fast as the client reads.
fn flood(head: &'static str, again: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.write_all(head.as_bytes())?;
        let again = again.repeat(4096);
        loop {
            // The write fails when the client closes the connection.
            stream.write_all(again.as_bytes())?;
        }
    });
    base_url
}

#[test]
fn a_flood_without_events_does_not_count_as_progress() {
    let progress = millis(300);
    let clocks = Clocks { progress, ..CLOCKS };
    each(&[PING, ": comment\n", "x"], |again| {
        let base_url = flood(HEAD, again);
        let (client, began) = (clocks.client_of(&base_url), Instant::now());
        // In a separate thread, so that an endless read fails the test.
        let (ended, has_ended) = mpsc::channel();
        thread::spawn(move || {
            let cut = cut(&mut client.chat(&chat()).unwrap());
            let _ = ended.send(cut);
        });
        let cut = has_ended.recv_timeout(progress + BOUND);
        assert_eq!(cut, Ok(Cut::NoProgress), "{again}");
        assert_took(began, progress);
    });
}

#[test]
fn a_slow_reply_with_progress_is_read_to_its_end() {
    let timeout = SLACK + millis(100);
    let clocks = Clocks {
        response: timeout,
        idle: timeout,
        progress: timeout,
    };
    let mut script = vec![send(HEAD)];
    for index in 0..16 {
        script.extend([send(delta(&format!("{index} "))), pause(100)]);
    }
    script.push(send(DONE));
    let playback = play(script);
    let began = Instant::now();
    let mut reply = clocks.client(&playback).chat(&chat()).unwrap();
    let (text, ended) = read(&mut reply);
    assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
    assert_eq!(text, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 ");
    assert_took(began, timeout);
}

#[test]
fn a_slow_application_loses_no_events() {
    let timeout = SLACK + millis(100);
    let clocks = Clocks {
        idle: timeout,
        progress: timeout,
        ..CLOCKS
    };
    let away = timeout + millis(200);
    let scripts = [
        // Everything arrives during the first pause of the application.
        vec![send([HEAD, META, &delta("a"), &delta("b"), DONE].concat())],
        // One part arrives during a pause, the rest later.
        vec![
            send([HEAD, META].concat()),
            pause(100),
            send(delta("a")),
            pause(1700),
            send([&delta("b"), DONE].concat()),
        ],
        // Nothing arrives during a pause, and everything after it.
        vec![
            send([HEAD, META].concat()),
            pause(1800),
            send([&delta("a"), &delta("b"), DONE].concat()),
        ],
    ];
    each(&scripts, |script| {
        let playback = play(script.clone());
        let mut reply = clocks.client(&playback).chat(&chat()).unwrap();
        let mut text = String::new();
        // After two pauses everything has arrived.
        for pause in [away, away].into_iter().chain(repeat(Duration::ZERO)) {
            match reply.next_event() {
                Ok(None) => break,
                Ok(Some(Event::Delta { text: piece })) => text.push_str(&piece),
                Ok(Some(_)) => {}
                Err(failure) => panic!("{script:?}: {failure}"),
            }
            thread::sleep(pause);
        }
        assert_eq!(text, "ab", "{script:?}");
    });
}

#[test]
fn a_timeout_of_duration_max_never_fires() {
    let clocks = Clocks {
        response: Duration::MAX,
        idle: Duration::MAX,
        progress: Duration::MAX,
    };
    let page = answer("200 OK", "", r#"{"state":"bot"}"#);
    let scripts = vec![
        vec![send([HEAD, META].concat()), pause(50), send(DONE)],
        vec![pause(50), send(page)],
    ];
    let playback = Playback::start(scripts).unwrap();
    let client = clocks.client(&playback);
    let (_, ended) = read(&mut client.chat(&chat()).unwrap());
    assert!(matches!(ended, Ok(Event::Done { .. })), "{ended:?}");
    client.messages(&messages()).unwrap();
}

#[test]
fn an_endless_error_body_is_reported_at_the_response_timeout() {
    let response = SLACK;
    let clocks = Clocks { response, ..CLOCKS };
    let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2000\r\n\r\n";
    let mut trickling = vec![send(head)];
    trickling.extend(trickle(&"x".repeat(1000), 20));
    let scripts = [
        vec![send(head), Step::Hold],
        vec![send(head), send("<p>"), Step::Hold],
        trickling,
    ];
    each(&scripts, |script| {
        let playback = play(script.clone());
        let began = Instant::now();
        let failure = clocks.client(&playback).chat(&chat()).unwrap_err();
        assert_took(began, response);
        let Failure::Refused(ResponseError::Api(error)) = failure else {
            panic!("{failure:?}");
        };
        assert_eq!(error.status, 503);
    });
}

#[test]
fn a_late_byte_does_not_extend_the_response_timeout() {
    let (response, late) = (SLACK + millis(1300), SLACK + millis(1200));
    let clocks = Clocks { response, ..CLOCKS };
    let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2000\r\n\r\n";
    let playback = play(vec![send(head), Step::Pause(late), send("x"), Step::Hold]);
    let began = Instant::now();
    let failure = clocks.client(&playback).chat(&chat()).unwrap_err();
    assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
    // A timeout that began again would end at `late + response`.
    let took = began.elapsed();
    assert!(took < response + SLACK, "{took:?}");
}

#[test]
fn an_endless_page_fails_at_the_response_timeout() {
    let response = SLACK;
    let clocks = Clocks { response, ..CLOCKS };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"state\":\"bot\",";
    let mut trickling = vec![send(head)];
    trickling.extend(trickle(&" ".repeat(1000), 20));
    each(&[vec![send(head), Step::Hold], trickling], |script| {
        let playback = play(script.clone());
        let began = Instant::now();
        let failure = clocks.client(&playback).messages(&messages()).unwrap_err();
        assert_took(began, response);
        assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
    });
    let base_url = flood(head, " ");
    let began = Instant::now();
    let failure = clocks
        .client_of(&base_url)
        .messages(&messages())
        .unwrap_err();
    assert!(began.elapsed() < response + BOUND);
    assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
}

#[test]
fn a_body_over_its_size_limit_is_not_read_to_its_end() {
    let long = |status: &str| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-length: 100000000\r\n\r\n{}",
            " ".repeat(70_000)
        )
    };
    let mut config = Config::default();
    config.page_limit = 65_000;
    let playback = play(vec![send(long("500 Oops")), Step::Hold]);
    let began = Instant::now();
    let failure = CLOCKS.client(&playback).chat(&chat()).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the service answered 500 Internal Server Error"
    );
    let playback = play(vec![send(long("200 OK")), Step::Hold]);
    let client = Client::with_config(endpoint(playback.base_url()), config);
    let failure = client.messages(&messages()).unwrap_err();
    assert!(
        matches!(failure, Failure::Refused(ResponseError::TooLong)),
        "{failure:?}"
    );
    assert!(playback.wait_for_close(0, BOUND));
    assert!(began.elapsed() < 2 * BOUND);
}
