//! The state machines of a conversation in virtual time: one test for each arrow of the
//! diagrams, and tests of their interplay. Each test is a script, and compares the log as text.

// The log contains reason phrases, which need the feature `http`.
#![cfg(feature = "http")]

use core::time::Duration;

use highchat_proto::failure::Cause;
use highchat_proto::failure::TransportFailure::{self, Interrupted, NotSent, Withdrawn};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Head, Message, Rating, Saved};
use highchat_testing::player::scripted::*;

mod recovery;

/// An action on a world.
type Action = Box<dyn Fn(&mut World)>;

fn expect(world: &mut World, log: &str) {
    let found = world.log();
    let log: Vec<_> = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let found: Vec<_> = found.lines().map(str::trim).collect();
    assert_eq!(found, log, "\n{}", found.join("\n"));
}

/// A conversation after one turn, with an empty log.
fn begun() -> World {
    let mut world = World::new();
    world.turn("a", &format!("{}{}", meta("c"), done("m0", "bot", 1)));
    world.log();
    world
}

/// A conversation in which a person has just taken over, with an empty log.
fn handed_over() -> World {
    let mut world = World::new();
    world.turn("a", &format!("{}{}", meta("c"), human("h", 1)));
    world.log();
    world
}

#[test]
fn a_turn_goes_from_message_to_done_and_keeps_the_thread() {
    let mut world = World::new();
    world.send("a");
    world.stream(&format!("{}{}{PING}", meta("c"), delta("x")));
    world.body(&format!("{}{}", delta("y"), done("m", "bot", 1)));
    world.end(Role::Chat);
    world.send("b");
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 meta c
        0.0 delta x
        0.0 delta y
        0.0 done m
        0.0 turn done
        0.0 > POST chat {"message":"b","conversation_id":"c"}
    "#,
    );
}

#[test]
fn a_message_during_a_turn_is_returned_to_the_caller() {
    let mut world = World::new();
    world.send("a");
    let refused = world
        .conversation
        .send(Message::new("b").unwrap(), world.now);
    assert_eq!(refused.unwrap_err().into_message().as_str(), "b");
}

#[test]
fn done_ends_the_turn_even_if_the_body_never_ends() {
    let mut world = World::new();
    world.send("a");
    world.stream(&done("m", "bot", 1));
    assert!(!world.conversation.turn_in_progress());
    world.pass(1.0);
    world.body(&format!(
        "{}event: delta\ndata: broken\n\n{}",
        delta("late"),
        done("m2", "bot", 1)
    ));
    world.pass(60.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 done m
        0.0 turn done
        2.0 x Chat
    "#,
    );
}

#[test]
fn a_new_message_aborts_the_rest_of_the_previous_body() {
    let mut world = World::new();
    world.send("a");
    world.stream(&done("m", "bot", 1));
    world.send("b");
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 done m
        0.0 turn done
        0.0 x Chat
        0.0 > POST chat {"message":"b"}
    "#,
    );
}

#[test]
fn a_done_after_a_human_updates_the_state() {
    let mut world = World::new();
    world.send("a");
    world.stream(&format!("{}{}", meta("c"), human("h", 1)));
    world.body(&format!(
        "{}{}",
        delta("late"),
        done("m", "pending_human", 2)
    ));
    world.body(&done("m2", "bot", 3));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 meta c
        0.0 human h
        0.0 state human
        0.0 turn human
        0.0 done m
        0.0 state pending_human
    "#,
    );
}

#[test]
fn a_new_conversation_id_replaces_the_old_one_and_is_reported() {
    let mut world = begun();
    world.turn("b", &format!("{}{}", meta("d"), done("m1", "bot", 2)));
    assert_eq!(world.conversation.id().unwrap().as_str(), "d");
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 meta d instead
        0.0 done m1
        0.0 turn done
    "#,
    );
}

#[test]
fn each_meta_is_reported_with_its_own_id() {
    let mut world = World::new();
    world.send("a");
    world.stream(&format!("{}{}", meta("c"), meta("d")));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 meta c
        0.0 meta d instead
    "#,
    );
}

#[test]
fn an_error_event_fails_the_turn_with_its_message() {
    let mut world = begun();
    world.turn(
        "b",
        &format!(
            "{}event: error\ndata: {{\"message\":\"e\"}}\n\n",
            delta("x")
        ),
    );
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 delta x
        0.0 turn failed: e
    "#,
    );
}

