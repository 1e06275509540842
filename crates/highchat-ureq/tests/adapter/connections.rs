//! The connections of a session: which are kept, reused and closed.

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use highchat_sandbox::{Playback, Step};
use highchat_testing::trials::words::{HUMAN, META, page, reply};
use highchat_ureq::{Client, Config, Message, Next, Session, Update};

use crate::support::{endpoint, patient};

/// The time after which a test counts as hanging, even on the slowest machine.
const LONG: Duration = Duration::from_secs(30);

fn handoff() -> String {
    reply(&[META, HUMAN].concat())
}

/// Polls at once, so that no kept connection gets old.
fn quick() -> Config {
    patient().with_poll_interval(Duration::from_millis(20))
}

fn session(service: &Playback, config: Config) -> Session {
    Session::new(Client::with_config(endpoint(service.base_url()), config))
}

fn send(session: &mut Session, text: &str) {
    session.send(Message::new(text).unwrap()).unwrap();
}

/// Reads updates until the session is idle. Returns the person's texts.
fn listen(session: &mut Session) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        match session.next() {
            Next::Update(Update::Message(message)) => texts.push(message.content.to_string()),
            Next::Update(Update::Delayed { reason, .. }) => panic!("{reason:?}"),
            Next::Idle => return texts,
            _ => {}
        }
    }
}

#[cfg(feature = "rustls")]
#[test]
fn a_handoff_needs_as_few_connections_as_the_service_allows() {
    use highchat_ureq::Rating;

    highchat_testing::trials::hold_connections(|url, roots, config, rates| {
        let client = Client::with_config(endpoint(url), config);
        let mut session = Session::new(client.with_roots(&roots).unwrap());
        send(&mut session, "Մարդ կա՞ 🙋");
        let (mut texts, mut is_rated) = (Vec::new(), !rates);
        loop {
            match session.next() {
                Next::Update(Update::Message(message)) => texts.push(message.content.to_string()),
                Next::Idle => return texts,
                _ => {}
            }
            if !texts.is_empty() && !is_rated {
                is_rated = true;
                session.commands().rate(Rating::Up, None).unwrap();
            }
        }
    });
}

#[test]
fn a_message_gets_a_new_connection_though_one_is_kept() {
    let service = Playback::start([
        vec![
            Step::send(handoff()),
            Step::AwaitRequest,
            Step::send(page("human", &["Բարև ձեզ 👋"])),
            Step::Hold,
        ],
        vec![
            Step::send(handoff()),
            Step::AwaitRequest,
            Step::send(page("bot", &["Ցտեսություն 🙂"])),
            Step::Hold,
        ],
    ])
    .unwrap();
    // Nothing polls between the person's message and ours.
    let config = patient().with_poll_interval(Duration::from_secs(1));
    let mut session = session(&service, config);
    send(&mut session, "Մարդ կա՞ 🙋");
    while !matches!(session.next(), Next::Update(Update::Message(_))) {}
    send(&mut session, "Սպասում եմ 🙂");
    assert_eq!(listen(&mut session), ["Ցտեսություն 🙂"]);
    assert_eq!(service.connections(), 2);
    assert_eq!(service.requests().len(), 4);
    assert!(service.wait_for_close(0, LONG) && service.wait_for_close(1, LONG));
}

#[test]
fn a_kept_connection_is_closed_after_its_time_and_when_the_bot_is_back() {
    let service = Playback::start([
        vec![Step::send(handoff()), Step::Hold],
        vec![Step::send(page("bot", &["Բարև ձեզ 👋"])), Step::Hold],
    ])
    .unwrap();
    let config = patient()
        .with_poll_interval(Duration::from_millis(400))
        .with_keep_alive(Duration::from_millis(20));
    let mut session = session(&service, config);
    send(&mut session, "Մարդ կա՞ 🙋");
    thread::scope(|scope| {
        let closing = scope.spawn(|| {
            assert!(service.wait_for_close(0, LONG));
            service.requests().len()
        });
        assert_eq!(listen(&mut session), ["Բարև ձեզ 👋"]);
        assert_eq!(closing.join().unwrap(), 1, "closed before the poll");
    });
    assert!(service.wait_for_close(1, LONG), "nothing needs it now");
}

