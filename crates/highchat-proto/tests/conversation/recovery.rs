//! The search for a cut reply: a message is taken only if nothing else is possible.

use highchat_proto::failure::Cause;
use highchat_proto::failure::TransportFailure::Interrupted;
use highchat_proto::{ConversationId, Saved};

use highchat_testing::player::scripted::{Role, World, delta, done, human, meta, page};

/// A message of a page: id, role, content, second.
type Listed<'a> = (&'a str, &'a str, &'a str, u32);

/// The text of a reply before it was cut.
const RECEIVED: &str = "Պատվերը ճանապարհին է Երևան, ";
const ASKED: &str = "Որտե՞ղ է պատվերը 📦";

/// Cuts the reply to a message after the text `so_far`, and answers each search with the same
/// page.
fn cut_reply_and_search(
    world: &mut World,
    message: &str,
    so_far: &str,
    state: &str,
    messages: &[Listed<'_>],
) -> String {
    world.send(message);
    if so_far.is_empty() {
        world.fail(Role::Chat, Interrupted(Cause::UNKNOWN));
    } else {
        world.stream(&delta(so_far));
        world.end(Role::Chat);
    }
    search(world, &page(state, messages))
}

/// Answers each search with the same page. Returns how the turn ended.
fn search(world: &mut World, page: &str) -> String {
    for _ in 0..4 {
        if !world.conversation.turn_in_progress() {
            break;
        }
        world.pass(10.0);
        world.page(page);
    }
    world.pass(1.0);
    let log = world.log();
    let end = log.lines().rev().find(|line| line.contains("turn "));
    let found = log.lines().rev().find(|line| line.contains(" recovered "));
    let words = |line: &str| {
        line.trim()
            .split_once(' ')
            .map(|(_, words)| words.to_owned())
    };
    found.or(end).and_then(words).unwrap_or(log.clone())
}

/// A conversation after its first turn, which ended at second 1.
fn begun() -> World {
    let mut world = World::new();
    world.turn(
        "Բարև",
        &format!("{}{}{}", meta("c"), delta("Ողջույն"), done("m0", "bot", 1)),
    );
    world.log();
    world
}

const INCOMPLETE: &str =
    "turn failed: the reply is incomplete: the stream ended before the reply did";
const UNANSWERED: &str = "turn failed: no answer came: the connection was lost";

#[test]
fn only_an_unambiguous_message_after_the_sent_one_is_the_reply() {
    let own: Listed<'_> = ("u", "user", ASKED, 5);
    let reply: Listed<'_> = ("m", "assistant", "Պատվերը ճանապարհին է Երևան, շուտով 🚚", 6);
    let found = "recovered m: Պատվերը ճանապարհին է Երևան, շուտով 🚚 + շուտով 🚚";
    for (why, state, messages, end) in [
        ("in order", "bot", vec![own, reply], found),
        ("the newest first", "bot", vec![reply, own], found),
        (
            "everything twice",
            "bot",
            vec![own, own, reply, reply],
            found,
        ),
        (
            "with earlier messages",
            "bot",
            vec![
                ("m0", "assistant", "Ողջույն", 1),
                own,
                ("x", "assistant", RECEIVED, 0),
                reply,
            ],
            found,
        ),
        (
            "with a later message",
            "pending_human",
            vec![
                own,
                reply,
                ("n", "assistant", "Պատվերը ճանապարհին է Երևան, վաղը", 7),
            ],
            found,
        ),
        (
            "the message has white space at its ends",
            "bot",
            vec![("u", "user", "  Որտե՞ղ է պատվերը 📦 \\n", 5), reply],
            found,
        ),
        (
            "with an invalid message",
            "bot",
            vec![own, ("", "assistant", RECEIVED, 5), reply],
            found,
        ),
        ("a person answers", "human", vec![own, reply], INCOMPLETE),
        (
            "the conversation is closed",
            "closed",
            vec![own, reply],
            INCOMPLETE,
        ),
        (
            "the state is unknown",
            "asleep",
            vec![own, reply],
            INCOMPLETE,
        ),
        (
            "the reply is older than the message",
            "bot",
            vec![own, ("m", "assistant", RECEIVED, 4)],
            INCOMPLETE,
        ),
        (
            "the reply has the timestamp of the message",
            "bot",
            vec![own, ("m", "assistant", RECEIVED, 5)],
            INCOMPLETE,
        ),
        (
            "the reply has another text",
            "bot",
            vec![own, ("m", "assistant", "Պատվերը չեղարկվեց", 6)],
            INCOMPLETE,
        ),
        (
            "the reply has another role",
            "bot",
            vec![own, ("m", "supervisor", RECEIVED, 6)],
            INCOMPLETE,
        ),
        (
            "the reply was known before",
            "bot",
            vec![own, ("m0", "assistant", RECEIVED, 6)],
            INCOMPLETE,
        ),
        (
            "only another message of the user",
            "bot",
            vec![("u", "user", "Այո", 5), reply],
            INCOMPLETE,
        ),
        (
            "another message of the user after it",
            "bot",
            vec![
                own,
                ("v", "user", "Այո", 6),
                ("m", "assistant", RECEIVED, 7),
            ],
            INCOMPLETE,
        ),
        (
            "the message appears twice, but was sent once",
            "bot",
            vec![own, ("v", "user", ASKED, 4), reply],
            INCOMPLETE,
        ),
        ("no user messages, one candidate", "bot", vec![reply], found),
        (
            "no user messages, two candidates",
            "bot",
            vec![
                reply,
                ("n", "assistant", "Պատվերը ճանապարհին է Երևան, վաղը", 7),
            ],
            INCOMPLETE,
        ),
        (
            "no user messages, with two clocks",
            "bot",
            vec![("m0", "assistant", "Ողջույն", 3), reply],
            INCOMPLETE,
        ),
        (
            "no user messages, an old candidate",
            "bot",
            vec![("m", "assistant", RECEIVED, 1)],
            INCOMPLETE,
        ),
    ] {
        let mut world = begun();
        assert_eq!(
            cut_reply_and_search(&mut world, ASKED, RECEIVED, state, &messages),
            end,
            "{why}"
        );
    }
}

#[test]
fn a_greeting_is_not_taken_for_the_reply() {
    let greeting: Listed<'_> = ("g", "assistant", "Ողջույն 👋 Ինչո՞վ օգնեմ", 1);
    for messages in [
        vec![greeting],
        vec![greeting, ("u", "user", ASKED, 1)],
        vec![("u", "user", ASKED, 2), greeting],
    ] {
        let mut world = World::new();
        world.send(ASKED);
        world.stream(&format!("{}{}", meta("c"), delta("Ողջույն 👋 ")));
        world.end(Role::Chat);
        assert_eq!(
            search(&mut world, &page("bot", &messages)),
            INCOMPLETE,
            "{messages:?}"
        );
    }
}

#[test]
fn a_stored_reply_of_a_cancelled_turn_is_not_taken_for_the_next_reply() {
    let old = "Պատվերը ճանապարհին է Երևան, շուտով";
    let new = "Պատվերը ճանապարհին է Գյումրի";
    let questions = [("u1", "user", ASKED, 5), ("u2", "user", "Իսկ մյո՞ւսը", 8)];
    for (why, replies, so_far, end) in [
        (
            "the old reply is stored in time",
            vec![("a", "assistant", old, 6)],
            "Պատվերը ",
            INCOMPLETE,
        ),
        (
            "the old reply is stored late",
            vec![("a", "assistant", old, 9)],
            "Պատվերը ",
            INCOMPLETE,
        ),
        (
            "both replies are stored, with different texts",
            vec![("a", "assistant", old, 9), ("b", "assistant", new, 10)],
            "Պատվերը ",
            "recovered b: Պատվերը ճանապարհին է Գյումրի + ճանապարհին է Գյումրի",
        ),
        (
            "both replies are stored, with the same text",
            vec![("a", "assistant", old, 6), ("b", "assistant", old, 9)],
            "Պատվերը ",
            INCOMPLETE,
        ),
    ] {
        let mut world = begun();
        world.send(ASKED);
        world.stream(&delta(RECEIVED));
        world.cancel();
        world.log();
        let messages: Vec<_> = questions.into_iter().chain(replies).collect();
        assert_eq!(
            cut_reply_and_search(&mut world, "Իսկ մյո՞ւսը", so_far, "bot", &messages),
            end,
            "{why}"
        );
    }
}

#[test]
fn if_the_page_has_no_user_messages_all_earlier_turns_must_have_ended() {
    let reply: Listed<'_> = ("m", "assistant", "Այո, վաղը 🚚", 9);
    let mut world = begun();
    world.send(ASKED);
    world.stream(&delta(RECEIVED));
    world.cancel();
    world.log();
    assert_eq!(
        cut_reply_and_search(&mut world, "Վա՞ղը", "Այո", "bot", &[reply]),
        INCOMPLETE
    );

    let mut world = begun();
    world.turn(ASKED, "event: error\ndata: {\"message\":\"սխալ\"}\n\n");
    world.log();
    let found = "recovered m: Այո, վաղը 🚚 + , վաղը 🚚";
    assert_eq!(
        cut_reply_and_search(&mut world, "Վա՞ղը", "Այո", "bot", &[reply]),
        found
    );
}

#[test]
fn a_text_sent_twice_must_appear_twice_in_the_page() {
    let reply: Listed<'_> = ("m", "assistant", "Այո, վաղը 🚚", 9);
    let found = "recovered m: Այո, վաղը 🚚 + , վաղը 🚚";
    let first = ("u1", "user", ASKED, 5);
    let second = ("u2", "user", ASKED, 8);
    for (messages, end) in [
        (vec![first, second, reply], found),
        (vec![reply, second, first], found),
        (vec![first, reply], INCOMPLETE),
        (
            vec![first, second, ("u3", "user", ASKED, 7), reply],
            INCOMPLETE,
        ),
    ] {
        let mut world = begun();
        world.turn(ASKED, "event: error\ndata: {\"message\":\"սխալ\"}\n\n");
        world.log();
        assert_eq!(
            cut_reply_and_search(&mut world, ASKED, "Այո", "bot", &messages),
            end,
            "{messages:?}"
        );
    }
}

#[test]
fn without_text_two_pages_must_show_the_same_reply() {
    let own: Listed<'_> = ("u", "user", ASKED, 5);
    let reply: Listed<'_> = ("m", "assistant", "Այո 🚚", 6);
    let mut world = begun();
    assert_eq!(
        cut_reply_and_search(&mut world, ASKED, "", "bot", &[own, reply]),
        "recovered m: Այո 🚚 + Այո 🚚"
    );

    // A person writes, and takes over a moment later.
    let mut world = begun();
    world.send(ASKED);
    world.fail(Role::Chat, Interrupted(Cause::UNKNOWN));
    world.pass(1.0);
    world.page(&page("bot", &[own, reply]));
    assert_eq!(
        search(&mut world, &page("human", &[own, reply])),
        UNANSWERED
    );
    assert!(world.conversation.is_polling(), "the person is polled for");
}

#[test]
fn after_a_5xx_a_page_without_the_message_ends_the_search() {
    let mut world = begun();
    world.send(ASKED);
    world.answer(Role::Chat, 502, &[], "");
    world.pass(1.0);
    world.page(&page("bot", &[]));
    assert!(!world.conversation.turn_in_progress(), "{}", world.log());
}

#[test]
fn there_is_no_search_in_a_conversation_continued_by_its_id_alone() {
    let saved = Saved::new(ConversationId::new("c").unwrap());
    let old = r#"{"version":1,"conversation_id":"c","state":"bot","cursor":null,"newest":"2026-06-14T10:00:01Z","seen":[["m0",null]]}"#;
    for saved in [saved, Saved::from_json(old).unwrap()] {
        let mut world = World::resume(saved);
        for _ in 0..2 {
            world.send(ASKED);
            world.stream(&delta(RECEIVED));
            world.end(Role::Chat);
            world.pass(100.0);
            let log = world.log();
            assert!(!log.contains("GET") && log.contains(INCOMPLETE), "{log}");
            world.turn("Այո", &done("m1", "bot", 3));
            world.log();
        }
    }
}

#[test]
fn after_a_restart_during_a_turn_its_reply_is_searched_for_and_nothing_is_sent() {
    let messages = [
        ("u", "user", ASKED, 5),
        ("m", "assistant", "Պատվերը ճանապարհին է Երևան, շուտով 🚚", 6),
    ];
    let found = "recovered m: Պատվերը ճանապարհին է Երևան, շուտով 🚚 + շուտով 🚚";
    let restarted = "turn failed: the reply is incomplete: the program ended while the reply came";
    for (messages, end) in [(&messages[..], found), (&messages[..1], restarted)] {
        let mut world = begun();
        world.send(ASKED);
        world.stream(&delta(RECEIVED));
        let saved = world.conversation.save().to_json();
        assert!(!saved.contains(ASKED), "{saved}");
        let mut world = World::resume(Saved::from_json(&saved).unwrap());
        assert!(world.conversation.turn_in_progress());
        assert_eq!(search(&mut world, &page("bot", messages)), end);
        assert!(!world.conversation.turn_in_progress());
    }
}

#[test]
fn after_a_restart_a_message_that_waited_for_a_retry_may_have_been_taken() {
    let mut world = begun();
    world.send(ASKED);
    world.answer(Role::Chat, 429, &[("retry-after", "60")], "");
    let saved = world.conversation.save();
    // The program continues after this save, and sends the message again.
    world.pass(60.0);
    assert_eq!(world.log().matches("POST").count(), 2);
    let mut world = World::resume(saved);
    let end = search(&mut world, &page("bot", &[]));
    let unanswered = "turn failed: no answer came: the connection was lost: the program ended \
                      before the answer came";
    assert_eq!(end, unanswered);
}

#[test]
fn a_message_written_just_before_the_handoff_is_reported() {
    let mut world = begun();
    world.turn(ASKED, &human("Սպասեք", 9));
    world.pass(4.4);
    world.page(&page(
        "human",
        &[
            ("u", "user", ASKED, 5),
            ("p", "assistant", "Ես այստեղ եմ 🙂", 8),
            ("h", "assistant", "Սպասեք", 9),
        ],
    ));
    let log = world.log();
    assert!(log.contains("after=2026-06-14T10:00:01.000Z"), "{log}");
    assert!(log.contains("assistant p: Ես այստեղ եմ 🙂"), "{log}");
    assert_eq!(
        log.matches("Սպասեք").count(),
        1,
        "the text of the event is not repeated: {log}"
    );
}

#[test]
fn the_first_poll_asks_for_all_messages_or_for_those_after_the_human_event() {
    let mut world = World::new();
    world.turn(ASKED, &format!("{}{}", meta("c"), human("Սպասեք", 9)));
    world.pass(4.4);
    let log = world.log();
    assert!(log.ends_with("> GET conversations/c/messages\n"), "{log}");

    let mut world = World::resume(Saved::new(ConversationId::new("c").unwrap()));
    world.turn(ASKED, &human("Սպասեք", 9));
    world.pass(4.4);
    let log = world.log();
    assert!(log.ends_with("after=2026-06-14T10:00:09.000Z\n"), "{log}");
}

#[test]
fn a_poll_does_not_report_a_cut_or_cancelled_reply_again() {
    let mut world = begun();
    world.send("Առաջին");
    world.stream(&delta("Մեկ "));
    world.cancel();
    world.send("Երկրորդ");
    world.stream(&format!("{}{}", delta("Երկու "), human("Սպասեք", 9)));
    world.end(Role::Chat);
    world.log();
    world.pass(4.4);
    world.page(&page(
        "human",
        &[
            ("a", "assistant", "Մեկ երկու երեք", 5),
            ("b", "assistant", "Երկու ", 8),
            ("p", "assistant", "Մեկ րոպե 🙂", 10),
        ],
    ));
    let log = world.log();
    let reported: Vec<_> = log
        .lines()
        .filter(|line| line.contains("assistant"))
        .collect();
    assert_eq!(reported.len(), 1, "{log}");
    assert!(reported[0].contains("Մեկ րոպե 🙂"), "{log}");
}

#[test]
fn an_invalid_message_is_counted_and_hides_no_other() {
    let mut world = begun();
    world.turn(ASKED, &human("Սպասեք", 9));
    world.pass(4.4);
    world.log();
    world.page(
        r#"{"state":"human","messages":[null,{"id":"o","role":"assistant","content":null},
            {"id":"p","role":"assistant","content":"Ես այստեղ եմ 🙂"}]}"#,
    );
    let log = world.log();
    assert!(log.contains("assistant p: Ես այստեղ եմ 🙂"), "{log}");
    assert!(log.contains("Unreadable { messages: 2 }"), "{log}");
}