#[test]
fn after_two_retries_a_429_is_reported() {
    let mut world = begun();
    world.send("b");
    for (headers, wait) in [
        (vec![("retry-after", "7")], 7.0),
        (
            vec![
                ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("date", "Sun, 06 Nov 1994 08:49:07 GMT"),
            ],
            30.0,
        ),
        (vec![], 0.0),
    ] {
        world.answer(Role::Chat, 429, &headers, "");
        world.pass(wait);
    }
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 Message delayed 7.0: RateLimited
        7.0 > POST chat {"message":"b","conversation_id":"c"}
        7.0 Message delayed 30.0: RateLimited
       37.0 > POST chat {"message":"b","conversation_id":"c"}
       37.0 turn failed: the service answered 429 Too Many Requests
    "#,
    );
}

#[test]
fn a_429_without_retry_after_waits_5_and_20_seconds_with_jitter() {
    let mut world = World::new();
    world.send("a");
    world.answer(Role::Chat, 429, &[], "");
    world.pass(5.5);
    world.answer(Role::Chat, 429, &[("retry-after", "soon")], "");
    world.pass(22.0);
    let log = world.log();
    let times = sent_at(&log);
    assert!((4.5..=5.5).contains(&times[1]), "{log}");
    assert!((18.0..=22.0).contains(&(times[2] - 5.5)), "{log}");
}

#[test]
fn a_retry_after_that_is_too_long_is_reported_at_once() {
    let mut world = World::new();
    world.send("a");
    world.answer(Role::Chat, 429, &[("retry-after", "121")], "");
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 turn failed: the service answered 429 Too Many Requests
    "#,
    );
}

#[test]
fn without_delays_nothing_loops_at_full_speed() {
    let headers = [("retry-after", "0")];
    let mut world = begun();
    world.send("b");
    world.head(Role::Chat, 429, &headers);
    world.rate(Rating::Up);
    world.head(Role::Rating, 429, &headers);
    world.pass(61.0);
    let log = world.log();
    assert_eq!(log.matches("> POST").count(), 4, "{log}");
    // A configuration without any delay does not loop either.
    let mut world = World::with(|config| {
        config.response_timeout = Duration::ZERO;
        config.poll_interval = Duration::ZERO;
    });
    world.turn("a", &format!("{}{}", meta("c"), human("h", 1)));
    world.pass(0.1);
    let log = world.log();
    assert_eq!(log.matches("> GET").count(), 50, "{log}");
}

/// The times at which requests were sent, in seconds.
fn sent_at(log: &str) -> Vec<f64> {
    let requests = log.lines().filter(|line| line.contains('>'));
    requests
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn a_message_that_could_not_be_sent_is_tried_three_times() {
    let mut world = World::new();
    world.send("a");
    for wait in [0.55, 2.2, 60.0] {
        world.fail(Role::Chat, NotSent(Cause::UNKNOWN));
        world.pass(wait);
    }
    let log = world.log();
    let times = sent_at(&log);
    assert_eq!(times.len(), 3, "{log}");
    assert!((0.4..=0.6).contains(&times[1]), "{log}");
    assert!((1.8..=2.2).contains(&(times[2] - 0.55)), "{log}");
    assert_eq!(log.matches("Message delayed").count(), 2, "{log}");
    assert!(
        log.ends_with("turn failed: the service could not be reached\n"),
        "{log}"
    );
}

/// The times of 12 polls after a person took over, in milliseconds.
fn poll_times(configured: Option<u64>, drawn: Option<u64>) -> Vec<u128> {
    let mut config = Config::default();
    config.seed = configured;
    let mut conversation = Conversation::new(endpoint(), config);
    if let Some(drawn) = drawn {
        conversation = conversation.with_seed(drawn);
    }
    let mut world = World::over(conversation, Instant::ORIGIN);
    world.turn("Բարև 👋", &format!("{}{}", meta("c"), human("մեկ րոպե", 1)));
    let mut polls = Vec::new();
    for _ in 0..12 {
        while !world.is_under_way(Role::Messages) {
            world.pass(0.001);
        }
        polls.push(world.now.since_origin().as_millis());
        world.page(&page("human", &[]));
    }
    polls
}

#[test]
fn conversations_with_different_seeds_poll_at_different_times() {
    let all_polls = [1, 2, 3].map(|seed| poll_times(None, Some(seed)));
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        // The first poll is left out, because it depends on only one random number.
        let (one, other) = (&all_polls[one][1..], &all_polls[other][1..]);
        let in_step = one.iter().zip(other).filter(|(one, other)| one == other);
        assert!(in_step.count() <= 1, "{all_polls:?}");
    }
}

