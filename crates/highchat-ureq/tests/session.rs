//! A conversation over real sockets: turns, handoff, recovery, and another thread that
//! reaches in.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use highchat_proto::config::Config;
use highchat_proto::conversation::{TurnEnd, TurnError, Update};
use highchat_proto::endpoint::{Credentials, Endpoint};
use highchat_proto::id::ConversationId;
use highchat_proto::message::Message;
use highchat_proto::reply::Cut;
use highchat_proto::request::Rating;
use highchat_proto::saved::Saved;
use highchat_proto::state::State;
use highchat_sandbox::{Person, Playback, Sandbox, Step};
use highchat_ureq::{Client, Session};

/// Longer than anything here takes, on the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

fn client(base_url: &str, change: impl FnOnce(&mut Config)) -> Client {
    let mut config = Config::default();
    config.poll_interval = Duration::from_millis(50);
    config.recovery_delays = [Duration::from_millis(10); 4];
    config.not_sent_delays = [Duration::from_millis(10); 2];
    change(&mut config);
    let credentials = Credentials::key("hc_sandbox").unwrap();
    Client::with_config(Endpoint::new(base_url, credentials).unwrap(), config)
}

fn session(base_url: &str) -> Session {
    Session::new(client(base_url, |_| ()))
}

fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

/// An update in a word or two.
fn word(update: &Update<'_>) -> String {
    match update {
        Update::Meta { .. } => "meta".into(),
        Update::Delta { text } => format!("delta {text}"),
        Update::Done { .. } => "done".into(),
        Update::Human { message, .. } => format!("human {message}"),
        Update::State(state) => format!("state {state}"),
        Update::Message(message) => format!("{}: {}", message.role, message.content),
        Update::Recovered { missing, .. } => format!("recovered {missing}"),
        Update::TurnEnded { end, .. } => format!("{end:?}"),
        other => format!("{other:?}"),
    }
}

/// What happens until nothing more does.
fn run(session: &mut Session) -> Vec<String> {
    let mut log = Vec::new();
    while let Some(update) = session.next() {
        log.push(word(&update));
    }
    log
}

/// What happens until the turn has ended, and how it did.
fn turn(session: &mut Session, text: &str) -> (String, TurnEnd) {
    session.send(message(text)).unwrap();
    let mut reply = String::new();
    while let Some(update) = session.next() {
        match update {
            Update::Delta { text } => reply.push_str(text),
            Update::TurnEnded { end, .. } => return (reply, end.clone()),
            _ => {}
        }
    }
    panic!("the turn did not end");
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const META: &str = "event: meta\ndata: {\"conversation_id\":\"c\"}\n\n";
const DONE: &str = "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
const HUMAN: &str = "event: human\ndata: {\"message\":\"h\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";

fn stream(events: &str) -> Step {
    Step::send(format!("{HEAD}{events}"))
}

fn delta(text: &str) -> String {
    format!("event: delta\ndata: {{\"text\":\"{text}\"}}\n\n")
}

fn page(state: &str, messages: &str) -> Step {
    let body = format!(
        "{{\"state\":\"{state}\",\"messages\":[{messages}],\"ts\":\"2026-06-14T10:00:09Z\"}}"
    );
    Step::send(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn said(id: &str, content: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"role\":\"assistant\",\"content\":\"{content}\",\"created_at\":\"2026-06-14T10:00:05Z\"}}"
    )
}

#[test]
fn turns_follow_each_other_in_one_thread() {
    let sandbox = Sandbox::builder()
        .token_delay(Duration::ZERO)
        .start()
        .unwrap();
    let mut session = session(sandbox.base_url());
    let (reply, end) = turn(&mut session, "իմ անունը Անի է");
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "{reply}");
    let id = session.conversation().id().unwrap().clone();
    let (reply, end) = turn(&mut session, "ինչպե՞ս է իմ անունը");
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "it remembers: {reply}");
    assert_eq!(session.conversation().id(), Some(&id));
    assert_eq!(run(&mut session), [""; 0], "nothing is waited for any more");

    session.rate(Rating::Up, Some("լավ".into())).unwrap();
    assert!(run(&mut session)[0].starts_with("Rated"));
    assert_eq!(sandbox.rating(id.as_str()).unwrap().rating, 1);
}

#[test]
fn a_handoff_goes_from_human_to_the_bot_being_back() {
    let person = Person::absent()
        .says(Duration::from_millis(100), "Բարև")
        .says(Duration::from_millis(200), "Հաջողություն")
        .hands_back(Duration::from_millis(300));
    let sandbox = Sandbox::builder()
        .token_delay(Duration::ZERO)
        .person(person)
        .start()
        .unwrap();
    let mut session = session(sandbox.base_url());
    session.send(message("/human")).unwrap();
    let log = run(&mut session);
    let shown: Vec<_> = log
        .iter()
        .filter(|line| !line.starts_with("human "))
        .collect();
    assert_eq!(
        shown,
        [
            "meta",
            "state human",
            "Human",
            "assistant: Բարև",
            "assistant: Հաջողություն",
            "state bot"
        ],
        "{log:?}"
    );
    assert!(!session.conversation().is_polling());
}

