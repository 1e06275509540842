//! A driver that can wait for only one pipe.

use core::time::Duration;
use std::collections::HashSet;

use highchat_embed::{Embed, Output};
use highchat_proto::Rating;

use crate::support::*;

fn world(script: impl IntoIterator<Item = Turn>) -> World {
    let embed = Embed::new(endpoint("https://chat.example"), seeded());
    World::over(embed.with_one_pipe(), script)
}

/// Asserts that no pipe is opened before the previous one is gone.
fn assert_one_at_a_time(log: &str) {
    let mut open = HashSet::new();
    for line in log.lines().filter_map(|line| line[6..].strip_prefix("> ")) {
        if let Some(id) = line.strip_prefix("open ") {
            assert!(open.is_empty(), "{log}");
            open.insert(id);
        } else if let Some((_, id)) = line.split_once(' ') {
            if line.starts_with("close") || line.starts_with("lost") {
                open.remove(id);
            }
        }
    }
}

#[test]
fn a_handoff_with_a_message_and_a_rating_opens_one_pipe_at_a_time() {
    let mut world = world([
        says(reply(&[META, HUMAN].concat())),
        says(page("human", &["one"])),
        says(reply(HUMAN)),
        says(answer("200 OK", "", "{}")),
        says(page("bot", &["one"])),
    ]);
    world.send("a");
    world.pass(Duration::from_secs(5));
    assert_eq!(world.open_pipes(), 1, "an idle one");
    world.send("b");
    world
        .embed
        .commands(world.now)
        .rate(Rating::Up, None)
        .unwrap();
    world.run();
    let updates = world.updates();
    assert_eq!(
        updates[4..],
        [
            "assistant: one",
            "human wait",
            "Human",
            "rated",
            "state bot"
        ]
    );
    let log = world.log();
    assert_one_at_a_time(&log);
    assert_eq!(world.requests.len(), 5, "{log}");
}

#[test]
fn requests_that_become_due_while_a_reply_streams_wait_for_its_end() {
    let mut world = world([
        says(reply(&[META, HUMAN].concat())),
        says(HEAD),
        says(page("bot", &["one"])),
        says(answer("200 OK", "", "{}")),
    ]);
    world.send("a");
    world.pass(Duration::ZERO);
    world.send("b");
    world.pass(Duration::from_secs(15));
    world
        .embed
        .commands(world.now)
        .rate(Rating::Up, None)
        .unwrap();
    world.pass(Duration::from_secs(5));
    assert_eq!(world.requests.len(), 2, "the poll and the rating wait");
    world.embed.cancel(world.now);
    world.run();
    let log = world.log();
    assert_one_at_a_time(&log);
    let updates = world.updates();
    assert_eq!(
        updates[4..],
        ["Cancelled", "assistant: one", "state bot", "rated"],
        "{log}"
    );
}

#[test]
fn a_request_that_waits_too_long_was_not_sent_and_is_tried_again() {
    let pings = PING.repeat(3);
    let mut world = world([
        says(reply(&[META, HUMAN].concat())),
        says([HEAD, &pings].concat()),
        says(page("bot", &["one"])),
    ]);
    world.send("a");
    world.pass(Duration::ZERO);
    world.send("b");
    world.run();
    let log = world.log();
    assert_one_at_a_time(&log);
    assert!(log.contains(" 33.9 Poll delayed: NotSent\n"), "{log}");
    assert!(log.contains("assistant: one"), "{log}");
}

#[test]
fn a_pipe_that_goes_silent_is_closed_before_the_next_is_opened() {
    let mut world = world([
        says(reply(&[META, HUMAN].concat())),
        says(""),
        says(page("human", &[])),
        says(answer("200 OK", "", "{}")),
        says(reply(HUMAN)),
        says(page("bot", &["Բարև 👋"])),
    ]);
    world.send("Մարդ կա՞ 🙋");
    world.pass(Duration::from_secs(5));
    assert_eq!(world.requests.len(), 2, "a poll without an answer");
    // Both wait for the only pipe.
    let now = world.now;
    world.embed.commands(now).rate(Rating::Up, None).unwrap();
    world.send("Սպասում եմ 🙂");
    world.run();
    let log = world.log();
    assert_one_at_a_time(&log);
    assert!(
        log.contains("  8.9 > close 0\n  8.9 > open 1\n  8.9 > 1: GET"),
        "{log}"
    );
    assert!(
        log.contains("  8.9 > 1: POST /v1/conversations/c1/rating"),
        "{log}"
    );
    let message = log.lines().rfind(|line| line.contains("POST /v1/chat"));
    assert_eq!(message, Some("  8.9 > 2: POST /v1/chat HTTP/1.1"), "{log}");
    assert!(log.contains("assistant: Բարև 👋"), "{log}");
}

/// A message waits for the poll's pipe and is cancelled. It opens no pipe, and the poll goes on.
#[test]
fn a_waiting_request_can_be_aborted() {
    let mut world = world([says(reply(&[META, HUMAN].concat())), says("")]);
    world.send("a");
    world.pass(Duration::from_secs(5));
    assert_eq!(world.requests.len(), 2, "a poll without an answer");
    world.send("b");
    world.pass(Duration::from_secs(1));
    world.embed.cancel(world.now);
    assert_eq!(world.embed.poll_output(), Output::Update);
    assert_eq!(in_short(&world.embed.update().unwrap()), "Cancelled");
    let Output::Wait(Some(_)) = world.embed.poll_output() else {
        panic!("nothing is to be done: the poll goes on")
    };
    assert_eq!(world.requests.len(), 2);
}
