//! Handoffs and ratings: `watch`, `ask --wait` and `rate`.

use core::time::Duration;
use std::time::Instant;

use highchat_sandbox::{Person, Sandbox};

use crate::support::{self, *};

const FAST_POLLS: &str = "--poll-interval=0.05";

#[test]
fn watch_prints_all_messages_except_the_users_until_the_bot_is_back() {
    let service = || {
        play_each([
            page("human", &[("user", "հարց"), ("assistant", "մեկ\n")]),
            page(
                "bot",
                &[("user", "հարց"), ("assistant", "մեկ\n"), ("agent", "երկու")],
            ),
        ])
    };
    let arguments = ["c1", "--after", "2026-06-14T09:00:00+04:00", FAST_POLLS];
    let played = service();
    let text = run(to("watch", played.base_url(), &arguments));
    assert_eq!(text.status, Some(0), "{text:?}");
    assert_eq!(text.stdout, "մեկ\nերկու\n");
    assert!(text.stderr.contains("the bot is back"), "{}", text.stderr);
    assert_eq!(
        request_lines(&played),
        [
            "GET /v1/conversations/c1/messages?after=2026-06-14T09%3A00%3A00%2B04%3A00",
            "GET /v1/conversations/c1/messages?after=2026-06-14T10%3A00%3A02Z",
        ]
    );

    let played = service();
    let json = run(to(
        "watch",
        played.base_url(),
        &["c1", FAST_POLLS, "--json"],
    ));
    assert_eq!(
        json.stdout.lines().collect::<Vec<_>>(),
        [
            r#"{"type":"message","id":"p1","role":"assistant","content":"մեկ\n","created_at":"2026-06-14T10:00:02Z"}"#,
            r#"{"type":"message","id":"p2","role":"agent","content":"երկու","created_at":"2026-06-14T10:00:03Z"}"#,
            r#"{"type":"state","state":"bot"}"#,
            r#"{"type":"end","outcome":"complete","exit_code":0,"conversation_id":"c1","state":"bot"}"#,
        ]
    );
    assert_eq!(
        request_lines(&played)[0],
        "GET /v1/conversations/c1/messages",
        "without `after` on the first poll"
    );
}