#[test]
fn a_cut_reply_is_read_back_and_the_message_not_sent_again() {
    let service = Playback::start(vec![
        vec![stream(&format!("{META}{}", delta("one ")))],
        vec![page("bot", "")],
        vec![page("bot", &said("m1", "one two"))],
    ])
    .unwrap();
    let mut session = session(service.base_url());
    session.send(message("a")).unwrap();
    let log = run(&mut session);
    assert_eq!(log[..2], ["meta", "delta one "]);
    assert_eq!(log[3..], ["recovered two", "Recovered"], "{log:?}");
    let posts = service
        .requests()
        .into_iter()
        .filter(|request| request.starts_with(b"POST"));
    assert_eq!(posts.count(), 1);
}

#[test]
fn a_service_that_closes_each_connection_silently_fails_none_of_200_sends() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: keep-alive\r\ncontent-length: {}\r\n\r\n{DONE}",
        DONE.len()
    );
    let script = vec![Step::send(answer), Step::Close];
    let service = Playback::start(vec![script; 200]).unwrap();
    let mut session = session(service.base_url());
    for _ in 0..200 {
        assert_eq!(turn(&mut session, "a").1, TurnEnd::Done);
    }
    assert_eq!(
        service.requests().len(),
        200,
        "and no message was sent twice"
    );
}

#[test]
fn a_message_that_cannot_be_sent_is_tried_again_and_then_reported() {
    let gone = Playback::start(Vec::new()).unwrap().base_url().to_owned();
    let mut session = session(&gone);
    session.send(message("a")).unwrap();
    let log = run(&mut session);
    assert_eq!(log.len(), 3, "{log:?}");
    assert!(
        log[0].starts_with("Delayed") && log[1].starts_with("Delayed"),
        "{log:?}"
    );
    assert!(log[2].starts_with("Failed(NotSent("), "{log:?}");
    assert_eq!(
        log[2].matches("refused").count(),
        1,
        "the cause, once: {log:?}"
    );
}

#[test]
fn silence_and_pings_alone_end_a_turn() {
    let ping = || {
        [
            Step::send("event: ping\ndata: {}\n\n"),
            Step::Pause(Duration::from_millis(20)),
        ]
    };
    let mut pings = vec![stream("")];
    pings.extend((0..500).flat_map(|_| ping()));
    for (script, cut) in [
        (vec![stream(""), Step::Hold], Cut::Idle),
        (pings, Cut::NoProgress),
    ] {
        let service = Playback::start(vec![script]).unwrap();
        let mut session = Session::new(client(service.base_url(), |config| {
            config.idle_timeout = Duration::from_millis(300);
            config.progress_timeout = Duration::from_millis(600);
        }));
        let (_, end) = turn(&mut session, "a");
        assert_eq!(end, TurnEnd::Failed(TurnError::Cut(cut)));
    }
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
        let mut session = session(service.base_url());
        let canceller = session.canceller();
        session.send(message("a")).unwrap();
        let service = thread::scope(|scope| {
            scope.spawn(|| {
                assert!(service.wait_for_requests(1, BOUND));
                canceller.cancel();
                // One that comes too late has nothing to cancel.
                canceller.cancel();
            });
            let start = Instant::now();
            let log = run(&mut session);
            assert_eq!(log.last().unwrap(), "Cancelled", "{log:?}");
            assert!(start.elapsed() < BOUND, "long before any timeout");
            &service
        });
        assert!(service.wait_for_close(0, BOUND));
        assert!(!session.conversation().turn_in_progress());
    }
}

#[test]
fn a_person_is_heard_while_a_reply_streams() {
    let service = Playback::start(vec![
        vec![stream(&format!("{META}{HUMAN}"))],
        vec![stream(""), Step::Hold],
        vec![page("human", &said("p1", "hello"))],
        vec![page("bot", &said("p1", "hello"))],
    ])
    .unwrap();
    let mut session = Session::new(client(service.base_url(), |config| {
        config.poll_interval = Duration::from_millis(200);
    }));
    turn(&mut session, "a");
    session.send(message("b")).unwrap();
    let mut log = Vec::new();
    while session.conversation().state() != &State::Bot {
        log.push(word(&session.next().expect("a poll is due")));
    }
    assert!(
        session.conversation().turn_in_progress(),
        "the reply still streams"
    );
    assert_eq!(
        log.iter()
            .filter(|line| *line == "assistant: hello")
            .count(),
        1,
        "{log:?}"
    );
}

