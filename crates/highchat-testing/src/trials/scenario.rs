//! Scenarios: conversations over real sockets that must be the same with each adapter.
//!
//! A scenario panics if the conversation is different. [`scenarios!`](crate::scenarios) makes a
//! test of each.

use core::time::Duration;

use highchat_proto::failure::Cut;
use highchat_proto::{
    Config, ConversationId, Credentials, Endpoint, Failure, Rating, Saved, State, TurnEnd, Update,
};
use highchat_sandbox::{Fault, Person, Playback, Rule, Sandbox, Script, Step};

use super::seen::{Outcome, Seen};
use super::table::{OTHER, OTHER_BEGUN, OWN};
use super::talk::{Talk, brisk, hear, until_all_ended};
use super::trial::{EARLIER, LATER};
use super::words::{DONE, HEAD, HUMAN, META, PING, delta, page, page_of, reply};
use crate::standing::Standing;

/// Makes a test of each scenario that every adapter must pass. The argument is the adapter's
/// type that implements [`Talk`](super::Talk).
#[macro_export]
macro_rules! scenarios {
    ($talk:ty) => {
        $crate::scenarios! { $talk:
            two_turns_are_in_the_same_conversation_and_it_can_be_rated,
            a_handoff_lasts_until_the_bot_is_back,
            a_saved_conversation_continues_after_its_last_message,
            a_cut_reply_is_recovered_without_sending_the_message_again,
            a_cut_reply_is_not_completed_with_a_cancelled_one,
            silence_or_only_pings_end_a_turn,
            no_send_fails_if_the_service_closes_each_connection_silently,
            a_message_that_cannot_be_sent_is_tried_again_and_then_reported,
            sessions_have_different_delays_unless_a_seed_is_set,
            a_head_is_limited_only_by_its_length,
            a_folded_or_repeated_header_field_is_read,
        }
    };
    ($talk:ty: $($scenario:ident,)*) => {$(
        #[test]
        fn $scenario() {
            $crate::trials::scenario::$scenario::<$talk>();
        }
    )*};
}

fn endpoint(base_url: &str, key: &str) -> Endpoint {
    let key = Credentials::key(key).expect("a sound key");
    Endpoint::new(base_url, key).expect("a sound URL")
}

fn with<T: Talk>(service: &Playback, config: Config) -> T {
    T::begin(endpoint(service.base_url(), "hc_key"), config)
}

fn in_a_sandbox<T: Talk>(person: Person) -> (Sandbox, T) {
    let builder = Sandbox::builder().token_delay(Duration::ZERO);
    let sandbox = builder.person(person).start().expect("a free port");
    let endpoint = endpoint(sandbox.base_url(), sandbox.key());
    (sandbox, T::begin(endpoint, brisk()))
}

fn play(scripts: impl IntoIterator<Item = Vec<Step>>) -> Playback {
    Playback::start(scripts).expect("a free port")
}

/// A reply whose body ends with the connection.
fn stream(events: &[&str]) -> Step {
    Step::send([&[HEAD][..], events].concat().concat())
}

/// The bot remembers the first message in the second turn, and the service gets the rating.
pub fn two_turns_are_in_the_same_conversation_and_it_can_be_rated<T: Talk>() {
    let (sandbox, mut talk) = in_a_sandbox::<T>(Person::absent());
    let (reply, end) = talk.turn("իմ անունը Անի է");
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "{reply}");
    let id = talk.conversation().id().expect("it has begun");
    let (reply, end) = talk.turn("ինչպե՞ս է իմ անունը");
    assert_eq!(end, TurnEnd::Done);
    assert!(reply.contains("Անի"), "it remembers: {reply}");
    assert_eq!(talk.conversation().id().as_ref(), Some(&id));
    assert_eq!(talk.run(), [""; 0], "there is nothing to wait for");

    talk.rate(Rating::Up, "լավ");
    assert_eq!(talk.run(), ["rated"]);
    let rating = sandbox.rating(id.as_str()).expect("it was rated");
    assert_eq!(rating.rating, 1);
}

/// The person's messages are shown until the bot is back, and polling stops then.
pub fn a_handoff_lasts_until_the_bot_is_back<T: Talk>() {
    let person = Person::absent()
        .says(Duration::from_millis(100), "Բարև")
        .says(Duration::from_millis(200), "Հաջողություն")
        .hands_back(Duration::from_millis(300));
    let (_sandbox, mut talk) = in_a_sandbox::<T>(person);
    talk.say("/human");
    let mut log = talk.run();
    log.retain(|line| !line.starts_with("human "));
    assert_eq!(
        log,
        [
            "meta",
            "state human",
            "Human",
            "user: /human",
            "assistant: Բարև",
            "assistant: Հաջողություն",
            "state bot"
        ]
    );
    assert!(!talk.conversation().is_polling());
}

