//! Scenarios: conversations over real sockets, step by step.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io;

use highchat_proto::failure::Cut;
use highchat_proto::{
    Config, ConversationId, Credentials, Endpoint, Failure, Rating, Saved, State, TurnEnd, Update,
};
use highchat_sandbox::{Fault, Person, Playback, Rule, Sandbox, Script, Step};
use socket2::{Domain, Socket, Type};

use crate::capability::Capability;
use crate::converse::{hear, until_all_ended};
use crate::driver::{Driver, in_short};
use crate::mismatch::{self, Findings, Mismatch};
use crate::seen::{Outcome, Seen};
use crate::source::{Reason, Source, ours};
use crate::table::{OTHER, OTHER_BEGUN, OWN};
use crate::trial::{EARLIER, LATER};
use crate::words::{DONE, HEAD, HUMAN, META, PING, delta, page, page_of, reply};

/// Opens a session: a new one, or one that continues what was saved.
pub(crate) type Opener = dyn Fn(Endpoint, Config, Option<Saved>) -> Box<dyn Driver> + Send + Sync;

type Held = Result<(), Findings>;

/// A conversation that must be the same with each client.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What the service does.
    pub(crate) service: &'static str,
    /// What must be seen.
    pub(crate) expected: &'static str,
    pub(crate) reason: Reason,
    pub(crate) needs: &'static [Capability],
    pub(crate) run: fn(&Opener) -> Held,
}

/// The scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "two turns in a conversation",
        service: "the bot remembers the first message",
        expected: "the second reply is about the first message, and the id stays the same",
        reason: Reason::new(Source::Api, "the id of `meta` keeps the thread"),
        needs: &[Capability::Thread],
        run: two_turns_are_in_the_same_conversation,
    },
    Scenario {
        name: "a rating",
        service: "a bot",
        expected: "the rating comes to the service, and its end is reported",
        reason: Reason::new(Source::Api, "a conversation is rated with 1 or 0"),
        needs: &[Capability::Rate],
        run: a_conversation_is_rated,
    },
    Scenario {
        name: "a handoff",
        service: "a person writes twice and hands back to the bot",
        expected: "each message once, then the state bot, and no more polls",
        reason: Reason::new(
            Source::Api,
            "a client polls while the state is human, and stops when it is bot",
        ),
        needs: &[],
        run: a_handoff_lasts_until_the_bot_is_back,
    },
    Scenario {
        name: "a saved handoff",
        service: "a person wrote while the client was not running",
        expected: "the first poll asks for the messages after the newest known one",
        reason: Reason::new(Source::Api, "the newest created_at is passed as after"),
        needs: &[Capability::Resume],
        run: a_saved_conversation_continues_after_its_last_message,
    },
    Scenario {
        name: "a cut reply",
        service: "the reply ends after its first word, and is stored later",
        expected: "the rest comes from the list of messages, and one message was sent",
        reason: ours("a cut reply is recovered, and the message is not sent again"),
        needs: &[],
        run: a_cut_reply_is_recovered_without_sending_the_message_again,
    },
    Scenario {
        name: "a cut reply after a cancelled one",
        service: "it keeps the reply of a cancelled turn; the next reply begins like it and is cut",
        expected: "the turn's own reply",
        reason: ours("a turn never shows the reply of another turn"),
        needs: &[Capability::Thread, Capability::Cancel],
        run: a_cut_reply_is_not_completed_with_a_cancelled_one,
    },
    Scenario {
        name: "silence",
        service: "a reply of which nothing comes, or only pings",
        expected: "the turn ends after the idle timeout, or the progress timeout",
        reason: ours("each wait has a limit"),
        needs: &[],
        run: silence_or_only_pings_end_a_turn,
    },
    Scenario {
        name: "connections that close silently",
        service: "it closes each connection after its answer, without an announcement",
        expected: "each of 200 messages is sent once and answered",
        reason: ours("a message goes out on a connection that is fresh, or known to be alive"),
        needs: &[Capability::Thread],
        run: no_send_fails_if_the_service_closes_each_connection_silently,
    },
    Scenario {
        name: "no service",
        service: "nothing listens at its address",
        expected: "two delays, then a failure that names the place and the cause",
        reason: ours("a message that was surely not sent is tried three times"),
        needs: &[],
        run: a_message_that_cannot_be_sent_is_tried_again_and_then_reported,
    },
    Scenario {
        name: "long heads",
        service: "heads with very many or very long fields",
        expected: "each head below 64 KiB is read, and none above",
        reason: ours("a head is limited only by its length"),
        needs: &[Capability::LongHeads],
        run: a_head_is_limited_only_by_its_length,
    },
    Scenario {
        name: "odd heads",
        service: "header fields that are folded or repeated",
        expected: "the reply is read; two different content types are refused",
        reason: Reason::new(
            Source::Http,
            "a folded field is one field, and lists may be split",
        ),
        needs: &[],
        run: a_folded_or_repeated_header_field_is_read,
    },
    Scenario {
        name: "random delays",
        service: "nothing listens at its address",
        expected: "the delays of two sessions differ, unless both have the same seed",
        reason: ours("many clients never retry or poll in step"),
        needs: &[Capability::Seed],
        run: sessions_have_different_delays_unless_a_seed_is_set,
    },
    Scenario {
        name: "a person during a reply",
        service: "a person writes and hands back while a reply streams",
        expected: "the person's message once, before the reply is over",
        reason: ours("polls go on during a turn"),
        needs: &[Capability::Thread, Capability::SeveralExchanges],
        run: a_person_is_heard_while_a_reply_streams,
    },
];

