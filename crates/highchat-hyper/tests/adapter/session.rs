//! A conversation over real sockets: proof that dropped futures lose nothing.

use core::future::{Future as _, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use futures_core::Stream as _;
use futures_util::StreamExt;
use highchat_hyper::{AnsweredBy, AskError, Client, Session, Update};
use highchat_proto::failure::Cut;
use highchat_proto::{Credentials, Endpoint, Failure, Message};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::drivers::hyper::HyperSession;
use highchat_testing::trials::words::{DONE, HEAD, HUMAN, META, delta, page};
use highchat_testing::trials::{Driver, brisk, in_short};

/// The time after which a test counts as hanging, even on the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::key("hc_sandbox").unwrap()).unwrap()
}

fn session(base_url: &str) -> Session {
    Session::new(Client::with_config(endpoint(base_url), brisk()))
}

fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

/// Returns all updates until the session is idle.
async fn run(session: &mut Session) -> Vec<String> {
    let mut log = Vec::new();
    while let Some(update) = session.next().await {
        log.push(in_short(&update));
    }
    log
}

fn stream(events: &str) -> Step {
    Step::send(format!("{HEAD}{events}"))
}

#[test]
fn a_not_sent_failure_names_its_cause_once() {
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let mut talk = HyperSession::open(endpoint(&gone), brisk(), None);
    talk.say("a");
    let log = talk.run();
    let failure = log.last().unwrap();
    assert_eq!(failure.matches("refused").count(), 1, "{failure}");
}

#[tokio::test]
async fn no_debug_output_of_a_session_shows_a_key() {
    let session = session("http://127.0.0.1:9");
    let shown = format!("{session:?} {:?}", session.conversation());
    assert!(!shown.contains("hc_sandbox"), "{shown}");
}

#[tokio::test]
async fn a_turn_can_be_cancelled_at_any_stage_and_its_connection_closes() {
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
async fn dropping_a_session_closes_its_connections() {
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
        let mut scripts = vec![Vec::new(), vec![Step::send(page("human", &[]))]];
        for piece in format!("{HEAD}{META}{}{}{HUMAN}", delta("one "), delta("two"))
            .as_bytes()
            .chunks(7)
        {
            scripts[0].push(Step::send(piece));
            scripts[0].push(Step::Pause(Duration::from_millis(1)));
        }
        scripts.push(vec![Step::send(page("bot", &["hello"]))]);
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
        // The future is dropped after one poll.
        let polled = poll_fn(|cx| {
            let next = pin!(session.next());
            Poll::Ready(next.poll(cx).map(|update| update.as_ref().map(in_short)))
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

#[tokio::test]
async fn ask_returns_the_whole_answer_or_reports_a_person() {
    let deltas = [delta("Բարև "), delta("👋")].concat();
    let service = Playback::start(vec![
        vec![stream(&[META, &deltas, DONE].concat())],
        vec![stream(&[META, &delta("Կանչում եմ"), HUMAN].concat())],
        vec![Step::send(page("bot", &["hello"]))],
    ])
    .unwrap();
    let mut session = session(service.base_url());
    let answered = session.ask(message("Ողջույն")).await.unwrap();
    assert_eq!((&*answered.text, answered.by), ("Բարև 👋", AnsweredBy::Bot));

    let answered = session.ask(message("Օպերատո՛ր")).await.unwrap();
    assert!(matches!(answered.by, AnsweredBy::Human { .. }));
    assert_eq!(answered.to_string(), "Կանչում եմ\nwait");
    let log = run(&mut session).await;
    assert_eq!(log, ["assistant: hello", "state bot"]);
}

#[tokio::test]
async fn ask_never_returns_a_part_as_the_whole_answer() {
    let begun = [META, &delta("Բարև")].concat();
    // The cases: a reply without an end, one with an invalid event, one with an error, and
    // last no connection.
    let broken = format!("{begun}event: delta\ndata: {{\n\n");
    let error = format!("{begun}event: error\ndata: {{\"message\":\"Սխալ 😔\"}}\n\n");
    for (body, is_reason) in [
        (
            begun.clone(),
            (|error| matches!(error, Failure::Cut(Cut::Truncated))) as fn(&Failure) -> bool,
        ),
        (broken, |error| {
            matches!(error, Failure::Cut(Cut::InvalidEvent(_)))
        }),
        (
            error,
            |error| matches!(error, Failure::Service(told) if &**told == "Սխալ 😔"),
        ),
    ] {
        let mut scripts = vec![vec![stream(&body)]];
        scripts.extend((0..4).map(|_| vec![Step::send(page("bot", &[]))]));
        let service = Playback::start(scripts).unwrap();
        let mut session = session(service.base_url());
        let failed = session.ask(message("Ողջույն")).await.unwrap_err();
        let AskError::Failed { text, error } = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(text, "Բարև", "{error}");
        assert!(is_reason(&error), "{error}");
    }
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let failed = session(&gone).ask(message("Ողջույն")).await.unwrap_err();
    assert!(matches!(
        failed,
        AskError::Failed {
            error: Failure::NotSent(_),
            ..
        }
    ));
}

#[tokio::test]
async fn a_dropped_ask_leaves_a_turn_that_can_be_cancelled() {
    let script = vec![stream(&format!("{META}{}", delta("Բարև"))), Step::Hold];
    let done = vec![stream(&[META, &delta("👋"), DONE].concat())];
    let service = Playback::start(vec![script, done]).unwrap();
    let mut session = session(service.base_url());
    let given_up = async {
        let asking = session.ask(message("Ողջույն"));
        let asked = tokio::time::timeout(Duration::from_millis(300), asking);
        asked.await.is_err()
    };
    assert!(given_up.await);
    let again = session.ask(message("կրկին")).await;
    assert_eq!(again, Err(AskError::InProgress(message("կրկին"))));
    session.cancel();
    // Updates left over from the cancelled turn are not part of the next answer.
    let answered = session.ask(message("կրկին")).await.unwrap();
    assert_eq!(answered.text, "👋");
    assert!(service.wait_for_close(0, BOUND));
}

#[tokio::test]
async fn a_future_of_a_session_can_be_sent_to_another_thread() {
    fn is_send(_: impl Send) {}
    let mut session = session("http://127.0.0.1:9");
    is_send(session.next());
    is_send(session.ask(message("Ողջույն")));
    is_send(session.updates());
}

#[tokio::test]
async fn the_stream_yields_the_same_updates_which_outlive_the_session() {
    let deltas = [delta("Բարև "), delta("👋")].concat();
    let script = || vec![stream(&[META, &deltas, DONE].concat())];
    let service = Playback::start(vec![script(), script()]).unwrap();
    let mut session = session(service.base_url());
    session.send(message("Ողջույն")).unwrap();
    let log = run(&mut session).await;

    session.send(message("Ողջույն")).unwrap();
    let mut owned: Vec<Update<'static>> = Vec::new();
    while owned.is_empty() {
        // Dropping the stream at each wait loses nothing.
        let polled = poll_fn(|cx| Poll::Ready(pin!(session.updates()).poll_next(cx)));
        match polled.await {
            Poll::Ready(update) => owned.extend(update),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    owned.extend(session.updates().collect::<Vec<_>>().await);
    assert!(session.updates().next().await.is_none());
    drop(session);
    assert_eq!(owned.iter().map(in_short).collect::<Vec<_>>(), log);
}