#[test]
fn a_configured_seed_beats_a_drawn_seed() {
    let set = poll_times(Some(7), None);
    assert_eq!(poll_times(Some(7), Some(1)), set);
    assert_eq!(poll_times(Some(7), Some(2)), set);
    assert_eq!(poll_times(None, Some(7)), set);
    assert_ne!(poll_times(Some(8), None), set);
    assert_eq!(
        poll_times(None, None),
        poll_times(None, None),
        "without any seed, a fixed one is used"
    );
}

#[test]
fn with_one_attempt_nothing_is_sent_again() {
    let mut world = World::with(|config| config.attempts = 1);
    world.send("a");
    world.fail(Role::Chat, NotSent(Cause::UNKNOWN));
    world.send("b");
    world.answer(Role::Chat, 429, &[("retry-after", "1")], "");
    world.pass(300.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 turn failed: the service could not be reached
        0.0 > POST chat {"message":"b"}
        0.0 turn failed: the service answered 429 Too Many Requests
    "#,
    );
}

#[test]
fn a_message_that_may_have_been_taken_is_never_sent_again() {
    // There is no id yet, so there is no search.
    let api = |status: u16| move |world: &mut World| world.answer(Role::Chat, status, &[], "");
    let cases: [(&str, Action); 8] = [
        (
            "the connection was lost",
            Box::new(|world| world.fail(Role::Chat, Interrupted(Cause::UNKNOWN))),
        ),
        ("no answer came in time", Box::new(|_| ())),
        ("500", Box::new(api(500))),
        ("400", Box::new(api(400))),
        ("redirects are not followed", Box::new(api(307))),
        (
            "no event stream",
            Box::new(|world| world.answer(Role::Chat, 200, &[("content-type", "text/html")], "")),
        ),
        (
            "the stream ended",
            Box::new(|world| {
                world.stream("");
                world.end(Role::Chat);
            }),
        ),
        (
            "a `delta` event",
            Box::new(|world| world.stream("event: delta\ndata: {}\n\n")),
        ),
    ];
    for (problem, answer) in cases {
        let mut world = World::new();
        world.send("a");
        answer(&mut world);
        world.pass(1000.0);
        let log = world.log();
        assert_eq!(log.matches("> ").count(), 1, "{log}");
        assert_eq!(log.matches("turn failed: ").count(), 1, "{log}");
        assert!(log.contains(problem), "{problem}: {log}");
    }
}

#[test]
fn an_error_whose_body_never_ends_is_reported_after_the_timeout() {
    let mut world = World::new();
    world.send("a");
    world.pass(59.0);
    let id = world.id(Role::Chat);
    let now = world.now;
    world.conversation.handle_response(id, Head::new(400), now);
    world
        .conversation
        .handle_body(id, b"{\"error\":\"m\"}", world.now);
    world.pass(61.0);
    expect(
        &mut world,
        r#"
          0.0 > POST chat {"message":"a"}
        119.0 x Chat
        119.0 turn failed: the service answered 400 Bad Request: m
    "#,
    );
}

#[test]
fn silence_cuts_a_reply_and_pings_alone_cut_it_later() {
    let mut world = World::new();
    world.send("a");
    world.stream("");
    world.pass(60.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
       60.0 x Chat
       60.0 turn failed: the reply is incomplete: no data came for too long
    "#,
    );
    let mut world = World::new();
    world.send("a");
    world.stream("");
    for _ in 0..30 {
        world.pass(10.0);
        if world.conversation.turn_in_progress() {
            world.body(PING);
        }
    }
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
      300.0 x Chat
      300.0 turn failed: the reply is incomplete: only pings came for too long
    "#,
    );
}

#[test]
fn a_reply_with_pings_and_rare_deltas_may_take_hours() {
    let mut world = World::new();
    world.send("a");
    world.stream("");
    for at in 1..=600 {
        world.pass(30.0);
        world.body(if at % 9 == 0 {
            "event: delta\ndata: {\"text\":\".\"}\n\n"
        } else {
            PING
        });
    }
    world.body(&done("m", "bot", 1));
    let log = world.log();
    assert_eq!(log.matches("delta .").count(), 66);
    assert!(log.ends_with("turn done\n"), "{log}");
}

#[test]
fn time_that_the_application_takes_does_not_count_as_silence() {
    let mut world = World::new();
    world.send("a");
    world.stream("");
    world.now = world.now + core::time::Duration::from_secs(500);
    world.conversation.handle_return(world.now);
    world.pass(59.0);
    world.body(PING);
    world.pass(60.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
      619.0 x Chat
      619.0 turn failed: the reply is incomplete: no data came for too long
    "#,
    );
}