/// As [`mismatch::compare`].
fn compare<S, E>(what: &str, seen: &S, expected: &E) -> Held
where
    S: PartialEq<E> + fmt::Debug + ?Sized,
    E: fmt::Debug + ?Sized,
{
    mismatch::compare(what, seen, expected).map_err(Findings::from)
}

/// Checks a condition. `expected` says it in words.
fn check(what: &str, expected: &str, seen: &(impl fmt::Debug + ?Sized), holds: bool) -> Held {
    if holds {
        return Ok(());
    }
    Err(Mismatch::new(what, expected, format!("{seen:?}")).into())
}

/// A configuration with short delays, so that tests are fast.
#[must_use]
pub fn brisk() -> Config {
    let mut config = Config::default();
    config.poll_interval = Duration::from_millis(50);
    config.recovery_delays = [Duration::from_millis(10); 4];
    config.not_sent_delays = [Duration::from_millis(10); 2];
    config
}

fn endpoint(base_url: &str, key: &str) -> Endpoint {
    let key = Credentials::key(key).expect("a sound key");
    Endpoint::new(base_url, key).expect("a sound URL")
}

fn with(open: &Opener, service: &Playback, config: Config) -> Box<dyn Driver> {
    open(endpoint(service.base_url(), "hc_key"), config, None)
}

fn in_a_sandbox(open: &Opener, person: Person) -> (Sandbox, Box<dyn Driver>) {
    let builder = Sandbox::builder().token_delay(Duration::ZERO);
    let sandbox = builder.person(person).start().expect("a free port");
    let endpoint = endpoint(sandbox.base_url(), sandbox.key());
    (sandbox, open(endpoint, brisk(), None))
}

fn play(scripts: impl IntoIterator<Item = Vec<Step>>) -> Playback {
    Playback::start(scripts).expect("a free port")
}

/// An address at which nothing listens. As long as the socket lives, no other row gets its port.
fn nowhere() -> (Socket, String) {
    let reserve = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?.as_socket();
        Ok::<_, io::Error>((socket, address.expect("it is bound")))
    };
    let (socket, address) = reserve().expect("a free port");
    (socket, format!("http://{address}"))
}

/// A reply whose body ends with the connection.
fn stream(events: &[&str]) -> Step {
    Step::send([&[HEAD][..], events].concat().concat())
}

