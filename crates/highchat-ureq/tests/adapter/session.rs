//! A conversation over real sockets: interruption from another thread.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use highchat_proto::{
    ConversationId, Credentials, Endpoint, Failure, Message, Rating, Saved, State, Update,
};
use highchat_sandbox::{Person, Playback, Sandbox, Step};
use highchat_testing::trials::drivers::ureq::UreqSession;
use highchat_testing::trials::words::{DONE, HEAD, HUMAN, META, delta, page};
use highchat_testing::trials::{Driver, brisk};
use highchat_ureq::{AnsweredBy, AskError, Next, Session};

/// The time after which a test counts as hanging, even on the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::key("hc_sandbox").unwrap()).unwrap()
}

fn talk(base_url: &str) -> UreqSession {
    UreqSession::open(endpoint(base_url), brisk(), None)
}

fn stream(events: &str) -> Step {
    Step::send(format!("{HEAD}{events}"))
}

#[test]
fn a_not_sent_failure_names_its_cause_once() {
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let mut talk = talk(&gone);
    talk.say("a");
    let log = talk.run();
    let failure = log.last().unwrap();
    assert_eq!(failure.matches("refused").count(), 1, "{failure}");
}

#[test]
fn a_turn_is_cancelled_from_another_thread_at_once() {
    let scripts = [
        vec![Step::Hold],
        vec![stream(""), Step::Hold],
        vec![stream(&format!("{META}{}", delta("a"))), Step::Hold],
    ];
    for script in scripts {
        let service = Playback::start(vec![script]).unwrap();
        let mut talk = talk(service.base_url());
        let canceller = talk.0.canceller();
        talk.say("a");
        let service = thread::scope(|scope| {
            scope.spawn(|| {
                assert!(service.wait_for_requests(1, BOUND));
                canceller.cancel();
                // A second cancel comes too late, and does nothing.
                canceller.cancel();
            });
            let start = Instant::now();
            let log = talk.run();
            assert_eq!(log.last().unwrap(), "Cancelled", "{log:?}");
            assert!(start.elapsed() < BOUND, "long before any timeout");
            &service
        });
        assert!(service.wait_for_close(0, BOUND));
        assert!(!talk.status().turn_in_progress);
    }
}

#[test]
fn a_wait_can_time_out_or_be_woken() {
    let sandbox = Sandbox::builder().person(Person::absent()).start().unwrap();
    let mut config = brisk();
    config.poll_interval = BOUND;
    let mut talk = UreqSession::open(endpoint(sandbox.base_url()), config, None);
    talk.turn("/human");
    assert_eq!(
        talk.0.next_timeout(Duration::from_millis(50)),
        Next::TimedOut
    );
    assert!(talk.status().is_polling);
    let canceller = talk.0.canceller();
    thread::scope(|scope| {
        scope.spawn(|| canceller.wake());
        assert_eq!(talk.0.next(), Next::Woken);
    });
    assert!(talk.status().is_polling);
}

#[test]
fn updates_read_during_a_wait_come_before_its_timeout() {
    let reply = [META, &delta("Բարև 👋"), DONE].concat();
    let service = Playback::start([vec![stream(&reply)]]).unwrap();
    let mut talk = talk(service.base_url());
    talk.say("Ողջույն");
    let (began, mut has_ended) = (Instant::now(), false);
    while !has_ended {
        match talk.0.next_timeout(Duration::ZERO) {
            Next::Update(update) => has_ended = matches!(update, Update::TurnEnded { .. }),
            Next::TimedOut => assert!(talk.status().turn_in_progress, "its end was not told"),
            Next::Woken | Next::Idle => panic!("nobody woke it, and a turn is under way"),
        }
        assert!(began.elapsed() < BOUND);
    }
    while let Next::Update(_) = talk.0.next() {}
    assert_eq!(talk.0.next_timeout(BOUND), Next::Idle);
}

/// Returns answers that never end.
fn hanging() -> [Vec<Step>; 2] {
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"state\":\"bot\"";
    [vec![Step::Hold], vec![Step::send(begun), Step::Hold]]
}

/// Waits in a session. Another thread wakes it after the service has received `requests`
/// requests.
#[track_caller]
fn wake(session: &mut Session, service: &Playback, requests: usize) {
    let canceller = session.canceller();
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(service.wait_for_requests(requests, BOUND));
            canceller.wake();
        });
        let update = session.next();
        assert_eq!(update, Next::Woken);
    });
    assert!(start.elapsed() < BOUND, "long before any timeout");
}

#[test]
fn a_hanging_poll_is_interrupted_for_a_message_and_repeated() {
    for hanging in hanging() {
        let service = Playback::start(vec![
            hanging,
            vec![stream(&format!("{META}{HUMAN}"))],
            vec![Step::send(page("bot", &["hello"]))],
        ])
        .unwrap();
        let saved = Saved::new(ConversationId::new("c1").unwrap()).with_state(State::Human);
        let mut talk = UreqSession::open(endpoint(service.base_url()), brisk(), Some(saved));
        wake(&mut talk.0, &service, 1);
        assert!(talk.status().is_polling);
        talk.say("a");
        let log = talk.run();
        assert_eq!(
            log,
            [
                "meta",
                "human wait",
                "Human",
                "assistant: hello",
                "state bot"
            ]
        );
    }
}

