//! Whole conversations over pipes in memory: which pipes are opened, kept and closed, and what
//! is sent over them.

use core::time::Duration;
use std::collections::HashSet;
use std::io::ErrorKind;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::failure::Cause;
use highchat_proto::time::Instant;
use highchat_proto::{Config, ConversationId, Message, Rating, Saved, State, Update};

use crate::support::{self, *};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A conversation that polls at once.
fn in_handoff() -> Embed {
    let saved = Saved::new(ConversationId::new("c1").unwrap()).with_state(State::Human);
    let endpoint = endpoint("https://chat.example");
    Embed::resume(endpoint, seeded(), saved, Instant::ORIGIN)
}

#[test]
fn a_message_goes_out_as_http_1_1_and_its_reply_comes_in() {
    let mut world = World::new([says(reply(&[META, &delta("Բարև"), DONE].concat()))]);
    world.send("Ողջույն");
    world.run();
    assert_eq!(
        world.log(),
        "  0.0 > open 0\n  0.0 > 0: POST /prefix/v1/chat HTTP/1.1\n  0.0 meta\n  \
         0.0 delta Բարև\n  0.0 done\n  0.0 Done\n  0.0 > close 0\n"
    );
    let request = String::from_utf8(world.requests.remove(0)).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let mut lines: Vec<_> = request.lines().collect();
    let body = lines.pop().unwrap();
    lines[1..].sort_unstable();
    assert_eq!(body, r#"{"message":"Ողջույն"}"#);
    assert_eq!(
        lines,
        [
            "POST /prefix/v1/chat HTTP/1.1",
            "",
            "accept-encoding: identity",
            "accept: text/event-stream",
            &format!("authorization: Bearer {KEY}"),
            &format!("content-length: {}", body.len()),
            "content-type: application/json",
            "host: chat.example",
            &format!("user-agent: highchat-rust/{version}"),
        ]
    );
}

#[test]
fn the_host_header_names_address_and_port() {
    for (base_url, host) in [
        ("http://[::1]:8787", "[::1]:8787"),
        ("http://127.0.0.1", "127.0.0.1"),
        ("http://localhost:80/", "localhost"),
        ("https://chat.example:8443/a", "chat.example:8443"),
    ] {
        let embed = Embed::new(endpoint(base_url), seeded());
        let mut world = World::over(embed, [says(reply(DONE))]);
        world.send("a");
        world.run();
        let request = String::from_utf8(world.requests.remove(0)).unwrap();
        let line = format!("\r\nhost: {host}\r\n");
        assert!(request.contains(&line), "{request}");
    }
}

#[test]
fn a_handoff_polls_over_the_kept_pipe() {
    let mut world = World::new([
        says(reply(&[META, HUMAN].concat())),
        says(page("human", &["one"])),
        says(page("human", &["one", "two"])),
        says(page("bot", &["two"])),
    ]);
    world.send("a");
    world.run();
    assert_eq!(
        world.updates(),
        [
            "meta",
            "human wait",
            "state human",
            "Human",
            "assistant: one",
            "assistant: two",
            "state bot"
        ]
    );
    let log = world.log();
    assert_eq!(log.matches("> open").count(), 1, "{log}");
    assert!(log.ends_with("state bot\n 11.8 > close 0\n"), "{log}");
    assert_eq!(world.requests.len(), 4);
    assert_eq!(world.open_pipes(), 0, "and it is closed in the end");
}

#[test]
fn a_message_gets_a_new_pipe_and_a_rating_the_kept_one() {
    let mut world = World::new([
        says(reply(&[META, HUMAN].concat())),
        says(page("human", &[])),
        says(reply(HUMAN)),
        says(answer("200 OK", "", "{}")),
        says(page("bot", &[])),
    ]);
    world.send("Մարդ կա՞ 🙋");
    world.pass(seconds(5));
    assert_eq!(world.open_pipes(), 1, "a kept one");
    world.send("Սպասում եմ 🙂");
    world.pass(Duration::ZERO);
    assert_eq!(world.open_pipes(), 1, "the last one that was used");
    world
        .embed
        .commands(world.now)
        .rate(Rating::Up, None)
        .unwrap();
    world.run();
    let log = world.log();
    for line in [
        "> 1: POST /prefix/v1/chat",
        "> close 0",
        "> 1: POST /prefix/v1/conversations/c1/rating",
    ] {
        assert!(log.contains(line), "{log}");
    }
    assert_eq!(world.requests.len(), 5);
    assert_eq!(world.open_pipes(), 0, "{log}");
}

#[test]
fn the_searches_for_a_cut_reply_share_a_pipe_and_the_next_message_has_a_new_one() {
    // The reply is cut, though the answer is whole.
    let mut world = World::new([
        says(reply(&[META, &delta("Բար")].concat())),
        says(page("bot", &[])),
        says(page("bot", &[])),
        says(page("bot", &[])),
        says(page("bot", &[])),
        says(reply(DONE)),
    ]);
    world.send("Ողջույն 👋");
    world.run();
    let log = world.log();
    assert_eq!(log.matches("> 0: GET").count(), 4, "{log}");
    assert_eq!(world.open_pipes(), 0, "the turn is over: {log}");
    world.send("Այո՞ 🙂");
    world.run();
    assert!(world.log().contains("> 1: POST"), "{}", world.log());
}

/// The poll begins again on a new pipe, without an update.
#[test]
fn a_poll_on_a_stale_pipe_is_sent_again_on_a_new_one() {
    for stale in [
        answers("", Ending::Ends),
        answers("", Ending::Fails),
        Turn::Hangs(7),
    ] {
        let mut world = World::new([
            says(reply(&[META, HUMAN].concat())),
            stale,
            says(page("bot", &["one"])),
        ]);
        world.send("a");
        world.run();
        let updates = world.updates();
        assert_eq!(updates[4..], ["assistant: one", "state bot"], "{updates:?}");
        let log = world.log();
        assert!(log.contains("> 1: GET"), "{log}");
    }
}

#[test]
fn a_poll_on_a_kept_pipe_is_sent_again_until_its_head_is_whole() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n";
    for (stale, is_sent_again) in [
        (answers(head, Ending::Ends), true),
        (says("* OK բարև 👋\r\n"), true),
        (answers([head, "\r\n"].concat(), Ending::Ends), false),
    ] {
        let mut world = World::new([
            says(reply(&[META, HUMAN].concat())),
            stale,
            says(page("bot", &["Բարև 👋"])),
        ]);
        world.send("Մարդ կա՞ 🙋");
        world.run();
        let log = world.log();
        assert_eq!(!log.contains("Poll delayed"), is_sent_again, "{log}");
        assert!(log.contains("  3.9 > 0: GET"), "{log}");
        assert_eq!(log.contains("  3.9 > 1: GET"), is_sent_again, "{log}");
        assert!(log.contains("assistant: Բարև 👋"), "{log}");
    }
}