/// The bot remembers the first message in the second turn.
pub(crate) fn two_turns_are_in_the_same_conversation(open: &Opener) -> Held {
    let (_sandbox, mut driver) = in_a_sandbox(open, Person::absent());
    let (reply, end) = driver.turn("իմ անունը Անի է");
    compare("the end of the first turn", &end, &TurnEnd::Done)?;
    let has_name = |reply: &str| reply.contains("Անի");
    check("the first reply", "the name Անի", &reply, has_name(&reply))?;
    let id = driver.status().id;
    check("the id after the first turn", "an id", &id, id.is_some())?;
    let (reply, end) = driver.turn("ինչպե՞ս է իմ անունը");
    compare("the end of the second turn", &end, &TurnEnd::Done)?;
    check("the second reply", "the name Անի", &reply, has_name(&reply))?;
    compare("the id after the second turn", &driver.status().id, &id)?;
    compare("what comes after the turns", &driver.run(), &[""; 0])
}

/// The service gets the rating.
pub(crate) fn a_conversation_is_rated(open: &Opener) -> Held {
    let (sandbox, mut driver) = in_a_sandbox(open, Person::absent());
    driver.turn("Բարև 👋");
    driver.run();
    let id = driver.status().id.expect("the conversation has begun");
    driver.rate(Rating::Up, "լավ");
    compare("what comes after the rating", &driver.run(), &["rated"])?;
    let rating = sandbox.rating(id.as_str()).map(|rating| rating.rating);
    compare("the rating at the service", &rating, &Some(1))
}

/// The person's messages are shown until the bot is back, and polling stops then.
pub(crate) fn a_handoff_lasts_until_the_bot_is_back(open: &Opener) -> Held {
    let person = Person::absent()
        .says(Duration::from_millis(100), "Բարև")
        .says(Duration::from_millis(200), "Հաջողություն")
        .hands_back(Duration::from_millis(300));
    let (_sandbox, mut driver) = in_a_sandbox(open, person);
    driver.say("/human");
    let mut log = driver.run();
    log.retain(|line| !line.starts_with("human "));
    let expected = [
        "meta",
        "state human",
        "Human",
        "user: /human",
        "assistant: Բարև",
        "assistant: Հաջողություն",
        "state bot",
    ];
    compare("the updates", &log, &expected)?;
    compare("whether it polls", &driver.status().is_polling, &false)
}

/// A handoff continues after a restart, after the last message that was shown before it.
pub(crate) fn a_saved_conversation_continues_after_its_last_message(open: &Opener) -> Held {
    let service = play([vec![Step::send(page("bot", &["hello"]))]]);
    let saved = Saved::new(ConversationId::new("c1").expect("a sound id"))
        .with_state(State::Human)
        .with_after("2026-06-14T10:00:00Z".parse().expect("a time"));
    let endpoint = endpoint(service.base_url(), "hc_key");
    let mut driver = open(endpoint, brisk(), Some(saved));
    compare(
        "the updates",
        &driver.run(),
        &["assistant: hello", "state bot"],
    )?;
    let requests = service.requests();
    let request = requests.first().map(|it| String::from_utf8_lossy(it));
    let line = request.as_ref().and_then(|it| it.lines().next());
    let expected = "GET /v1/conversations/c1/messages?after=2026-06-14T10%3A00%3A00Z HTTP/1.1";
    compare("the first request", &line, &Some(expected))
}

/// The rest of the reply comes from the list of messages.
pub(crate) fn a_cut_reply_is_recovered_without_sending_the_message_again(open: &Opener) -> Held {
    let service = play([
        vec![stream(&[META, &delta("one ")])],
        vec![Step::send(page_of("bot", &[("user", "a")]))],
        vec![Step::send(page_of(
            "bot",
            &[("user", "a"), ("assistant", "one two")],
        ))],
    ]);
    let mut driver = with(open, &service, brisk());
    driver.say("a");
    let mut log = driver.run();
    log.retain(|line| !line.starts_with("recovering"));
    let expected = ["meta", "delta one ", "recovered two", "Recovered"];
    compare("the updates", &log, &expected)?;
    let requests = service.requests();
    let posts = requests.iter().filter(|it| it.starts_with(b"POST"));
    Findings::messages_sent(posts.count(), 1).into_result()
}