/// A handoff continues after a restart, after the last message that was shown before it.
pub fn a_saved_conversation_continues_after_its_last_message<T: Talk>() {
    let service = play([vec![Step::send(page("bot", &["hello"]))]]);
    let saved = Saved::new(ConversationId::new("c1").expect("a sound id"))
        .with_state(State::Human)
        .with_after("2026-06-14T10:00:00Z".parse().expect("a time"));
    let mut talk = T::resume(endpoint(service.base_url(), "hc_key"), brisk(), saved);
    assert_eq!(talk.run(), ["assistant: hello", "state bot"]);
    let request = String::from_utf8(service.requests().remove(0)).expect("UTF-8");
    let line = "GET /v1/conversations/c1/messages?after=2026-06-14T10%3A00%3A00Z HTTP/1.1";
    assert_eq!(request.lines().next(), Some(line));
}

/// The rest of the reply comes from the list of messages.
pub fn a_cut_reply_is_recovered_without_sending_the_message_again<T: Talk>() {
    let service = play([
        vec![stream(&[META, &delta("one ")])],
        vec![Step::send(page_of("bot", &[("user", "a")]))],
        vec![Step::send(page_of(
            "bot",
            &[("user", "a"), ("assistant", "one two")],
        ))],
    ]);
    let mut talk = with::<T>(&service, brisk());
    talk.say("a");
    let log = talk.run();
    assert_eq!(log[..2], ["meta", "delta one "]);
    assert_eq!(log[3..], ["recovered two", "Recovered"], "{log:?}");
    let requests = service.requests();
    let posts = requests.iter().filter(|it| it.starts_with(b"POST"));
    assert_eq!(posts.count(), 1);
}

/// The first turn is complete. The second one is cancelled, and the service keeps its reply. The
/// reply to the third message begins like that one and is cut.
pub fn a_cut_reply_is_not_completed_with_a_cancelled_one<T: Talk>() {
    let script = Script::new()
        .rule(Rule::text(EARLIER).replies(OTHER).fails(Fault::Stall))
        .rule(Rule::text(LATER).replies(OWN).fails(Fault::Cut));
    let builder = Sandbox::builder().token_delay(Duration::ZERO);
    let sandbox = builder.script(script).start().expect("a free port");
    let mut talk = T::begin(endpoint(sandbox.base_url(), sandbox.key()), brisk());
    assert_eq!(talk.turn("Բարև 👋").1, TurnEnd::Done);

    talk.say(EARLIER);
    let mut seen = Seen::default();
    hear(&mut talk, OTHER_BEGUN, &mut seen);
    talk.cancel();
    assert_eq!(talk.run(), ["Cancelled"]);
    until_all_ended(&sandbox);
    let id = talk.conversation().id().expect("it has begun");
    let transcript = sandbox
        .inbox()
        .transcript(id.as_str())
        .expect("it is known");
    let newest = transcript.lines.last().expect("it was kept");
    assert_eq!(newest.content, OTHER);

    talk.say(LATER);
    let mut seen = Seen::default();
    while talk.next(|update| seen.note(update)) {}
    assert_eq!(seen.text, OWN);
    assert_eq!(seen.outcome, Some(Outcome::Recovered));
}

/// Silence ends a turn after the idle timeout, and pings after the progress timeout.
pub fn silence_or_only_pings_end_a_turn<T: Talk>() {
    let mut pings = vec![stream(&[])];
    for _ in 0..500 {
        pings.extend([Step::send(PING), Step::Pause(Duration::from_millis(20))]);
    }
    for (script, cut) in [
        (vec![stream(&[]), Step::Hold], Cut::Idle),
        (pings, Cut::NoProgress),
    ] {
        let service = play([script]);
        let mut config = brisk();
        config.idle_timeout = Duration::from_millis(300);
        config.progress_timeout = Duration::from_millis(600);
        let (_, end) = with::<T>(&service, config).turn("a");
        assert_eq!(end, TurnEnd::Failed(Failure::Cut(cut)));
    }
}

/// A kept connection that the service has closed loses no message, and no message is sent twice.
pub fn no_send_fails_if_the_service_closes_each_connection_silently<T: Talk>() {
    let script = vec![Step::send(reply(DONE)), Step::Close];
    let service = play(vec![script; 200]);
    let mut talk = with::<T>(&service, brisk());
    for _ in 0..200 {
        assert_eq!(talk.turn("a").1, TurnEnd::Done);
    }
    assert_eq!(service.requests().len(), 200, "no message was sent twice");
}

/// The service does not listen.
pub fn a_message_that_cannot_be_sent_is_tried_again_and_then_reported<T: Talk>() {
    let gone = play([]).base_url().to_owned();
    let endpoint = endpoint(&gone, "hc_key");
    let place = endpoint.authority();
    let mut talk = T::begin(endpoint, brisk());
    talk.say("Բարև 👋");
    let log = talk.run();
    assert_eq!(log.len(), 3, "{log:?}");
    assert_eq!(log[..2], ["Message delayed: NotSent"; 2]);
    let failure = format!("failed: the service could not be reached: {place}: ");
    assert!(log[2].starts_with(&failure), "{log:?}");
    assert_eq!(log[2].matches("refused").count(), 1, "{log:?}");
}