#[test]
fn a_hanging_rating_is_interrupted_for_a_message_and_repeated() {
    // Only the head of the answer to a rating matters, so only a missing head hangs.
    let service = Playback::start(vec![
        vec![Step::Hold],
        vec![stream(&format!("{META}{DONE}"))],
        vec![Step::send(page("bot", &[]))],
    ])
    .unwrap();
    let saved = Saved::new(ConversationId::new("c1").unwrap());
    let mut talk = UreqSession::open(endpoint(service.base_url()), brisk(), Some(saved));
    talk.0.commands().rate(Rating::Up, None).unwrap();
    wake(&mut talk.0, &service, 1);
    talk.say("a");
    let mut log = talk.run();
    log.sort_unstable();
    assert_eq!(log, ["Done", "done", "meta", "rated"]);
    let ratings = service.requests();
    let ratings = ratings.iter().filter(|request| {
        let request = String::from_utf8_lossy(request);
        request.starts_with("POST /v1/conversations/c1/rating")
    });
    assert_eq!(ratings.count(), 2);
}

#[test]
fn a_turn_can_be_cancelled_while_a_poll_hangs() {
    for hanging in hanging() {
        let service = Playback::start(vec![
            vec![stream(&format!("{META}{HUMAN}"))],
            vec![stream(""), Step::Hold],
            hanging,
            vec![Step::send(page("bot", &[]))],
        ])
        .unwrap();
        let mut talk = talk(service.base_url());
        talk.turn("a");
        let canceller = talk.0.canceller();
        talk.say("b");
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(service.wait_for_requests(3, BOUND));
                canceller.cancel();
            });
            let start = Instant::now();
            let log = talk.run();
            assert_eq!(log, ["Cancelled", "state bot"]);
            assert!(start.elapsed() < BOUND, "long before any timeout");
        });
    }
}

#[test]
fn no_debug_output_of_a_session_shows_a_key() {
    let session = talk("http://127.0.0.1:9").0;
    let shown = format!("{session:?} {:?}", session.canceller());
    assert!(!shown.contains("hc_sandbox"), "{shown}");
}

fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

#[test]
fn ask_returns_the_whole_answer_or_reports_a_person() {
    let deltas = [delta("Բարև "), delta("👋")].concat();
    let service = Playback::start(vec![
        vec![stream(&[META, &deltas, DONE].concat())],
        vec![stream(&[META, &delta("Կանչում եմ"), HUMAN].concat())],
        vec![Step::send(page("bot", &["hello"]))],
    ])
    .unwrap();
    let mut talk = talk(service.base_url());
    let answered = talk.0.ask(message("Ողջույն")).unwrap();
    assert_eq!((&*answered.text, answered.by), ("Բարև 👋", AnsweredBy::Bot));

    let answered = talk.0.ask(message("Օպերատո՛ր")).unwrap();
    assert!(matches!(answered.by, AnsweredBy::Human { .. }));
    assert_eq!(answered.to_string(), "Կանչում եմ\nwait");
    assert_eq!(talk.run(), ["assistant: hello", "state bot"]);
}

#[test]
fn ask_never_returns_a_part_as_the_whole_answer() {
    let begun = [META, &delta("Բարև")].concat();
    let error = format!("{begun}event: error\ndata: {{\"message\":\"Սխալ 😔\"}}\n\n");
    for (body, is_cut) in [(begun, true), (error, false)] {
        let mut scripts = vec![vec![stream(&body)]];
        scripts.extend((0..4).map(|_| vec![Step::send(page("bot", &[]))]));
        let service = Playback::start(scripts).unwrap();
        let failed = talk(service.base_url())
            .0
            .ask(message("Ողջույն"))
            .unwrap_err();
        let AskError::Failed { text, error } = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(text, "Բարև", "{error}");
        assert_eq!(matches!(error, Failure::Cut(_)), is_cut, "{error}");
    }
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let failed = talk(&gone).0.ask(message("Ողջույն")).unwrap_err();
    assert!(matches!(
        failed,
        AskError::Failed {
            error: Failure::NotSent(_),
            ..
        }
    ));
}

#[test]
fn ask_continues_when_woken_and_ends_when_cancelled() {
    let begun = stream(&format!("{META}{}", delta("Բարև")));
    let service = Playback::start(vec![vec![begun, Step::Hold]]).unwrap();
    let mut talk = talk(service.base_url());
    let canceller = talk.0.canceller();
    let asked = thread::scope(|scope| {
        scope.spawn(|| {
            assert!(service.wait_for_requests(1, BOUND));
            canceller.wake();
            thread::sleep(Duration::from_millis(100));
            canceller.cancel();
        });
        talk.0.ask(message("Ողջույն"))
    });
    let failed = asked.unwrap_err();
    assert!(matches!(failed, AskError::Cancelled { .. }), "{failed:?}");
    assert!(service.wait_for_close(0, BOUND));
}