#[test]
fn events_with_missing_fields_still_end_the_reply_and_begin_the_handoff() {
    let mut world = World::new();
    let reply = format!(
        "event: meta\ndata: {{}}\n\n{}event: done\ndata: {{}}\n\n",
        delta("Բարև 🙂")
    );
    world.turn("Բարև", &reply);
    let log = world.log();
    assert!(
        log.contains("delta Բարև 🙂") && log.contains("turn done"),
        "{log}"
    );

    let mut world = begun();
    world.turn(ASKED, "event: human\ndata: {}\n\n");
    assert!(world.conversation.is_polling(), "{}", world.log());

    let mut world = begun();
    world.turn(ASKED, "event: error\ndata: {\"message\":null}\n\n");
    let log = world.log();
    assert!(
        log.contains("turn failed: the service could not answer, and gave no reason"),
        "{log}"
    );
}

#[test]
fn a_new_conversation_begins_with_the_bot_and_polls_when_a_person_joins() {
    let mut world = begun();
    world.turn(ASKED, &human("Սպասեք", 9));
    world.turn("Այո", &format!("{}{}", meta("d"), done("m2", "human", 12)));
    world.pass(4.4);
    let log = world.log();
    assert!(
        log.contains("state bot") && log.contains("conversations/d/messages"),
        "{log}"
    );
    assert!(world.conversation.is_polling());
}

#[test]
fn the_key_is_hidden_if_an_error_event_repeats_it() {
    let mut world = begun();
    world.turn(
        ASKED,
        "event: error\ndata: {\"message\":\"Բանալին hc_secret սխալ է\"}\n\n",
    );
    let log = world.log();
    assert!(log.contains("turn failed: Բանալին … սխալ է"), "{log}");
}