/// The first turn is complete. The second one is cancelled, and the service keeps its reply. The
/// reply to the third message begins like that one and is cut.
pub(crate) fn a_cut_reply_is_not_completed_with_a_cancelled_one(open: &Opener) -> Held {
    let script = Script::new()
        .rule(Rule::text(EARLIER).replies(OTHER).fails(Fault::Stall))
        .rule(Rule::text(LATER).replies(OWN).fails(Fault::Cut));
    let builder = Sandbox::builder().token_delay(Duration::ZERO);
    let sandbox = builder.script(script).start().expect("a free port");
    let endpoint = endpoint(sandbox.base_url(), sandbox.key());
    let mut driver = open(endpoint, brisk(), None);
    let (_, end) = driver.turn("Բարև 👋");
    compare("the end of the first turn", &end, &TurnEnd::Done)?;

    driver.say(EARLIER);
    hear(&mut driver, OTHER_BEGUN);
    driver.cancel();
    compare("what comes after the cancel", &driver.run(), &["Cancelled"])?;
    until_all_ended(&sandbox);
    let id = driver.status().id.expect("the conversation has begun");
    let transcript = sandbox.inbox().transcript(id.as_str()).ok();
    let newest = transcript.as_ref().and_then(|it| it.lines.last());
    let newest = newest.map(|line| line.content.as_str());
    compare("the newest message at the service", &newest, &Some(OTHER))?;

    driver.say(LATER);
    let mut seen = Seen::default();
    while let Some(update) = driver.next() {
        seen.note(&update);
    }
    compare("the text", &seen.text, OWN)?;
    compare("the outcome", &seen.outcome, &Some(Outcome::Recovered))
}

/// Silence ends a turn after the idle timeout, and pings after the progress timeout.
pub(crate) fn silence_or_only_pings_end_a_turn(open: &Opener) -> Held {
    let mut pings = vec![stream(&[])];
    for _ in 0..500 {
        pings.extend([Step::send(PING), Step::Pause(Duration::from_millis(20))]);
    }
    for (what, script, cut) in [
        (
            "the end after silence",
            vec![stream(&[]), Step::Hold],
            Cut::Idle,
        ),
        ("the end after pings", pings, Cut::NoProgress),
    ] {
        let service = play([script]);
        let mut config = brisk();
        config.idle_timeout = Duration::from_millis(300);
        config.progress_timeout = Duration::from_millis(600);
        let (_, end) = with(open, &service, config).turn("a");
        compare(what, &end, &TurnEnd::Failed(Failure::Cut(cut)))?;
    }
    Ok(())
}

/// A kept connection that the service has closed loses no message, and no message is sent twice.
pub(crate) fn no_send_fails_if_the_service_closes_each_connection_silently(open: &Opener) -> Held {
    let script = vec![Step::send(reply(DONE)), Step::Close];
    let service = play(vec![script; 200]);
    let mut driver = with(open, &service, brisk());
    for _ in 0..200 {
        compare("the end of a turn", &driver.turn("a").1, &TurnEnd::Done)?;
    }
    Findings::messages_sent(service.requests().len(), 200).into_result()
}

/// The service does not listen.
pub(crate) fn a_message_that_cannot_be_sent_is_tried_again_and_then_reported(
    open: &Opener,
) -> Held {
    let (_reserved, gone) = nowhere();
    let endpoint = endpoint(&gone, "hc_key");
    let place = endpoint.authority();
    let mut driver = open(endpoint, brisk(), None);
    driver.say("Բարև 👋");
    let log = driver.run();
    let (delays, end) = log.split_at(log.len().min(2));
    compare(
        "the first updates",
        delays,
        &["Message delayed: NotSent"; 2],
    )?;
    let is_named = |line: &String| {
        line.starts_with("failed: ")
            && line.contains(&place)
            && line.matches("refused").count() == 1
    };
    let expected = format!("one line: failed: … {place} … refused …, with the cause once");
    check(
        "the end",
        &expected,
        end,
        end.len() == 1 && is_named(&end[0]),
    )
}

