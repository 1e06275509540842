//! Further attempts after a failure, and recovery of a cut reply.

use highchat_sandbox::Playback;

use crate::support::*;

fn limited() -> String {
    let headers = "retry-after: 0\r\n";
    refusal("429 Too Many Requests", headers, "rate_limited", "Փորձեք")
}

#[test]
fn a_rate_limited_message_is_sent_again_within_attempts() {
    let service = play_each([
        limited(),
        limited(),
        stream(&format!("{}{DONE}", delta("a"))),
    ]);
    let json = run(ask(&service, &["a", "--json"]));
    assert_eq!(json.status, Some(0), "{json:?}");
    let delayed = r#"{"type":"delayed","seconds":0.0,"reason":"rate_limited"}"#;
    let lines: Vec<_> = json.stdout.lines().collect();
    assert_eq!(lines[..2], [delayed; 2]);
    assert_eq!(lines[2], r#"{"type":"delta","text":"a"}"#);

    for (attempts, connections) in [("1", 1), ("2", 2), ("3", 3)] {
        let service = play_each([limited(), limited(), limited(), stream(DONE)]);
        let text = run(ask(&service, &["a", "--attempts", attempts]));
        assert_eq!(text.status, Some(5), "{text:?}");
        assert_eq!(text.stdout, "");
        assert_eq!(
            text.stderr.matches("note: too many messages").count(),
            connections - 1
        );
        assert_eq!(service.connections(), connections);
    }
    let service = play_each([]);
    assert_eq!(run(ask(&service, &["a", "--attempts=0"])).status, Some(2));
}

#[test]
fn an_unreachable_service_is_tried_again() {
    let gone = play("").base_url().to_string();
    let json = run(to("ask", &gone, &["a", "--json", "--attempts=2"]));
    assert_eq!(json.status, Some(7), "{json:?}");
    let lines: Vec<_> = json.stdout.lines().collect();
    let [delayed, error, end] = lines[..] else {
        panic!("{lines:#?}");
    };
    let seconds = delayed
        .strip_prefix(r#"{"type":"delayed","seconds":"#)
        .and_then(|rest| rest.strip_suffix(r#","reason":"not_sent"}"#))
        .unwrap_or_else(|| panic!("{delayed}"));
    assert!((0.45..=0.55).contains(&seconds.parse::<f64>().unwrap()));
    assert_eq!(end, r#"{"type":"end","outcome":"failed","exit_code":7}"#);
    let place = gone.trim_start_matches("http://");
    let start = format!(
        r#"{{"type":"error","kind":"unreachable","message":"the service could not be reached: {place}: "#
    );
    let cause = error
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{error}"));
    assert!(cause.to_lowercase().contains("refused"), "{error}");
}

fn cut() -> String {
    stream(&format!("{}{}", meta("c1"), delta("մեկ ")))
}

fn cut_then(answer: String) -> Playback {
    play_each([cut(), answer])
}

#[test]
fn a_cut_reply_is_read_back_and_printed_once() {
    let found = || cut_then(page("bot", &[("user", "a"), ("assistant", "մեկ երկու\n")]));
    let service = found();
    let text = run(ask(&service, &["a"]));
    assert_eq!(text.status, Some(0), "{text:?}");
    assert_eq!(text.stdout, "մեկ երկու\n");
    assert!(
        text.stderr.contains("checking for up to 20 s"),
        "{}",
        text.stderr
    );
    assert_eq!(
        request_lines(&service),
        ["POST /v1/chat", "GET /v1/conversations/c1/messages"],
        "the message is not sent again"
    );

    let json = run(ask(&found(), &["a", "--json"]));
    assert_eq!(
        json.stdout.lines().collect::<Vec<_>>(),
        [
            r#"{"type":"meta","conversation_id":"c1"}"#,
            r#"{"type":"delta","text":"մեկ "}"#,
            r#"{"type":"recovered","message_id":"p1","text":"մեկ երկու\n"}"#,
            r#"{"type":"end","outcome":"complete","exit_code":0,"conversation_id":"c1","state":"bot"}"#,
        ]
    );
}

#[test]
fn a_cut_reply_that_is_not_found_is_incomplete() {
    let service = cut_then(refusal("404 Not Found", "", "not_found", "Չկա"));
    let text = run(ask(&service, &["a"]));
    assert_eq!(text.status, Some(3), "{text:?}");
    assert_eq!(text.stdout, "մեկ \n");
    for part in [
        "error: the reply is incomplete",
        "not sent again",
        "--conversation c1",
    ] {
        assert!(text.stderr.contains(part), "{}", text.stderr);
    }
    assert_eq!(service.connections(), 2);
}

#[test]
fn a_reply_recovered_in_a_handoff_reports_the_state() {
    let service = cut_then(page(
        "pending_human",
        &[("user", "a"), ("assistant", "մեկ երկու")],
    ));
    let json = run(ask(&service, &["a", "--json"]));
    assert_eq!(json.status, Some(0), "{json:?}");
    assert!(
        json.stdout
            .contains("{\"type\":\"state\",\"state\":\"pending_human\"}\n{\"type\":\"end\""),
        "{}",
        json.stdout
    );
    // The conversation began with this turn, so the hint needs no time.
    let hint = "highchat watch c1\n";
    assert!(json.stderr.ends_with(hint), "{}", json.stderr);
}