/// How the turn ends if the reply has these header lines.
fn end_after_head<T: Talk>(head: &str) -> TurnEnd {
    let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n{DONE}");
    let service = play([vec![Step::send(answer)]]);
    let mut talk = with::<T>(&service, brisk());
    talk.turn("Բարև 👋").1
}

/// The number of header fields has no limit.
pub fn a_head_is_limited_only_by_its_length<T: Talk>() {
    let begin = "content-type: text/event-stream\r\n";
    // The status line and the empty line count too.
    let room = Config::HEAD_LIMIT - begin.len() - 100;
    let different: String = (0..3000).map(|at| format!("x{at}: y\r\n")).collect();
    for fields in [
        "x: y\r\n".repeat(129),
        "a:\n".repeat(room / 3),
        different,
        format!("x: {}\r\n", "x".repeat(room)),
    ] {
        let end = end_after_head::<T>(&format!("{begin}{fields}"));
        assert_eq!(end, TurnEnd::Done, "{}", fields.len());
    }
    for fields in [
        format!("x: {}\r\n", "x".repeat(Config::HEAD_LIMIT)),
        "a:\r\n".repeat(Config::HEAD_LIMIT / 4),
    ] {
        let end = end_after_head::<T>(&format!("{begin}{fields}"));
        let is_lost = matches!(end, TurnEnd::Failed(Failure::Unanswered(_)));
        assert!(is_lost, "{}: {end:?}", fields.len());
    }
}

/// Old and careless services send such header fields.
pub fn a_folded_or_repeated_header_field_is_read<T: Talk>() {
    let len = DONE.len();
    for head in [
        "content-type: text/event-stream\r\nx: a\r\n b\r\n\tc\r\n",
        "content-type:\r\n text/event-stream\r\n",
        "content-type: text/event-stream;\r\n\tcharset=utf-8\r\n",
        &format!("content-type: text/event-stream\r\ncontent-length:\r\n {len}\r\n"),
        "content-type: text/event-stream, text/event-stream\r\n",
        "content-type: text/event-stream; charset=utf-8,text/event-stream\r\n",
        "content-type: text/event-stream\r\ncontent-type: text/event-stream\r\n",
    ] {
        assert_eq!(end_after_head::<T>(head), TurnEnd::Done, "{head}");
    }
    let other = end_after_head::<T>("content-type: text/event-stream, text/html\r\n");
    let is_refused = matches!(other, TurnEnd::Failed(Failure::Refused(_)));
    assert!(is_refused, "{other:?}");
}

/// Each session has its own random seed. Two sessions with the same seed have the same delays.
pub fn sessions_have_different_delays_unless_a_seed_is_set<T: Talk>() {
    // Nothing listens at this address.
    let gone = play([]).base_url().to_owned();
    let delays = |seed| {
        let mut config = brisk();
        config.attempts = 6;
        // Long enough to differ in whole milliseconds, which is what C gets.
        config.not_sent_delays = [Duration::from_millis(50); 2];
        config.seed = seed;
        let mut talk = T::begin(endpoint(&gone, "hc_key"), config);
        talk.say("Բարև 👋");
        let mut delays = Vec::new();
        let mut note = |update: &Update<'_>| {
            if let Update::Delayed { delay, .. } = update {
                delays.push(*delay);
            }
        };
        while talk.next(&mut note) {}
        assert_eq!(delays.len(), 5);
        delays
    };
    let [one, two, three] = [None; 3].map(delays);
    assert!(one != two && two != three && one != three, "{one:?}");
    let [one, two, other] = [Some(7), Some(7), Some(8)].map(delays);
    assert_eq!(one, two);
    assert_ne!(one, other);
}

/// Polling continues during a turn. This is only for adapters with several exchanges at a time.
pub fn a_person_is_heard_while_a_reply_streams<T: Talk>() {
    let service = play([
        vec![stream(&[META, HUMAN])],
        vec![stream(&[]), Step::Hold],
        vec![Step::send(page("human", &["hello"]))],
        vec![Step::send(page("bot", &["hello"]))],
    ]);
    let mut config = brisk();
    config.poll_interval = Duration::from_millis(200);
    let mut talk = with::<T>(&service, config);
    talk.turn("a");
    talk.say("b");
    let mut log = Vec::new();
    while talk.conversation().state() != State::Bot {
        log.push(talk.word().expect("a poll is due"));
    }
    assert!(talk.conversation().turn_in_progress(), "it still streams");
    let heard = log.iter().filter(|line| *line == "assistant: hello");
    assert_eq!(heard.count(), 1, "{log:?}");
}