#[test]
fn time_in_which_the_driver_waited_for_the_service_counts_as_silence() {
    let mut world = World::new();
    world.send("a");
    world.stream("");
    for _ in 0..600 {
        world.pass(0.1);
        world.conversation.handle_timeout(world.now);
        world.conversation.handle_return(world.now);
    }
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
       60.0 x Chat
       60.0 turn failed: the reply is incomplete: no data came for too long
    "#,
    );
}

#[test]
fn a_cut_reply_is_searched_for_and_reported_whole() {
    let mut world = begun();
    world.send("b");
    world.stream(&delta("one "));
    world.end(Role::Chat);
    world.pass(1.0);
    world.page(&page(
        "bot",
        &[("m0", "assistant", "one old", 1), ("u", "user", "one b", 2)],
    ));
    world.pass(3.0);
    world.page(&page(
        "pending_human",
        &[
            ("m2", "assistant", "one more", 4),
            ("m1", "assistant", "one two", 3),
            ("u", "user", " b\\n", 2),
            ("m0", "assistant", "one old", 1),
        ],
    ));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 delta one
        0.0 recovering: the reply is incomplete: the stream ended before the reply did
        1.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
        4.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
        4.0 recovered m1: one two + two
        4.0 state pending_human
        4.0 turn recovered
    "#,
    );
}

#[test]
fn a_cut_reply_that_is_not_found_is_reported_incomplete() {
    let mut world = begun();
    world.send("b");
    world.stream(&delta("one "));
    world.fail(Role::Chat, Interrupted(Cause::UNKNOWN));
    world.pass(1.0);
    world.page(&page("bot", &[]));
    world.pass(3.0);
    world.fail(Role::Messages, NotSent(Cause::UNKNOWN));
    world.pass(6.0);
    world.answer(Role::Messages, 500, &[], "");
    world.pass(10.0);
    world.page(&page(
        "bot",
        &[
            ("m1", "assistant", "another", 3),
            ("m2", "supervisor", "one ", 3),
        ],
    ));
    world.pass(1000.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 delta one
        0.0 recovering: the reply is incomplete: the connection was lost
        1.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
        4.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
       10.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
       20.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
       20.0 turn failed: the reply is incomplete: the connection was lost
    "#,
    );
}

#[test]
fn a_cut_first_reply_is_found_by_the_message_before_it() {
    let mut world = World::new();
    world.send("a");
    world.stream(&format!("{}{}", meta("c"), delta("one")));
    world.end(Role::Chat);
    world.pass(1.0);
    world.page(&page(
        "bot",
        &[
            ("g", "assistant", "one greeting", 1),
            ("u", "user", "a", 2),
            ("m1", "assistant", "one two", 3),
        ],
    ));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 meta c
        0.0 delta one
        0.0 recovering: the reply is incomplete: the stream ended before the reply did
        1.0 > GET conversations/c/messages
        1.0 recovered m1: one two +  two
        1.0 turn recovered
    "#,
    );
}

#[test]
fn a_new_conversation_id_ends_the_polls_of_the_old_conversation() {
    let mut world = handed_over();
    world.check_now();
    world.send("b");
    world.stream(&format!("{}{}", meta("d"), human("h", 20)));
    world.end(Role::Chat);
    world.pass(4.4);
    let log = world.log();
    assert!(log.contains("x Messages"), "{log}");
    let poll = "> GET conversations/d/messages after=2026-06-14T10:00:20.000Z\n";
    assert!(log.ends_with(poll), "{log}");
}

#[test]
fn without_a_timestamp_and_text_there_is_no_search_because_an_older_reply_would_match() {
    let mut world = World::new();
    world.send("a");
    world.stream(&meta("c"));
    world.end(Role::Chat);
    world.pass(100.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 meta c
        0.0 turn failed: the reply is incomplete: the stream ended before the reply did
    "#,
    );
}

#[test]
fn in_a_handoff_without_text_there_is_no_search_because_a_persons_message_would_match() {
    let mut world = handed_over();
    world.send("b");
    world.fail(Role::Chat, Interrupted(Cause::UNKNOWN));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 turn failed: no answer came: the connection was lost
    "#,
    );
}

#[test]
fn the_reply_to_an_unanswered_message_is_searched_for_if_a_timestamp_is_known() {
    let mut world = begun();
    world.send("b");
    world.fail(Role::Chat, Interrupted(Cause::UNKNOWN));
    let there = page(
        "bot",
        &[("u", "user", "b", 2), ("m1", "assistant", "two", 3)],
    );
    world.pass(1.0);
    world.page(&there);
    world.pass(3.0);
    world.page(&there);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 recovering: no answer came: the connection was lost
        1.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
        4.0 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
        4.0 recovered m1: two + two
        4.0 turn recovered
    "#,
    );
}