#[test]
fn watch_continues_after_transient_failures_and_ends_on_others() {
    let failed = || answer("502 Bad Gateway", "", "");
    let closed = page("closed", &[("agent", "վերջ")]);
    let service = play_each([failed(), closed]);
    let json = run(to(
        "watch",
        service.base_url(),
        &["c1", FAST_POLLS, "--json"],
    ));
    assert_eq!(json.status, Some(0), "{json:?}");
    assert!(
        json.stdout.starts_with(r#"{"type":"delayed","seconds":0."#),
        "{}",
        json.stdout
    );
    assert!(json.stdout.contains(r#","reason":"transient"}"#));
    assert!(
        json.stderr.contains("the conversation is closed"),
        "{}",
        json.stderr
    );

    for (status, code, exit) in [
        ("404 Not Found", "not_found", 6),
        ("401 Unauthorized", "unauthenticated", 4),
    ] {
        let service = play(refusal(status, "", code, "Չկա"));
        let text = run(to("watch", service.base_url(), &["c1", FAST_POLLS]));
        assert_eq!(text.status, Some(exit), "{text:?}");
        assert!(text.stderr.contains("error: Չկա"), "{}", text.stderr);
        assert_eq!(service.connections(), 1);
    }
    for arguments in [vec![], vec!["c1", "--after", "now"], vec![".."]] {
        let run = run(to("watch", "http://127.0.0.1:9", &arguments));
        assert_eq!(run.status, Some(2), "{arguments:?}: {run:?}");
    }
}

#[test]
fn terminal_controls_in_a_persons_message_are_removed() {
    let service = play(page("bot", &[("assistant", "a\u{1b}[31mb\u{202e}c")]));
    let text = run(to("watch", service.base_url(), &["c1"]));
    assert_eq!(text.stdout, "abc\n");
}

#[test]
fn ask_with_wait_prints_the_persons_messages_until_the_bot_is_back() {
    let sandbox = quick_sandbox();
    let text = run(to(
        "ask",
        sandbox.base_url(),
        &["/human", "--wait", FAST_POLLS],
    ));
    assert_eq!(text.status, Some(0), "{text:?}");
    let lines: Vec<_> = text.stdout.lines().collect();
    assert_eq!(lines[1..], ["Ես Արամն եմ", "Ցտեսություն"]);
    assert!(text.stderr.contains("the bot is back"), "{}", text.stderr);

    let arguments = ["/pending", "--wait=30", FAST_POLLS, "--json"];
    let json = run(to("ask", sandbox.base_url(), &arguments));
    assert_eq!(json.status, Some(0), "{json:?}");
    let states: Vec<_> = json
        .stdout
        .lines()
        .filter(|line| line.starts_with(r#"{"type":"state""#))
        .collect();
    assert_eq!(
        states,
        [
            r#"{"type":"state","state":"pending_human"}"#,
            r#"{"type":"state","state":"human"}"#,
            r#"{"type":"state","state":"bot"}"#,
        ]
    );
    let no_handoff = run(to("ask", sandbox.base_url(), &["a", "--wait"]));
    assert_eq!(no_handoff.status, Some(0));
    assert_eq!(no_handoff.stderr, "");
}

#[test]
fn a_wait_that_ends_prints_a_watch_command_that_misses_and_repeats_nothing() {
    let person = Person::absent()
        .says(Duration::from_millis(200), "մեկ")
        .says(Duration::from_millis(2500), "երկու")
        .hands_back(Duration::from_millis(2600));
    let sandbox = Sandbox::builder().key(KEY).person(person).start().unwrap();
    let start = Instant::now();
    let arguments = ["/human", "--wait=1.5", FAST_POLLS];
    let text = run(to("ask", sandbox.base_url(), &arguments));
    assert!(start.elapsed() >= Duration::from_millis(1500));
    assert_eq!(text.status, Some(0), "{text:?}");
    assert!(text.stdout.ends_with("\nմեկ\n"), "{}", text.stdout);
    let hint = text.stderr.trim_end().split("highchat watch ").nth(1);
    let words: Vec<_> = hint.unwrap().split(' ').collect();
    assert_eq!(words[1], "--after", "{}", text.stderr);
    let text = run(to(
        "watch",
        sandbox.base_url(),
        &[&words, &[FAST_POLLS][..]].concat(),
    ));
    assert_eq!(text.status, Some(0), "{text:?}");
    assert_eq!(text.stdout, "երկու\n");
}

#[test]
fn a_handoff_in_a_private_sandbox_hints_at_wait_and_chat() {
    let run = run(highchat(["ask", "--sandbox", "/human"]));
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stderr.contains("ask --wait"), "{}", run.stderr);
    assert!(!run.stderr.contains("highchat watch"), "{}", run.stderr);
}

#[test]
fn a_watch_that_a_signal_ends_prints_its_end_line() {
    let sandbox = Sandbox::builder()
        .key(KEY)
        .person(Person::absent())
        .start()
        .unwrap();
    let asked = run(to("ask", sandbox.base_url(), &["/human", "--json"]));
    let end: serde_json::Value =
        serde_json::from_str(asked.stdout.lines().last().unwrap()).unwrap();
    let id = end["conversation_id"].as_str().unwrap();
    let mut command = to("watch", sandbox.base_url(), &[id, "--json", FAST_POLLS]);
    let child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let polls = |at_least| {
        let polls = || {
            let requests = sandbox.requests();
            let polls = requests.iter().filter(|request| request.method == "GET");
            polls.count()
        };
        until(|| polls() >= at_least);
    };
    polls(2);
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.status, Some(143));
    assert!(
        run.stdout.ends_with(&format!(
            "{{\"type\":\"end\",\"outcome\":\"cancelled\",\"exit_code\":143,\"conversation_id\":\"{id}\"}}\n"
        )),
        "{}",
        run.stdout
    );
}

#[test]
fn each_name_of_a_rating_is_accepted() {
    for (arguments, body) in [
        (vec!["c1", "up"], r#"{"rating":1}"#),
        (vec!["c1", "1"], r#"{"rating":1}"#),
        (vec!["c1", "0"], r#"{"rating":0}"#),
        (
            vec!["c1", "down", "--comment", "երկար էր"],
            r#"{"rating":0,"comment":"երկար էր"}"#,
        ),
    ] {
        let service = play(answer("200 OK", "", ""));
        let run = run(to("rate", service.base_url(), &arguments));
        assert_eq!(run.status, Some(0), "{run:?}");
        assert_eq!(run.stdout, "");
        assert_eq!(support::body(&service), body);
        assert_eq!(
            request_lines(&service),
            ["POST /v1/conversations/c1/rating"]
        );
    }
    for arguments in [vec!["c1"], vec!["c1", "2"], vec!["c1", "good"], vec!["up"]] {
        let run = run(to("rate", "http://127.0.0.1:9", &arguments));
        assert_eq!(run.status, Some(2), "{arguments:?}: {run:?}");
    }
}

#[test]
fn a_failed_rating_is_repeated_within_attempts_and_gives_a_status() {
    let failed = || answer("500 Internal Server Error", "", "");
    let service = play_each([failed(), answer("204 No Content", "", "")]);
    let json = run(to("rate", service.base_url(), &["c1", "up", "--json"]));
    assert_eq!(json.status, Some(0), "{json:?}");
    let lines: Vec<_> = json.stdout.lines().collect();
    assert!(lines[0].starts_with(r#"{"type":"delayed","#), "{lines:?}");
    assert_eq!(
        lines[1],
        r#"{"type":"end","outcome":"complete","exit_code":0,"conversation_id":"c1","state":"bot"}"#
    );
    for (answer, status, hint) in [
        (failed(), 8, "you can safely rate again"),
        (
            refusal("404 Not Found", "", "not_found", "Չկա"),
            6,
            "check the id",
        ),
        (
            refusal("401 Unauthorized", "", "unauthenticated", "Չէ"),
            4,
            "check the key",
        ),
        (
            refusal("429 Too Many Requests", "", "rate_limited", "Շատ"),
            5,
            "did not take the rating",
        ),
        (String::new(), 3, "you can safely rate again"),
    ] {
        let service = play(answer);
        let text = run(to(
            "rate",
            service.base_url(),
            &["c1", "up", "--attempts=1"],
        ));
        assert_eq!(text.status, Some(status), "{text:?}");
        assert!(text.stderr.contains(hint), "{}", text.stderr);
        assert_eq!(service.connections(), 1);
    }
}
