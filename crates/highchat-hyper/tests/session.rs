//! A conversation over real sockets: turns, handoff, recovery, and what a caller that
//! drops its futures loses: nothing.

use core::future::{Future as _, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use highchat_hyper::{Client, Session};
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
async fn run(session: &mut Session) -> Vec<String> {
    let mut log = Vec::new();
    while let Some(update) = session.next().await {
        log.push(word(&update));
    }
    log
}

/// What happens until the turn has ended, and how it did.
async fn turn(session: &mut Session, text: &str) -> (String, TurnEnd) {
    session.send(message(text)).unwrap();
    let mut reply = String::new();
    while let Some(update) = session.next().await {
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

#[tokio::test]
async fn turns_follow_each_other_in_one_thread() {
    let sandbox = Sandbox::builder()
        .token_delay(Duration::ZERO)
        .start()
        .unwrap();
    let mut session = session(sandbox.base_url());
    let (reply, end) = turn(&mut session, "իմ անունը Անի է").await;
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "{reply}");
    let id = session.conversation().id().unwrap().clone();
    let (reply, end) = turn(&mut session, "ինչպե՞ս է իմ անունը").await;
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "it remembers: {reply}");
    assert_eq!(session.conversation().id(), Some(&id));
    assert_eq!(
        run(&mut session).await,
        [""; 0],
        "nothing is waited for any more"
    );

    session.rate(Rating::Up, Some("լավ".into())).unwrap();
    assert!(run(&mut session).await[0].starts_with("Rated"));
    assert_eq!(sandbox.rating(id.as_str()).unwrap().rating, 1);
}

#[tokio::test]
async fn a_handoff_goes_from_human_to_the_bot_being_back() {
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
    let log = run(&mut session).await;
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

#[tokio::test]
async fn a_cut_reply_is_read_back_and_the_message_not_sent_again() {
    let service = Playback::start(vec![
        vec![stream(&format!("{META}{}", delta("one ")))],
        vec![page("bot", "")],
        vec![page("bot", &said("m1", "one two"))],
    ])
    .unwrap();
    let mut session = session(service.base_url());
    session.send(message("a")).unwrap();
    let log = run(&mut session).await;
    assert_eq!(log[..2], ["meta", "delta one "]);
    assert_eq!(log[3..], ["recovered two", "Recovered"], "{log:?}");
    let posts = service
        .requests()
        .into_iter()
        .filter(|request| request.starts_with(b"POST"));
    assert_eq!(posts.count(), 1);
}

#[tokio::test]
async fn a_service_that_closes_each_connection_silently_fails_none_of_200_sends() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: keep-alive\r\ncontent-length: {}\r\n\r\n{DONE}",
        DONE.len()
    );
    let script = vec![Step::send(answer), Step::Close];
    let service = Playback::start(vec![script; 200]).unwrap();
    let mut session = session(service.base_url());
    for _ in 0..200 {
        assert_eq!(turn(&mut session, "a").await.1, TurnEnd::Done);
    }
    assert_eq!(
        service.requests().len(),
        200,
        "and no message was sent twice"
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_tried_again_and_then_reported() {
    let gone = Playback::start(Vec::new()).unwrap().base_url().to_owned();
    let mut session = session(&gone);
    session.send(message("a")).unwrap();
    let log = run(&mut session).await;
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

#[tokio::test]
async fn silence_and_pings_alone_end_a_turn() {
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
        let (_, end) = turn(&mut session, "a").await;
        assert_eq!(end, TurnEnd::Failed(TurnError::Cut(cut)));
    }
}

#[tokio::test]
async fn a_person_is_heard_while_a_reply_streams() {
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
    turn(&mut session, "a").await;
    session.send(message("b")).unwrap();
    let mut log = Vec::new();
    while session.conversation().state() != &State::Bot {
        log.push(word(&session.next().await.expect("a poll is due")));
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

#[tokio::test]
async fn a_conversation_is_resumed_where_it_was() {
    let service = Playback::start(vec![vec![page("bot", &said("p1", "hello"))]]).unwrap();
    let saved = Saved::new(ConversationId::new("c").unwrap())
        .with_state(State::Human)
        .with_after("2026-06-14T10:00:00Z".parse().unwrap());
    let mut session = Session::resume(client(service.base_url(), |_| ()), saved);
    assert_eq!(run(&mut session).await, ["assistant: hello", "state bot"]);
    let request = String::from_utf8(service.requests().remove(0)).unwrap();
    let line = "GET /v1/conversations/c/messages?after=2026-06-14T10%3A00%3A00Z HTTP/1.1";
    assert_eq!(request.lines().next(), Some(line));
}

#[tokio::test]
async fn no_debug_output_of_a_session_shows_a_key() {
    let session = session("http://127.0.0.1:9");
    let shown = format!("{session:?} {:?}", session.conversation());
    assert!(!shown.contains("hc_sandbox"), "{shown}");
}

#[tokio::test]
async fn a_turn_is_cancelled_wherever_it_is_and_its_connection_is_closed() {
    let scripts = [
        vec![Step::Hold],
        vec![stream(""), Step::Hold],
        vec![stream(&format!("{META}{}", delta("a"))), Step::Hold],
    ];
    for script in scripts {
        let service = Playback::start(vec![script]).unwrap();
        let mut session = session(service.base_url());
        session.send(message("a")).unwrap();
        while service.requests().is_empty() {
            let next = tokio::time::timeout(Duration::from_millis(10), session.next());
            let _ = next.await;
        }
        session.cancel();
        let log = run(&mut session).await;
        assert_eq!(log.last().unwrap(), "Cancelled", "{log:?}");
        assert!(service.wait_for_close(0, BOUND));
    }
}

#[tokio::test]
async fn a_session_that_is_dropped_closes_its_connections() {
    let script = vec![stream(META), Step::Hold];
    let service = Playback::start(vec![script]).unwrap();
    let mut session = session(service.base_url());
    session.send(message("a")).unwrap();
    assert!(session.next().await.is_some());
    drop(session);
    assert!(service.wait_for_close(0, BOUND));
}

#[tokio::test]
async fn next_can_be_dropped_at_every_await_and_loses_nothing() {
    let service = || {
        let mut scripts = vec![Vec::new(), vec![page("human", "")]];
        for piece in format!("{HEAD}{META}{}{}{HUMAN}", delta("one "), delta("two"))
            .as_bytes()
            .chunks(7)
        {
            scripts[0].push(Step::send(piece));
            scripts[0].push(Step::Pause(Duration::from_millis(1)));
        }
        scripts.push(vec![page("bot", &said("p1", "hello"))]);
        Playback::start(scripts).unwrap()
    };
    let whole = service();
    let mut session = self::session(whole.base_url());
    session.send(message("a")).unwrap();
    let log = run(&mut session).await;

    let dropped = service();
    let mut session = self::session(dropped.base_url());
    session.send(message("a")).unwrap();
    let mut found = Vec::new();
    let mut drops = 0;
    loop {
        // One poll, and then the future is gone.
        let polled = poll_fn(|cx| {
            let next = pin!(session.next());
            Poll::Ready(next.poll(cx).map(|update| update.as_ref().map(word)))
        });
        match polled.await {
            Poll::Ready(Some(word)) => found.push(word),
            Poll::Ready(None) => break,
            Poll::Pending => {
                drops += 1;
                tokio::time::sleep(Duration::from_micros(300)).await;
            }
        }
    }
    assert_eq!(found, log);
    assert!(drops > 20, "{drops}");
    let lines = |service: &Playback| -> Vec<String> {
        let requests = service.requests().into_iter();
        requests
            .map(|request| {
                String::from_utf8_lossy(&request)
                    .lines()
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(lines(&whole), lines(&dropped));
}