#[test]
fn a_connection_that_ended_or_has_bytes_that_nobody_asked_for_is_not_reused() {
    let late = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n";
    for script in [
        vec![Step::send(handoff()), Step::Close],
        vec![Step::send(handoff()), Step::AwaitRequest, Step::Reset],
        vec![Step::send([handoff(), late.into()].concat()), Step::Hold],
        // The head of an answer is not whole.
        vec![
            Step::send(handoff()),
            Step::AwaitRequest,
            Step::send("HTTP/1.1 200 OK\r\n"),
            Step::Close,
        ],
        vec![
            Step::send(handoff()),
            Step::AwaitRequest,
            Step::send("* OK բարև 👋\r\n"),
            Step::Hold,
        ],
    ] {
        let shown = format!("{script:?}");
        let service = Playback::start([
            script,
            vec![Step::send(page("bot", &["Բարև ձեզ 👋"])), Step::Hold],
        ])
        .unwrap();
        let mut session = session(&service, quick());
        send(&mut session, "Մարդ կա՞ 🙋");
        assert_eq!(listen(&mut session), ["Բարև ձեզ 👋"], "{shown}");
        assert_eq!(service.connections(), 2, "{shown}");
        let messages = service.requests().into_iter();
        let messages = messages.filter(|request| request.starts_with(b"POST "));
        assert_eq!(messages.count(), 1, "{shown}");
    }
}

#[test]
fn bytes_that_come_while_a_connection_is_idle_answer_no_poll() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (speak, spoken) = (channel(), channel());
    let serving = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        read_head(&mut first);
        first.write_all(handoff().as_bytes()).unwrap();
        speak.1.recv_timeout(LONG).unwrap();
        first
            .write_all(page("bot", &["Ուրիշի պատասխան 😱"]).as_bytes())
            .unwrap();
        spoken.0.send(()).unwrap();
        let (mut second, _) = listener.accept().unwrap();
        read_head(&mut second);
        second
            .write_all(page("bot", &["Բարև ձեզ 👋"]).as_bytes())
            .unwrap();
    });
    let config = patient().with_poll_interval(LONG).with_keep_alive(2 * LONG);
    let mut session = Session::new(Client::with_config(endpoint(&url), config));
    send(&mut session, "Մարդ կա՞ 🙋");
    while !matches!(session.next(), Next::Update(Update::TurnEnded { .. })) {}
    // Reads the rest of the reply, so that its connection is kept.
    assert_eq!(
        session.next_timeout(Duration::from_millis(50)),
        Next::TimedOut
    );
    speak.0.send(()).unwrap();
    spoken.1.recv_timeout(LONG).unwrap();
    session.commands().check_now();
    assert_eq!(listen(&mut session), ["Բարև ձեզ 👋"]);
    serving.join().unwrap();
}

/// Reads the head of a request. Its body, if any, stays unread.
fn read_head(stream: &mut TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
}

#[test]
fn a_poll_on_a_kept_connection_is_woken_and_gives_it_up() {
    let service = Playback::start([
        vec![Step::send(handoff()), Step::AwaitRequest, Step::Hold],
        vec![Step::send(page("bot", &["Բարև ձեզ 👋"])), Step::Hold],
    ])
    .unwrap();
    let mut session = session(&service, quick());
    let canceller = session.canceller();
    send(&mut session, "Մարդ կա՞ 🙋");
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(service.wait_for_requests(2, LONG));
            canceller.wake();
        });
        while session.next() != Next::Woken {}
    });
    assert_eq!(
        service.connections(),
        1,
        "woken before the poll is repeated"
    );
    assert!(service.wait_for_close(0, LONG));
    assert_eq!(listen(&mut session), ["Բարև ձեզ 👋"]);
    assert_eq!(service.connections(), 2);
}

/// The message's closer is gone with the message. A cancel that comes too late closes nothing.
#[test]
fn a_late_cancel_leaves_the_kept_connection_open() {
    let service = Playback::start([vec![
        Step::send(handoff()),
        Step::AwaitRequest,
        Step::send(page("human", &["Բարև ձեզ 👋"])),
        Step::AwaitRequest,
        Step::send(page("bot", &["Բարև ձեզ 👋", "Ցտեսություն 🙂"])),
    ]])
    .unwrap();
    let mut session = session(&service, quick());
    let canceller = session.canceller();
    send(&mut session, "Մարդ կա՞ 🙋");
    while !matches!(session.next(), Next::Update(Update::Message(_))) {}
    canceller.cancel();
    assert_eq!(session.next(), Next::Woken);
    assert_eq!(listen(&mut session), ["Ցտեսություն 🙂"]);
    assert_eq!(service.connections(), 1);
}