/// How the turn ends if the reply has these header lines.
fn end_after_head(open: &Opener, head: &str) -> TurnEnd {
    let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n{DONE}");
    let service = play([vec![Step::send(answer)]]);
    let mut driver = with(open, &service, brisk());
    driver.turn("Բարև 👋").1
}

/// The number of header fields has no limit.
pub(crate) fn a_head_is_limited_only_by_its_length(open: &Opener) -> Held {
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
        let end = end_after_head(open, &format!("{begin}{fields}"));
        let what = format!("the end after {} bytes of fields", fields.len());
        compare(&what, &end, &TurnEnd::Done)?;
    }
    for fields in [
        format!("x: {}\r\n", "x".repeat(Config::HEAD_LIMIT)),
        "a:\r\n".repeat(Config::HEAD_LIMIT / 4),
    ] {
        let end = end_after_head(open, &format!("{begin}{fields}"));
        let is_lost = matches!(end, TurnEnd::Failed(Failure::Unanswered(_)));
        let what = format!("the end after {} bytes of fields", fields.len());
        check(&what, "Unanswered", &end, is_lost)?;
    }
    Ok(())
}

/// Old and careless services send such header fields.
pub(crate) fn a_folded_or_repeated_header_field_is_read(open: &Opener) -> Held {
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
        let what = format!("the end after {head:?}");
        compare(&what, &end_after_head(open, head), &TurnEnd::Done)?;
    }
    let other = end_after_head(open, "content-type: text/event-stream, text/html\r\n");
    let is_refused = matches!(other, TurnEnd::Failed(Failure::Refused(_)));
    check("the end after two types", "Refused", &other, is_refused)
}

/// Each session has its own random seed. Two sessions with the same seed have the same delays.
pub(crate) fn sessions_have_different_delays_unless_a_seed_is_set(open: &Opener) -> Held {
    let (_reserved, gone) = nowhere();
    let delays = |seed| {
        let mut config = brisk();
        config.attempts = 6;
        // Long enough to differ in whole milliseconds, which is what C gets.
        config.not_sent_delays = [Duration::from_millis(50); 2];
        config.seed = seed;
        let mut driver = open(endpoint(&gone, "hc_key"), config, None);
        driver.say("Բարև 👋");
        let mut delays = Vec::new();
        while let Some(update) = driver.next() {
            if let Update::Delayed { delay, .. } = update {
                delays.push(delay);
            }
        }
        delays
    };
    let [one, two, three] = [None; 3].map(delays);
    compare("the number of delays", &one.len(), &5)?;
    let differ = one != two && two != three && one != three;
    check(
        "the delays of three sessions",
        "all differ",
        &[&one, &two, &three],
        differ,
    )?;
    let [one, two, other] = [Some(7), Some(7), Some(8)].map(delays);
    compare("the delays with the same seed", &one, &two)?;
    check(
        "the delays with another seed",
        "others",
        &other,
        one != other,
    )
}

/// Polling continues during a turn. This is only for adapters with several exchanges at a time.
pub(crate) fn a_person_is_heard_while_a_reply_streams(open: &Opener) -> Held {
    let service = play([
        vec![stream(&[META, HUMAN])],
        vec![stream(&[]), Step::Hold],
        vec![Step::send(page("human", &["hello"]))],
        vec![Step::send(page("bot", &["hello"]))],
    ]);
    let mut config = brisk();
    // The second message comes before the first poll, even from a slow client.
    config.poll_interval = Duration::from_secs(1);
    let mut driver = with(open, &service, config);
    driver.turn("a");
    driver.say("b");
    let mut log = Vec::new();
    while driver.status().state != State::Bot {
        log.push(in_short(&driver.next().expect("a poll is due")));
    }
    let streams = driver.status().turn_in_progress;
    compare("whether the reply still streams", &streams, &true)?;
    let heard = log.iter().filter(|line| *line == "assistant: hello");
    check(
        "the updates",
        "the person's message once",
        &log,
        heard.count() == 1,
    )
}
