//! A conversation over real sockets, with a service and without one.

use core::time::Duration;

use highchat_proto::conversation::TurnEnd;
use highchat_proto::request::Rating;
use highchat_sandbox::{Person, Playback, Sandbox, Step};

#[path = "support/session.rs"]
mod session;
mod support;
use session::Session;
use support::*;

/// Longer than anything here takes, on the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

fn sandbox(person: Person) -> Sandbox {
    let builder = Sandbox::builder()
        .token_delay(Duration::ZERO)
        .person(person);
    builder.key(KEY).start().unwrap()
}

#[test]
fn turns_follow_each_other_in_one_thread_which_is_rated() {
    let sandbox = sandbox(Person::absent());
    let mut session = Session::new(sandbox.base_url());
    let (reply, end) = session.turn("իմ անունը Անի է");
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "{reply}");
    let (reply, end) = session.turn("ինչպե՞ս է իմ անունը");
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "it remembers: {reply}");
    assert_eq!(session.run(), [""; 0], "nothing is waited for any more");

    let now = session.now();
    session
        .embed
        .rate(Rating::Up, Some("լավ".into()), now)
        .unwrap();
    assert_eq!(session.run(), ["rated"]);
    let id = session.embed.conversation().id().unwrap();
    assert_eq!(sandbox.rating(id.as_str()).unwrap().rating, 1);
}

#[test]
fn a_handoff_goes_from_human_to_the_bot_being_back() {
    let person = Person::absent()
        .says(Duration::from_millis(100), "Բարև")
        .says(Duration::from_millis(200), "Հաջողություն")
        .hands_back(Duration::from_millis(300));
    let sandbox = sandbox(person);
    let mut session = Session::new(sandbox.base_url());
    session.send("/human");
    let mut log = session.run();
    log.retain(|line| !line.starts_with("human "));
    assert_eq!(
        log,
        [
            "meta",
            "state human",
            "Human",
            "assistant: Բարև",
            "assistant: Հաջողություն",
            "state bot"
        ]
    );
}

#[test]
fn a_conversation_goes_on_after_a_restart() {
    let person = Person::absent()
        .says(Duration::from_millis(100), "Բարև")
        .hands_back(Duration::from_millis(200));
    let sandbox = sandbox(person);
    let mut session = Session::new(sandbox.base_url());
    session.turn("/human");
    let saved = session.embed.conversation().save();
    drop(session);
    let log = Session::resume(sandbox.base_url(), saved).run();
    assert_eq!(log, ["assistant: Բարև", "state bot"]);
}

#[test]
fn a_turn_is_cancelled_wherever_it_is_and_its_socket_is_closed() {
    for answer in ["", HEAD, &[HEAD, META, &delta("a")].concat()] {
        let service = Playback::start([vec![Step::send(answer), Step::Hold]]).unwrap();
        let mut session = Session::new(service.base_url());
        session.send("a");
        // Open, write.
        assert!(session.step() && session.step());
        assert!(service.wait_for_requests(1, BOUND));
        let now = session.now();
        session.embed.cancel(now);
        assert_eq!(session.run().last().unwrap(), "Cancelled");
        assert!(service.wait_for_close(0, BOUND));
    }
}

#[test]
fn a_cut_reply_is_read_back_and_the_message_not_sent_again() {
    let service = Playback::start([
        vec![Step::send([HEAD, META, &delta("one ")].concat())],
        vec![Step::send(page("bot", &[]))],
        vec![Step::send(page("bot", &["one two"]))],
    ])
    .unwrap();
    let mut session = Session::new(service.base_url());
    session.send("a");
    let log = session.run();
    assert_eq!(log[..2], ["meta", "delta one "]);
    assert_eq!(log[3..], ["recovered two", "Recovered"], "{log:?}");
    let requests = service.requests();
    let posts = requests
        .iter()
        .filter(|request| request.starts_with(b"POST"));
    assert_eq!(posts.count(), 1);
}

#[test]
fn a_service_that_closes_each_connection_silently_fails_none_of_200_sends() {
    let script = vec![Step::send(reply(DONE)), Step::Close];
    let service = Playback::start(vec![script; 200]).unwrap();
    let mut session = Session::new(service.base_url());
    for _ in 0..200 {
        assert_eq!(session.turn("a").1, TurnEnd::Done);
    }
    assert_eq!(
        service.requests().len(),
        200,
        "and no message was sent twice"
    );
}

#[test]
fn a_poll_that_finds_its_socket_gone_is_asked_over_another_one() {
    let keep = reply(&[META, HUMAN].concat());
    for ending in [Step::Close, Step::Reset] {
        let service = Playback::start([
            vec![Step::send(keep.clone()), Step::AwaitRequest, ending],
            vec![
                Step::send(page("human", &["one"])),
                Step::AwaitRequest,
                Step::send(page("bot", &["two"])),
            ],
        ])
        .unwrap();
        let mut session = Session::new(service.base_url());
        session.send("a");
        let log = session.run();
        assert_eq!(
            log[4..],
            ["assistant: one", "assistant: two", "state bot"],
            "{log:?}"
        );
        assert_eq!(service.connections(), 2);
    }
}

#[test]
fn a_message_that_cannot_be_sent_is_tried_again_and_then_reported() {
    let gone = Playback::start([]).unwrap().base_url().to_owned();
    let mut session = Session::new(&gone);
    session.send("a");
    let log = session.run();
    let delayed = "Message delayed: NotSent";
    assert_eq!(
        log,
        [delayed, delayed, "failed: the service could not be reached"]
    );
}

#[test]
fn a_socket_that_is_closed_or_reset_after_the_request_sends_no_message_twice() {
    for ending in [Step::Close, Step::Reset] {
        let service = Playback::start([vec![ending]]).unwrap();
        let mut session = Session::new(service.base_url());
        session.send("a");
        let log = session.run();
        assert_eq!(log, ["failed: no answer came: the connection was lost"]);
        assert_eq!(service.connections(), 1);
    }
}