#[test]
fn no_reply_is_found_if_the_page_does_not_list_the_message() {
    let mut world = begun();
    world.send("b");
    world.fail(Role::Chat, Interrupted(Cause::UNKNOWN));
    for pause in [1.0, 3.0, 6.0, 10.0] {
        world.pass(pause);
        world.page(&page("bot", &[("m1", "assistant", "two", 3)]));
    }
    let log = world.log();
    assert!(
        log.ends_with("turn failed: no answer came: the connection was lost\n"),
        "{log}"
    );
}

#[test]
fn a_search_asks_from_the_newest_timestamp_before_the_turn() {
    let mut world = handed_over();
    let (newer, older) = (("p1", "assistant", "x", 9), ("p2", "assistant", "y", 5));
    world.check_now();
    world.page(&page("human", &[newer, older]));
    world.send("b");
    world.stream(&delta("one "));
    world.check_now();
    world.page(&page("human", &[("p3", "assistant", "z", 20)]));
    world.log();
    world.end(Role::Chat);
    world.pass(1.0);
    expect(
        &mut world,
        r#"
        0.0 recovering: the reply is incomplete: the stream ended before the reply did
        1.0 > GET conversations/c/messages after=2026-06-14T10:00:09.000Z
    "#,
    );
}

#[test]
fn a_reply_over_the_limit_is_not_searched_for() {
    let mut world = World::with(|config| config.reply_limit = 3);
    let before = format!("{}{}", meta("c"), done("m0", "bot", 1));
    world.turn("a", &before);
    world.log();
    world.turn("b", &delta("four"));
    world.turn("c", &delta("two"));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        0.0 delta four
        0.0 turn failed: the reply is incomplete: the stream ended before the reply did
        0.0 > POST chat {"message":"c","conversation_id":"c"}
        0.0 delta two
        0.0 recovering: the reply is incomplete: the stream ended before the reply did
    "#,
    );
}

