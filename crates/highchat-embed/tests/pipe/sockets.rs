//! A conversation over real sockets, with the sandbox and with scripted services.

use core::time::Duration;

use highchat_sandbox::{Person, Playback, Sandbox, Step};
use highchat_testing::trials::drivers::embed::EmbedSession;
use highchat_testing::trials::{Driver, brisk};

use crate::support::*;

/// A time limit that is long enough for the slowest machine.
const BOUND: Duration = Duration::from_secs(30);

fn session(service: &Playback) -> EmbedSession {
    EmbedSession::open(endpoint(service.base_url()), brisk(), None)
}

#[test]
fn a_conversation_goes_on_after_a_restart() {
    let person = Person::absent()
        .says(Duration::from_millis(100), "Բարև")
        .hands_back(Duration::from_millis(200));
    let builder = Sandbox::builder().token_delay(Duration::ZERO);
    let sandbox = builder.person(person).key(KEY).start().unwrap();
    let endpoint = || endpoint(sandbox.base_url());
    let mut session = EmbedSession::open(endpoint(), brisk(), None);
    session.turn("/human");
    let saved = session.embed.conversation().save();
    drop(session);
    let log = EmbedSession::open(endpoint(), brisk(), Some(saved)).run();
    assert_eq!(log, ["user: /human", "assistant: Բարև", "state bot"]);
}

#[test]
fn cancelling_a_turn_closes_its_socket_at_any_stage() {
    for answer in ["", HEAD, &[HEAD, META, &delta("a")].concat()] {
        let service = Playback::start([vec![Step::send(answer), Step::Hold]]).unwrap();
        let mut session = session(&service);
        session.say("a");
        // The steps open the pipe and write the request.
        assert!(session.step() && session.step());
        assert!(service.wait_for_requests(1, BOUND));
        let now = session.now();
        session.embed.cancel(now);
        assert_eq!(session.run().last().unwrap(), "Cancelled");
        assert!(service.wait_for_close(0, BOUND));
    }
}

#[test]
fn a_poll_on_a_closed_socket_is_sent_again_on_a_new_one() {
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
        let mut session = session(&service);
        session.say("a");
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
fn a_socket_that_is_closed_or_reset_after_the_request_sends_no_message_twice() {
    for (ending, cause) in [
        (Step::Close, "the service closed it"),
        (Step::Reset, "Connection reset by peer"),
    ] {
        let service = Playback::start([vec![ending]]).unwrap();
        let mut session = session(&service);
        session.say("a");
        let log = session.run();
        let end = format!("failed: no answer came: the connection was lost: {cause}");
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log[0].starts_with(&end), "{log:?}");
        assert_eq!(service.connections(), 1);
    }
}