#[test]
fn a_poll_on_a_kept_pipe_that_is_silent_is_sent_again_on_a_new_one() {
    for silent in ["", "HTTP/1.1 100 Continue\r\n\r\nHTTP"] {
        let mut world = World::new([
            says(reply(&[META, HUMAN].concat())),
            says(silent),
            says(page("bot", &["Բարև 👋"])),
        ]);
        world.send("Մարդ կա՞ 🙋");
        world.run();
        let log = world.log();
        let again = "  3.9 > 0: GET /prefix/v1/conversations/c1/messages HTTP/1.1\n  \
                     8.9 > close 0\n  8.9 > open 1\n  8.9 > 1: GET";
        assert!(log.contains(again), "{log}");
        assert!(log.contains("  8.9 assistant: Բարև 👋"), "{log}");
    }
}

#[test]
fn an_answer_on_a_kept_pipe_has_all_its_time_after_its_head() {
    let mut world = World::new([
        says(reply(&[META, HUMAN].concat())),
        says("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
        says(page("bot", &[])),
    ]);
    world.send("Մարդ կա՞ 🙋");
    world.pass(seconds(30));
    let log = world.log();
    assert!(
        log.ends_with("> 0: GET /prefix/v1/conversations/c1/messages HTTP/1.1\n"),
        "{log}"
    );
    world.run();
    assert!(world.log().contains("> 1: GET"), "{}", world.log());
}

#[test]
fn a_new_pipe_that_is_lost_fails_its_poll() {
    let embed = in_handoff();
    let mut world = World::over(embed, [answers("", Ending::Ends), says(page("bot", &[]))]);
    world.run();
    let updates = world.updates();
    assert!(updates[0].starts_with("Poll delayed"), "{updates:?}");
    assert_eq!(updates[1], "state bot");
}

#[test]
fn a_pipe_that_ends_while_it_is_idle_is_not_used_again() {
    let mut world = World::new([
        answers(reply(&[META, HUMAN].concat()), Ending::Ends),
        says(page("bot", &[])),
    ]);
    world.send("a");
    world.run();
    let log = world.log();
    assert!(log.contains("> 1: GET"), "{log}");
    assert!(!log.contains("> close 0"), "it was gone: {log}");
}

#[test]
fn a_pipe_with_an_unrequested_answer_is_closed() {
    let extra = format!(
        "{}HTTP/1.1 408 Request Timeout\r\n\r\n",
        reply(&[META, HUMAN].concat())
    );
    for whole in [true, false] {
        let mut world = World::new([says(extra.clone()), says(page("bot", &[]))]);
        if !whole {
            world.reads = Cuts::every(1);
        }
        world.send("a");
        world.run();
        let log = world.log();
        assert!(
            log.contains("> close 0") && log.contains("> 1: GET"),
            "{log}"
        );
        assert!(log.ends_with("state bot\n  3.9 > close 1\n"), "{log}");
    }
}

#[test]
fn a_kept_pipe_is_closed_after_its_time() {
    for (keep_alive, closed) in [
        (seconds(10), " 10.0"),
        (seconds(3), "  3.0"),
        (Duration::ZERO, "  0.0"),
    ] {
        let config = seeded()
            .with_poll_interval(seconds(15))
            .with_keep_alive(keep_alive);
        let embed = Embed::new(endpoint("https://chat.example"), config);
        let script = [says(reply(&[META, HUMAN].concat())), says(page("bot", &[]))];
        let mut world = World::over(embed, script);
        world.send("Մարդ կա՞ 🙋");
        world.run();
        let log = world.log();
        assert!(log.contains(&format!("{closed} > close 0\n")), "{log}");
        assert!(log.contains("> 1: GET"), "{log}");
    }
}

#[test]
fn a_pipe_is_kept_only_if_http_allows_it() {
    let page = |head: &str| {
        let body = r#"{"state":"human","messages":[]}"#;
        format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    for (first, is_kept) in [
        (page("HTTP/1.1 200 OK"), true),
        (page("HTTP/1.1 200 OK\r\nconnection: close"), false),
        (page("HTTP/1.1 200 OK\r\nConnection: x, Close"), false),
        (page("HTTP/1.0 200 OK"), false),
        (page("HTTP/1.0 200 OK\r\nconnection: keep-alive"), true),
    ] {
        let embed = in_handoff();
        let script = [says(first.clone()), says(support::page("bot", &[]))];
        let mut world = World::over(embed, script);
        world.run();
        let log = world.log();
        assert!(log.contains("> 0: GET"), "{log}");
        assert_eq!(!log.contains("> open 1"), is_kept, "{first}\n{log}");
    }
}

#[test]
fn a_chunked_answer_keeps_its_pipe_as_well() {
    let events = [META, HUMAN].concat();
    let mut world = World::new([
        says(chunked("content-type: text/event-stream\r\n", &events, 11)),
        says(page("bot", &[])),
    ]);
    world.send("a");
    world.run();
    let log = world.log();
    assert_eq!(log.matches("> open").count(), 1, "{log}");
}

#[test]
fn a_resumed_conversation_polls_from_its_cursor() {
    let saved = Saved::new(ConversationId::new("c1").unwrap())
        .with_state(State::Human)
        .with_after("2026-06-14T10:00:00Z".parse().unwrap());
    let endpoint = endpoint("https://chat.example");
    let embed = Embed::resume(endpoint, seeded(), saved, Instant::ORIGIN);
    let mut world = World::over(embed, [says(page("bot", &["hello"]))]);
    world.run();
    assert_eq!(world.updates(), ["assistant: hello", "state bot"]);
    let line = b"GET /v1/conversations/c1/messages?after=2026-06-14T10%3A00%3A00Z HTTP/1.1\r\n";
    assert!(world.requests[0].starts_with(line));
}

#[test]
fn cancelling_a_turn_closes_its_pipe_at_any_stage() {
    for script in [
        Turn::IsSilent,
        says(""),
        says(HEAD),
        says([HEAD, META, &delta("a")].concat()),
    ] {
        let mut world = World::new([script]);
        world.send("a");
        world.pass(seconds(1));
        world.embed.cancel(world.now);
        world.pass(Duration::ZERO);
        let log = world.log();
        assert!(log.ends_with("  1.0 Cancelled\n  1.0 > close 0\n"), "{log}");
        assert!(world.drain().is_none());
        assert_eq!(world.open_pipes(), 0);
    }
}

/// The pipe was not announced yet, so that it is not closed either.
#[test]
fn a_turn_that_is_cancelled_at_once_opens_no_pipe() {
    let mut world = World::new([]);
    world.send("a");
    world.embed.cancel(world.now);
    world.run();
    assert_eq!(world.log(), "  0.0 Cancelled\n");
}

#[test]
fn a_turn_that_is_cancelled_before_its_open_output_opens_no_pipe() {
    let mut embed = in_handoff();
    let now = Instant::ORIGIN;
    let Output::Open(poll) = embed.poll_output() else {
        panic!()
    };
    embed.send(Message::new("a").unwrap(), now).unwrap();
    embed.handle_failure(poll, "lost", now);
    assert_eq!(embed.poll_output(), Output::Update);
    let told = in_short(&embed.update().unwrap());
    assert_eq!(told, "Poll delayed: NotSent");
    embed.cancel(now);
    assert_eq!(embed.poll_output(), Output::Update);
    assert_eq!(in_short(&embed.update().unwrap()), "Cancelled");
    assert!(matches!(embed.poll_output(), Output::Wait(Some(_))));
}

#[test]
fn a_pipe_that_does_not_open_in_time_is_closed_and_nothing_was_sent() {
    let mut config = seeded();
    config.not_sent_delays = [Duration::ZERO; 2];
    let embed = Embed::new(endpoint("https://chat.example"), config);
    let mut world = World::over(embed, [Turn::IsSilent, Turn::IsSilent, Turn::IsSilent]);
    world.send("a");
    world.run();
    let log = world.log();
    assert_eq!(
        log,
        "  0.0 > open 0\n 30.0 Message delayed: NotSent\n 30.0 > close 0\n \
         30.0 > open 1\n 60.0 Message delayed: NotSent\n 60.0 > close 1\n \
         60.0 > open 2\n 90.0 failed: the service could not be reached: chat.example:443: \
         no connection in time\n 90.0 > close 2\n"
    );
    assert!(world.written.is_empty());
}

#[test]
fn a_late_timeout_of_an_opening_pipe_means_that_nothing_was_sent() {
    let mut config = seeded();
    config.attempts = 1;
    let mut embed = Embed::new(endpoint("https://chat.example"), config);
    let now = Instant::ORIGIN;
    embed.send(Message::new("a").unwrap(), now).unwrap();
    let Output::Open(pipe) = embed.poll_output() else {
        panic!()
    };
    embed.handle_timeout(now + seconds(1000));
    assert_eq!(embed.poll_output(), Output::Update);
    let told = in_short(&embed.update().unwrap());
    let expected = "failed: the service could not be reached: chat.example:443: \
                    no connection in time";
    assert_eq!(told, expected);
    assert_eq!(embed.poll_output(), Output::Close(pipe));
    assert_eq!(embed.poll_output(), Output::Wait(None));
}

/// Ends a message's exchange in some way. The flag is `true` if its pipe is open by then.
type Ends = (bool, fn(&mut Embed, PipeId, Instant));

#[test]
fn the_application_gets_the_cause_of_a_failed_exchange() {
    let cases: [(Ends, &str); 6] = [
        (
            (false, |embed, pipe, now| {
                let refused = std::io::Error::from(ErrorKind::ConnectionRefused);
                embed.handle_failure(pipe, Cause::of(&refused), now);
            }),
            "the service could not be reached: [::1]:8787: connection refused",
        ),
        (
            (false, |embed, pipe, now| {
                embed.handle_failure(pipe, "", now)
            }),
            "the service could not be reached: [::1]:8787",
        ),
        (
            (true, |embed, pipe, now| {
                embed.handle_failure(pipe, "վստահված չէ", now);
            }),
            "no answer came: the connection was lost: վստահված չէ",
        ),
        (
            (true, |embed, pipe, now| embed.handle_failure(pipe, "", now)),
            "no answer came: the connection was lost",
        ),
        (
            (true, |embed, pipe, now| embed.handle_end(pipe, now)),
            "no answer came: the connection was lost: the service closed it",
        ),
        (
            (true, |embed, pipe, now| {
                embed.handle_read(pipe, "* OK բարև 👋\r\n".as_bytes(), now);
            }),
            "no answer came: the connection was lost: the answer is no HTTP/1, or beyond \
             its limits",
        ),
    ];
    for ((is_open, ends), expected) in cases {
        let mut config = seeded();
        config.attempts = 1;
        let mut embed = Embed::new(endpoint("http://[::1]:8787"), config);
        let now = Instant::ORIGIN;
        embed.send(Message::new("Բարև 👋").unwrap(), now).unwrap();
        let Output::Open(pipe) = embed.poll_output() else {
            panic!()
        };
        if is_open {
            embed.handle_opened(pipe, now);
            assert_eq!(embed.poll_output(), Output::Write(pipe));
        }
        ends(&mut embed, pipe, now);
        assert_eq!(embed.poll_output(), Output::Update, "{expected}");
        let told = in_short(&embed.update().unwrap());
        assert_eq!(told, format!("failed: {expected}"));
    }
}

#[test]
fn inputs_for_a_pipe_that_is_gone_are_ignored() {
    let mut world = World::new([says(reply(DONE)), says(reply(DONE))]);
    world.send("a");
    let Output::Open(gone) = world.embed.poll_output() else {
        panic!()
    };
    let now = world.now;
    world.embed.handle_failure(gone, "lost", now);
    world.run();
    world.send("b");
    assert_eq!(world.embed.bytes(gone), b"");
    world.embed.handle_opened(gone, now);
    world.embed.handle_written(gone, 7, now);
    world.embed.handle_read(gone, b"x", now);
    world.embed.handle_end(gone, now);
    world.embed.handle_failure(gone, "lost", now);
    world.forget();
    world.run();
    assert_eq!(world.updates(), ["done", "Done"]);
}

/// A driver does so if its socket reports when it can take more bytes.
#[test]
fn a_driver_may_write_without_another_output() {
    let mut world = World::new([]);
    world.send("a");
    let now = world.now;
    let Output::Open(pipe) = world.embed.poll_output() else {
        panic!()
    };
    world.embed.handle_opened(pipe, now);
    assert_eq!(world.embed.poll_output(), Output::Write(pipe));
    let len = world.embed.bytes(pipe).len();
    world.embed.handle_written(pipe, 0, now);
    let Output::Wait(Some(_)) = world.embed.poll_output() else {
        panic!("a pipe that takes nothing is not to be asked again and again")
    };
    world.embed.handle_written(pipe, 1, now);
    world.embed.handle_written(pipe, 1, now);
    assert_eq!(world.embed.bytes(pipe).len(), len - 2);
    assert_eq!(world.embed.poll_output(), Output::Write(pipe));
    world.embed.handle_written(pipe, 1, now);
    // A length beyond the end counts as all of the bytes.
    world.embed.handle_written(pipe, len, now);
    assert_eq!(world.embed.bytes(pipe), b"");
    let Output::Wait(Some(_)) = world.embed.poll_output() else {
        panic!("all is written")
    };
}

#[test]
fn no_debug_output_shows_a_key() {
    let mut world = World::new([says("")]);
    world.send("a");
    world.pass(seconds(1));
    let shown = format!("{:?} {:?}", world.embed, world.embed.conversation());
    assert!(!shown.contains(KEY), "{shown}");
}

#[test]
fn a_conversation_can_move_to_another_thread() {
    fn check<T: Send + Sync>() {}
    check::<Embed>();
}

/// How long the first message of a conversation is delayed if no pipe can be opened.
fn first_delay(mut embed: Embed) -> Duration {
    let now = Instant::ORIGIN;
    embed.send(Message::new("Բարև 👋").unwrap(), now).unwrap();
    let Output::Open(pipe) = embed.poll_output() else {
        panic!("a message needs a pipe")
    };
    embed.handle_failure(pipe, "lost", now);
    assert_eq!(embed.poll_output(), Output::Update);
    match embed.update() {
        Some(Update::Delayed { delay, .. }) => delay,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_seed_decides_the_delays() {
    let new = |config| Embed::new(endpoint("https://chat.example"), config);
    let delay = |seed| first_delay(new(Config::default()).with_seed(seed));
    assert_eq!(delay(1), delay(1));
    assert_ne!(delay(1), delay(2));
    let fixed = || Config::default().with_seed(3);
    assert_eq!(
        first_delay(new(fixed()).with_seed(1)),
        first_delay(new(fixed()).with_seed(2)),
        "the configuration takes precedence"
    );
}

#[test]
fn a_conversation_draws_its_seed_only_with_std() {
    let delays: HashSet<_> = (0..5)
        .map(|_| {
            first_delay(Embed::new(
                endpoint("https://chat.example"),
                Config::default(),
            ))
        })
        .collect();
    assert_eq!(delays.len() > 1, cfg!(feature = "std"), "{delays:?}");
}