#[test]
fn the_remembered_beginning_of_a_long_reply_does_not_depend_on_the_chunks() {
    for (limit, beginning) in [
        (0, ""),
        (1, "a"),
        (5, "ab"),
        (6, "ab👋"),
        (7, "ab👋"),
        (8, "ab👋ա"),
    ] {
        let deltas = [delta("a"), delta("b👋"), delta("ա"), delta("բ")];
        for chunks in [&[deltas.concat()][..], &deltas] {
            let mut world = World::with(|config| config.reply_limit = limit);
            world.send("a");
            for chunk in chunks {
                world.stream(chunk);
            }
            let saved = world.conversation.save().to_json();
            let turn = format!(r#""so_far":"{beginning}","is_too_long":true"#);
            assert!(saved.contains(&turn), "{limit}: {saved}");
        }
    }
}

#[test]
fn a_whole_reply_over_the_limit_is_not_shown_again_by_a_poll() {
    for limit in [5, 100] {
        let mut world = World::with(|config| config.reply_limit = limit);
        let reply = [meta("c"), delta("abcd"), delta("efgh")].concat();
        world.turn("a", &(reply + "event: human\ndata: {}\n\n"));
        world.log();
        world.check_now();
        let messages = [
            ("r", "assistant", "abcdefgh", 8),
            ("p", "assistant", "hello", 9),
        ];
        world.page(&page("human", &messages));
        let log = world.log();
        assert!(!log.contains("abcdefgh"), "{limit}: {log}");
        assert!(log.contains("assistant p: hello"), "{limit}: {log}");
    }
}

#[test]
fn a_refusal_ends_the_search() {
    for status in [401, 404] {
        let mut world = begun();
        world.send("b");
        world.stream(&delta("one"));
        world.end(Role::Chat);
        world.pass(1.0);
        world.answer(Role::Messages, status, &[], "");
        world.pass(100.0);
        let log = world.log();
        assert_eq!(log.matches("GET").count(), 1, "{log}");
        assert!(
            log.ends_with("the stream ended before the reply did\n"),
            "{log}"
        );
    }
}

#[test]
fn a_turn_can_be_cancelled_in_any_phase() {
    let states: [(&str, Action); 6] = [
        ("x Chat\nturn cancelled", Box::new(|_| ())),
        (
            "x Chat\nturn cancelled",
            Box::new(|world| world.stream(&delta("x"))),
        ),
        (
            "turn cancelled",
            Box::new(|world| world.fail(Role::Chat, NotSent(Cause::UNKNOWN))),
        ),
        (
            "turn cancelled",
            Box::new(|world| {
                world.stream(&delta("x"));
                world.end(Role::Chat);
            }),
        ),
        (
            "x Messages\nturn cancelled",
            Box::new(|world| {
                world.stream(&delta("x"));
                world.end(Role::Chat);
                world.pass(1.0);
            }),
        ),
        ("", Box::new(|world| world.stream(&done("m", "bot", 2)))),
    ];
    for (log, reach) in states {
        let mut world = begun();
        world.send("b");
        reach(&mut world);
        world.log();
        world.cancel();
        let found = world.log();
        let found: Vec<_> = found
            .lines()
            .map(|line| line.trim().split_once(' ').unwrap().1)
            .collect();
        assert_eq!(found.join("\n"), log);
        world.cancel();
        world.pass(1.0);
        assert!(!world.log().contains("turn"), "an end is told once");
        world.send("c");
    }
}

#[test]
fn a_message_cancelled_before_the_driver_polled_it_is_not_sent() {
    let mut world = World::new();
    let message = Message::new("a").unwrap();
    world.conversation.send(message, world.now).unwrap();
    world.cancel();
    expect(&mut world, "0.0 turn cancelled");
}

#[test]
fn late_input_for_a_dropped_request_is_ignored() {
    let mut world = begun();
    world.send("b");
    let gone = world.id(Role::Chat);
    world.cancel();
    world.send("c");
    world.log();
    let now = world.now;
    world
        .conversation
        .handle_response(gone, Head::new(200), now);
    world
        .conversation
        .handle_body(gone, delta("x").as_bytes(), world.now);
    world.conversation.handle_end(gone, world.now);
    world
        .conversation
        .handle_failure(gone, NotSent(Cause::UNKNOWN), world.now);
    world.pass(0.0);
    expect(&mut world, "");
    assert!(world.conversation.turn_in_progress());
}

#[test]
fn a_handoff_polls_every_4_seconds_with_the_newest_timestamp_as_received() {
    let mut world = handed_over();
    world.pass(4.4);
    world.page(&page(
        "human",
        &[
            ("p1", "assistant", "hello", 9),
            ("p2", "assistant", "older", 5),
        ],
    ));
    world.pass(4.4);
    world.page(&page(
        "human",
        &[
            ("p1", "assistant", "hello", 9),
            ("p3", "assistant", "again", 9),
        ],
    ));
    world.pass(4.4);
    let log = world.log();
    let lines: Vec<_> = log
        .lines()
        .map(|line| line.trim().split_once(' ').unwrap())
        .collect();
    let lines_without_time: Vec<_> = lines.iter().map(|(_, line)| *line).collect();
    assert_eq!(
        lines_without_time,
        [
            "> GET conversations/c/messages",
            "assistant p1: hello",
            "assistant p2: older",
            "> GET conversations/c/messages after=2026-06-14T10:00:09.000Z",
            "assistant p3: again",
            "> GET conversations/c/messages after=2026-06-14T10:00:09.000Z",
        ]
    );
    let gets = lines.iter().filter(|(_, line)| line.contains("GET"));
    for (poll, (time, _)) in gets.enumerate() {
        let after_the_last = time.parse::<f64>().unwrap() - 4.4 * poll as f64;
        assert!((3.6..=4.4).contains(&after_the_last), "{log}");
    }
}

#[test]
fn a_long_page_with_the_newest_message_first_repeats_no_message() {
    let mut world = handed_over();
    world.check_now();
    world.page(&page("human", &[("p", "assistant", "hello", 9)]));
    world.log();
    world.check_now();
    let ids: Vec<_> = (0..300).map(|id| id.to_string()).collect();
    let newer = ids.iter().map(|id| (&**id, "assistant", "x", 10));
    let messages: Vec<_> = newer.chain([("p", "assistant", "hello", 9)]).collect();
    world.page(&page("human", &messages));
    let log = world.log();
    assert_eq!(log.matches("assistant").count(), 300, "{log}");
    assert!(!log.contains("hello"), "{log}");
}

#[test]
fn a_poll_that_returns_bot_or_closed_ends_the_handoff() {
    for state in ["bot", "closed"] {
        let mut world = handed_over();
        world.pass(4.4);
        world.page(&page(state, &[("p1", "assistant", "bye", 9)]));
        world.log();
        world.pass(1000.0);
        expect(&mut world, "");
        assert_eq!(world.conversation.state().as_str(), state);
    }
}

#[test]
fn the_state_of_a_done_event_begins_a_handoff_and_ends_it_after_one_more_poll() {
    let mut world = World::new();
    world.turn(
        "a",
        &format!("{}{}", meta("c"), done("m", "pending_human", 1)),
    );
    world.pass(4.4);
    world.send("b");
    world.stream(&done("m1", "bot", 4));
    world.end(Role::Chat);
    // This poll was sent before the bot was back.
    world.page(&page("human", &[("p", "assistant", "before", 2)]));
    world.pass(4.4);
    world.page(&page("bot", &[("p2", "assistant", "goodbye", 3)]));
    world.pass(100.0);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"a"}
        0.0 meta c
        0.0 done m
        0.0 state pending_human
        0.0 turn done
        3.9 > GET conversations/c/messages
        4.4 > POST chat {"message":"b","conversation_id":"c"}
        4.4 done m1
        4.4 state bot
        4.4 turn done
        4.4 assistant p: before
        8.2 > GET conversations/c/messages after=2026-06-14T10:00:02.000Z
        8.8 assistant p2: goodbye
    "#,
    );
}

