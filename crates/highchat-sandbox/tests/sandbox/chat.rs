use core::time::Duration;
use std::io::Read as _;
use std::time::Instant;

use highchat_sandbox::Sandbox;
use serde_json::json;

use crate::client::{Call, quick, read_until, say, say_in};

#[test]
fn a_reply_is_meta_then_deltas_then_done() {
    let sandbox = quick().start().unwrap();

    let answer = say(&sandbox, "Բարև, ի՞նչ ժամերի եք աշխատում");

    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.names(), ["meta", "delta", "done"]);
    assert_eq!(
        answer.text(),
        "Բարև ձեզ։ Աշխատում ենք երկուշաբթիից շաբաթ՝ ժամը 10:00-ից 20:00-ն։ Կիրակի օրը փակ ենք։"
    );
    let deltas = answer.events().len() - 2;
    assert_eq!(
        deltas,
        answer.text().split(' ').count(),
        "one delta for each word"
    );
    let done = answer.last();
    assert_eq!(done["state"], "bot");
    assert!(done["message_id"].as_str().is_some_and(|id| !id.is_empty()));
    let ts = done["ts"].as_str().unwrap();
    assert!(ts.len() == 24 && ts.ends_with('Z'), "{ts}");
}

#[test]
fn an_event_has_two_lines_and_a_blank_line() {
    let sandbox = quick().start().unwrap();

    let answer = say(&sandbox, "/long 2");

    let id = answer.conversation_id();
    let done = answer.last();
    assert_eq!(
        answer.body,
        format!(
            "event: meta\ndata: {{\"conversation_id\":\"{id}\"}}\n\n\
             event: delta\ndata: {{\"text\":\"Սա \"}}\n\n\
             event: delta\ndata: {{\"text\":\"երկար\"}}\n\n\
             event: done\ndata: {{\"message_id\":{},\"state\":\"bot\",\"ts\":{}}}\n\n",
            done["message_id"], done["ts"],
        )
    );
}

#[test]
fn words_are_sent_one_by_one_with_the_delay_between_them() {
    let delay = Duration::from_millis(30);
    let sandbox = Sandbox::builder().token_delay(delay).start().unwrap();

    let began = Instant::now();
    let mut stream = Call::chat(&json!({ "message": "/long 8" })).open(&sandbox);
    read_until(&mut stream, "event: delta\n");
    let first = began.elapsed();
    read_until(&mut stream, "event: done\n");

    assert!(first >= delay, "{first:?}");
    assert!(began.elapsed() >= delay * 8);
}

#[test]
fn a_silent_stream_has_pings() {
    let sandbox = quick()
        .token_delay(Duration::from_millis(400))
        .ping_interval(Duration::from_millis(50))
        .start()
        .unwrap();

    let answer = say(&sandbox, "/long 2");

    assert_eq!(
        answer.names(),
        ["meta", "ping", "delta", "ping", "delta", "done"]
    );
    assert!(answer.body.contains("event: ping\ndata: {}\n\n"));
}

#[test]
fn without_a_ping_interval_a_stream_has_no_pings() {
    let sandbox = quick()
        .token_delay(Duration::from_millis(100))
        .ping_interval(Duration::ZERO)
        .start()
        .unwrap();

    assert_eq!(say(&sandbox, "/long 2").names(), ["meta", "delta", "done"]);
}

#[test]
fn a_missing_or_null_id_begins_a_conversation_and_a_known_id_continues_one() {
    let sandbox = quick().start().unwrap();

    let missing = say(&sandbox, "ա").conversation_id();
    let null = Call::chat(&json!({ "message": "ա", "conversation_id": null }))
        .send(&sandbox)
        .conversation_id();
    let known = say_in(&sandbox, &missing, "բ").conversation_id();

    assert_ne!(missing, null);
    assert_eq!(missing, known);
}

#[test]
fn a_connection_serves_several_requests() {
    let sandbox = quick().start().unwrap();
    let call = Call::chat(&json!({ "message": "/long 3" }));

    let mut stream = call.clone().open(&sandbox);
    let first = read_until(&mut stream, "\r\n0\r\n\r\n");
    std::io::Write::write_all(&mut stream, &call.header("connection", "close").bytes()).unwrap();
    let mut second = String::new();
    stream.read_to_string(&mut second).unwrap();

    for answer in [first, second] {
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("event: done"), "{answer}");
    }
}