#[test]
fn waiting_can_be_bounded_and_be_woken() {
    let sandbox = Sandbox::builder().person(Person::absent()).start().unwrap();
    let mut session = Session::new(client(sandbox.base_url(), |config| {
        config.poll_interval = BOUND;
    }));
    turn(&mut session, "/human");
    assert!(session.next_timeout(Duration::from_millis(50)).is_none());
    assert!(session.conversation().is_polling());
    let canceller = session.canceller();
    thread::scope(|scope| {
        scope.spawn(|| canceller.wake());
        assert!(session.next().is_none());
    });
    assert!(session.conversation().is_polling());
}

/// Answers that never come to their end.
fn hanging() -> [Vec<Step>; 2] {
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"state\":\"bot\"";
    [vec![Step::Hold], vec![Step::send(begun), Step::Hold]]
}

/// Waits in a session until it is woken, which is when `requests` were asked.
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
        assert!(update.is_none(), "{update:?}");
    });
    assert!(start.elapsed() < BOUND, "long before any timeout");
}

#[test]
fn a_poll_that_hangs_is_given_up_for_a_message_and_done_again() {
    for hanging in hanging() {
        let service = Playback::start(vec![
            hanging,
            vec![stream(&format!("{META}{HUMAN}"))],
            vec![page("bot", &said("p1", "hello"))],
        ])
        .unwrap();
        let saved = Saved::new(ConversationId::new("c").unwrap()).with_state(State::Human);
        let mut session = Session::resume(client(service.base_url(), |_| ()), saved);
        wake(&mut session, &service, 1);
        assert!(session.conversation().is_polling());
        session.send(message("a")).unwrap();
        let log = run(&mut session);
        assert_eq!(
            log,
            ["meta", "human h", "Human", "assistant: hello", "state bot"]
        );
    }
}

#[test]
fn a_rating_that_hangs_is_given_up_for_a_message_and_done_again() {
    // The body of an answer to a rating is not waited for.
    let service = Playback::start(vec![
        vec![Step::Hold],
        vec![stream(&format!("{META}{DONE}"))],
        vec![page("bot", "")],
    ])
    .unwrap();
    let saved = Saved::new(ConversationId::new("c").unwrap());
    let mut session = Session::resume(client(service.base_url(), |_| ()), saved);
    session.rate(Rating::Up, None).unwrap();
    wake(&mut session, &service, 1);
    session.send(message("a")).unwrap();
    let mut log = run(&mut session);
    log.sort_unstable();
    assert!(log[1].starts_with("Rated"), "{log:?}");
    log.remove(1);
    assert_eq!(log, ["Done", "done", "meta"]);
    let ratings = service.requests();
    let ratings = ratings.iter().filter(|request| {
        let request = String::from_utf8_lossy(request);
        request.starts_with("POST /v1/conversations/c/rating")
    });
    assert_eq!(ratings.count(), 2);
}

#[test]
fn a_turn_is_cancelled_though_a_poll_beside_it_hangs() {
    for hanging in hanging() {
        let service = Playback::start(vec![
            vec![stream(&format!("{META}{HUMAN}"))],
            vec![stream(""), Step::Hold],
            hanging,
            vec![page("bot", "")],
        ])
        .unwrap();
        let mut session = session(service.base_url());
        turn(&mut session, "a");
        let canceller = session.canceller();
        session.send(message("b")).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(service.wait_for_requests(3, BOUND));
                canceller.cancel();
            });
            let start = Instant::now();
            let log = run(&mut session);
            assert_eq!(log, ["Cancelled", "state bot"]);
            assert!(start.elapsed() < BOUND, "long before any timeout");
        });
    }
}

#[test]
fn a_conversation_is_resumed_where_it_was() {
    let service = Playback::start(vec![vec![page("bot", &said("p1", "hello"))]]).unwrap();
    let saved = Saved::new(ConversationId::new("c").unwrap())
        .with_state(State::Human)
        .with_after("2026-06-14T10:00:00Z".parse().unwrap());
    let mut session = Session::resume(client(service.base_url(), |_| ()), saved);
    assert_eq!(run(&mut session), ["assistant: hello", "state bot"]);
    let request = String::from_utf8(service.requests().remove(0)).unwrap();
    let line = "GET /v1/conversations/c/messages?after=2026-06-14T10%3A00%3A00Z HTTP/1.1";
    assert_eq!(request.lines().next(), Some(line));
}

#[test]
fn no_debug_output_of_a_session_shows_a_key() {
    let session = session("http://127.0.0.1:9");
    let shown = format!("{session:?} {:?}", session.canceller());
    assert!(!shown.contains("hc_sandbox"), "{shown}");
}