#[test]
fn a_handoff_announced_before_the_id_begins_with_the_id() {
    let mut world = World::new();
    world.turn("Բարև", &done("m", "pending_human", 1));
    world.pass(100.0);
    world.turn(
        "Ո՞վ կա 👋",
        &format!("{}{}", meta("c"), done("m1", "pending_human", 3)),
    );
    world.pass(4.4);
    world.page(&page("human", &[("p", "assistant", "Ես այստեղ եմ 🙂", 2)]));
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"Բարև"}
        0.0 done m
        0.0 state pending_human
        0.0 turn done
        100.0 > POST chat {"message":"Ո՞վ կա 👋"}
        100.0 meta c
        100.0 done m1
        100.0 turn done
        103.9 > GET conversations/c/messages after=2026-06-14T10:00:01.000Z
        104.4 assistant p: Ես այստեղ եմ 🙂
        104.4 state human
    "#,
    );
}

#[test]
fn an_unknown_state_changes_nothing() {
    let mut world = handed_over();
    world.pass(4.4);
    world.page(&page("asleep", &[]));
    world.pass(4.4);
    let log = world.log();
    assert_eq!(log.matches("GET").count(), 2, "{log}");
    assert!(!log.contains("state"), "{log}");
    assert_eq!(world.conversation.state().as_str(), "human");
}

#[test]
fn failed_polls_back_off_and_continue() {
    let mut world = handed_over();
    world.pass(4.4);
    world.fail(Role::Messages, Interrupted(Cause::UNKNOWN));
    world.pass(8.8);
    world.answer(Role::Messages, 503, &[("retry-after", "100")], "");
    world.pass(100.0);
    world.answer(Role::Messages, 200, &[], "no page");
    world.pass(36.0);
    world.page(&page("human", &[]));
    world.pass(4.4);
    let log = world.log();
    assert_eq!(log.matches("GET").count(), 5, "{log}");
    assert_eq!(log.matches("Poll delayed").count(), 3, "{log}");
    assert!(log.contains("Poll delayed 100.0: Transient"), "{log}");
    // After a poll that succeeded, the back-off starts again.
    world.fail(Role::Messages, Interrupted(Cause::UNKNOWN));
    world.pass(8.8);
    assert_eq!(world.log().matches("GET").count(), 1);
}

#[test]
fn a_poll_or_rating_that_the_driver_withdraws_is_sent_again() {
    let mut world = handed_over();
    world.pass(4.4);
    // More times than the limit of attempts.
    for answer in 0..10 {
        if answer % 2 == 1 {
            world.head(Role::Messages, 200, &[]);
        }
        world.fail(Role::Messages, Withdrawn);
        world.pass(0.1);
    }
    world.page(&page("human", &[]));
    let log = world.log();
    assert_eq!(log.matches("GET").count(), 11, "{log}");
    assert!(!log.contains("delayed"), "{log}");

    let mut world = begun();
    world.rate(Rating::Up);
    for answer in 0..10 {
        if answer % 2 == 1 {
            world.head(Role::Rating, 500, &[]);
        }
        world.fail(Role::Rating, Withdrawn);
        world.pass(0.1);
    }
    world.answer(Role::Rating, 204, &[], "");
    let log = world.log();
    assert_eq!(log.matches("> POST").count(), 11, "{log}");
    assert!(!log.contains("delayed"), "{log}");
    assert!(log.ends_with("rated Up\n"), "{log}");
}

#[test]
fn a_message_that_the_driver_withdraws_may_have_been_taken() {
    let mut world = World::new();
    world.send("a");
    world.fail(Role::Chat, Withdrawn);
    let log = world.log();
    assert_eq!(log.matches("> POST").count(), 1, "{log}");
    assert!(log.contains("no answer came"), "{log}");
}

