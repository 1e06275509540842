//! A conversation over real sockets.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::thread;

use futures_util::{Stream as _, StreamExt};
use highchat_reqwest::{
    AskError, Client, ConversationId, Credentials, Endpoint, Failure, Message, MessagesRequest,
    Session, Update,
};
use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::words::{DONE, HEAD, HUMAN, META, delta, page};
use highchat_testing::trials::{brisk, in_short};

/// The time after which a test counts as hanging, even on the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

fn session(base_url: &str) -> Session {
    let key = Credentials::key("hc_sandbox").unwrap();
    let endpoint = Endpoint::new(base_url, key).unwrap();
    Session::new(Client::with_config(endpoint, brisk()))
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

#[tokio::test]
async fn a_turn_can_be_cancelled_at_any_stage_and_its_connection_closes() {
    let scripts = [
        vec![Step::Hold],
        vec![stream(""), Step::Hold],
        vec![stream(&format!("{META}{}", delta("Բարև 👋"))), Step::Hold],
    ];
    for script in scripts {
        let service = Playback::start(vec![script]).unwrap();
        let mut session = session(service.base_url());
        session.send(message("Ողջույն 🙂")).unwrap();
        while service.requests().is_empty() {
            let next = tokio::time::timeout(Duration::from_millis(10), session.next());
            let _ = next.await;
        }
        session.cancel();
        let log = run(&mut session).await;
        assert_eq!(log.last().unwrap(), "Cancelled", "{log:?}");
        // The task of the connection, which reqwest spawned, needs a poll to notice it.
        let closed = tokio::task::spawn_blocking(move || service.wait_for_close(0, BOUND));
        assert!(closed.await.unwrap());
    }
}

#[tokio::test]
async fn dropping_a_session_in_the_middle_of_a_reply_closes_its_connection() {
    let service = Playback::start(vec![vec![stream(META), Step::Hold]]).unwrap();
    let mut session = session(service.base_url());
    session.send(message("Ողջույն 🙂")).unwrap();
    assert!(session.next().await.is_some());
    drop(session);
    let closed = tokio::task::spawn_blocking(move || service.wait_for_close(0, BOUND));
    assert!(closed.await.unwrap());
}

/// reqwest gives a connection back to its pool when an answered exchange is dropped, and the pool
/// starts a task then.
#[test]
fn an_exchange_can_be_dropped_outside_the_runtime() {
    let page = page("human", &[]);
    let script = vec![
        Step::Pause(Duration::from_millis(50)),
        Step::send(page),
        Step::Hold,
    ];
    let service = Playback::start(vec![script]).unwrap();
    let key = Credentials::key("hc_sandbox").unwrap();
    let endpoint = Endpoint::new(service.base_url(), key).unwrap();
    let client = Client::new(endpoint);
    let request = MessagesRequest::new(ConversationId::new("c_1").unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();

    let mut call = Box::pin(client.messages(&request));
    runtime.block_on(async {
        while service.requests().is_empty() {
            let wait = tokio::time::timeout(Duration::from_millis(1), &mut call);
            assert!(wait.await.is_err(), "the answer was read too early");
        }
    });
    // The connection's task reads the answer, and nobody polls the call.
    thread::sleep(Duration::from_millis(300));
    drop(call);
}

/// A service whose reply arrives in small pieces, with a handoff after it.
fn in_pieces() -> Playback {
    let mut scripts = vec![Vec::new(), vec![Step::send(page("human", &[]))]];
    let reply = format!("{HEAD}{META}{}{}{HUMAN}", delta("Կանչում "), delta("եմ 👩"));
    for piece in reply.as_bytes().chunks(7) {
        scripts[0].push(Step::send(piece));
        scripts[0].push(Step::Pause(Duration::from_millis(1)));
    }
    scripts.push(vec![Step::send(page("bot", &["Ողջույն 👩"]))]);
    Playback::start(scripts).unwrap()
}

#[tokio::test]
async fn next_can_be_dropped_at_every_await_and_loses_nothing() {
    let whole = in_pieces();
    let mut session = session(whole.base_url());
    session.send(message("Օպերատո՛ր")).unwrap();
    let log = run(&mut session).await;

    let dropped = in_pieces();
    let mut session = self::session(dropped.base_url());
    session.send(message("Օպերատո՛ր")).unwrap();
    let (mut found, mut drops) = (Vec::new(), 0);
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
    assert!(log.contains(&"assistant: Ողջույն 👩".to_owned()), "{log:?}");
    assert!(drops > 20, "{drops}");
    let count = |service: &Playback| service.requests().len();
    assert_eq!(count(&whole), count(&dropped));
}

#[tokio::test]
async fn the_stream_yields_owned_updates_and_can_be_dropped_at_each_wait() {
    let deltas = [delta("Բարև "), delta("👋")].concat();
    let service = Playback::start([vec![stream(&[META, &deltas, DONE].concat())]]).unwrap();
    let mut session = session(service.base_url());
    session.send(message("Ողջույն")).unwrap();
    let mut owned: Vec<Update<'static>> = Vec::new();
    while owned.is_empty() {
        let polled = poll_fn(|cx| Poll::Ready(pin!(session.updates()).poll_next(cx)));
        match polled.await {
            Poll::Ready(update) => owned.extend(update),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    owned.extend(session.updates().collect::<Vec<_>>().await);
    drop(session);
    let words: Vec<_> = owned.iter().map(in_short).collect();
    assert_eq!(words, ["meta", "delta Բարև ", "delta 👋", "done", "Done"]);
}

#[tokio::test]
async fn a_session_and_its_futures_can_be_sent_to_another_thread() {
    fn is_send(_: impl Send) {}
    let mut session = session("http://127.0.0.1:9");
    is_send(session.next());
    is_send(session.ask(message("Ողջույն")));
    is_send(session.updates());
    is_send(session);
}

/// reqwest has no limit of its own for a head, and shows only the fields.
#[tokio::test]
async fn the_length_of_a_head_is_limited_and_the_number_of_its_fields_is_not() {
    let field = "content-type: text/event-stream\r\n";
    let many: String = (0..3000).map(|at| format!("x{at}: y\r\n")).collect();
    for (fields, is_whole) in [
        ("x: y\r\n".repeat(129), true),
        (many, true),
        (format!("x: {}\r\n", "x".repeat(60_000)), true),
        (format!("x: {}\r\n", "x".repeat(65_536)), false),
        (format!("x: {}\r\n", "x".repeat(1_000_000)), false),
        ("abc:\r\n".repeat(11_000), false),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{field}{fields}\r\n{DONE}");
        let service = Playback::start([vec![Step::send(answer)]]).unwrap();
        let end = session(service.base_url()).ask(message("Բարև 👋")).await;
        let is_lost = |error: &AskError| {
            matches!(
                error,
                AskError::Failed {
                    error: Failure::Unanswered(_),
                    ..
                }
            )
        };
        let is_right = match &end {
            Ok(_) => is_whole,
            Err(error) => !is_whole && is_lost(error),
        };
        assert!(is_right, "{}: {end:?}", fields.len());
    }
}

#[tokio::test]
async fn a_reply_that_is_not_read_blocks_the_service() {
    let event = delta(&"ա".repeat(1000));
    let mut script = vec![stream(META)];
    // More than the buffers of two sockets and of the HTTP client hold.
    const LEN: usize = 64 << 20;
    script.extend((0..LEN / event.len() / 100).map(|_| Step::send(event.repeat(100))));
    script.push(Step::send(DONE));
    let service = Playback::start([script]).unwrap();
    let mut session = session(service.base_url());
    session.send(message("Ողջույն 🙂")).unwrap();
    assert!(session.next().await.is_some());
    // The service cannot write everything while nobody reads.
    let early = {
        let (service, early) = (service, Duration::from_millis(500));
        tokio::task::spawn_blocking(move || (service.wait_for_close(0, early), service)).await
    };
    let (is_written, _service) = early.unwrap();
    assert!(!is_written, "the whole reply was read into memory");
    let mut len = 0;
    while let Some(update) = session.next().await {
        len += update.text().map_or(0, str::len);
        assert!(!in_short(&update).starts_with("failed"));
    }
    assert!(len > LEN / 2, "{len}");
}