#[test]
fn the_cause_that_the_driver_reports_reaches_the_application() {
    for (failure, expected) in [
        (
            NotSent as fn(Cause) -> TransportFailure,
            "the service could not be reached: refused",
        ),
        (
            Interrupted,
            "no answer came: the connection was lost: refused",
        ),
    ] {
        let mut world = World::with(|config| config.attempts = 1);
        world.send("a");
        world.fail(Role::Chat, failure(Cause::from("refused")));
        let log = world.log();
        assert!(log.contains(expected), "{log}");
    }
}

#[test]
fn a_poll_without_an_answer_is_aborted_and_repeated() {
    let mut world = handed_over();
    world.pass(4.4 + 60.0 + 8.8);
    let log = world.log();
    assert_eq!(log.matches("GET").count(), 2, "{log}");
    assert_eq!(log.matches("x Messages").count(), 1, "{log}");
}

#[test]
fn a_401_or_404_ends_the_handoff_with_the_error() {
    for (status, error) in [(401, "401 Unauthorized"), (404, "404 Not Found")] {
        let mut world = handed_over();
        world.pass(4.4);
        world.answer(Role::Messages, status, &[], "");
        world.pass(1000.0);
        let log = world.log();
        assert!(
            log.ends_with(&format!("handoff failed: the service answered {error}\n")),
            "{log}"
        );
        assert_eq!(log.matches("GET").count(), 1, "{log}");
    }
}

#[test]
fn a_message_during_a_handoff_does_not_stop_the_polls() {
    let mut world = handed_over();
    world.send("b");
    world.stream("");
    world.pass(4.4);
    world.page(&page("human", &[("p1", "assistant", "hello", 9)]));
    world.body(&human("h2", 20));
    world.end(Role::Chat);
    world.pass(4.4);
    expect(
        &mut world,
        r#"
        0.0 > POST chat {"message":"b","conversation_id":"c"}
        3.9 > GET conversations/c/messages
        4.4 assistant p1: hello
        4.4 human h2
        4.4 turn human
        8.2 > GET conversations/c/messages after=2026-06-14T10:00:09.000Z
    "#,
    );
}

#[test]
fn check_now_does_not_wait_for_the_poll_interval() {
    let mut world = handed_over();
    world.check_now();
    world.check_now();
    expect(&mut world, "0.0 > GET conversations/c/messages");
    let mut world = begun();
    world.check_now();
    expect(&mut world, "");
}

#[test]
fn after_a_restart_a_handoff_polls_at_once_and_loses_or_repeats_no_message() {
    let mut world = handed_over();
    world.pass(4.4);
    world.page(&page("human", &[("p1", "assistant", "hello", 9)]));
    let saved = world.conversation.save().to_json();
    let mut world = World::resume(Saved::from_json(&saved).unwrap());
    world.page(&page(
        "human",
        &[
            ("p1", "assistant", "hello", 9),
            ("p2", "assistant", "again", 9),
        ],
    ));
    expect(
        &mut world,
        r#"
        0.0 > GET conversations/c/messages after=2026-06-14T10:00:09.000Z
        0.0 assistant p2: again
    "#,
    );
}

#[test]
fn a_rating_is_repeated_after_temporary_failures() {
    let mut world = begun();
    world.rate(Rating::Up);
    world.fail(Role::Rating, Interrupted(Cause::UNKNOWN));
    world.pass(3.0);
    world.answer(Role::Rating, 500, &[], "");
    world.pass(3.0);
    world.answer(Role::Rating, 204, &[], "");
    let log = world.log();
    assert_eq!(
        log.matches(r#"> POST conversations/c/rating {"rating":1}"#)
            .count(),
        3,
        "{log}"
    );
    assert!(log.ends_with("rated Up\n"), "{log}");

    for (attempts, status) in [(1, 400), (3, 503)] {
        let mut world = begun();
        world.rate(Rating::Down);
        for _ in 0..attempts {
            world.answer(Role::Rating, status, &[], "");
            world.pass(3.0);
        }
        let log = world.log();
        assert_eq!(log.matches("> POST").count(), attempts, "{log}");
        assert_eq!(log.matches("rating failed").count(), 1, "{log}");
    }
}

#[test]
fn a_rating_without_a_conversation_is_refused() {
    let mut world = World::new();
    assert!(
        world
            .conversation
            .rate(Rating::Up, None, world.now)
            .is_err()
    );
    let mut world = begun();
    world.rate(Rating::Up);
    assert!(
        world
            .conversation
            .rate(Rating::Up, None, world.now)
            .is_err()
    );
}
