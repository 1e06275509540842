//! `Reply`: the events and time limits that end a reply, and the errors that cut it.

use core::time::Duration;

use highchat_proto::failure::Cut;
use highchat_proto::reply::Reply;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Event};

const META: &str = "event: meta\ndata: {\"conversation_id\":\"c\"}\n\n";
const DONE: &str = "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
const PING: &str = "event: ping\ndata: {}\n\n";

fn delta(text: &str) -> String {
    format!("event: delta\ndata: {{\"text\":\"{text}\"}}\n\n")
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_origin(Duration::from_secs(seconds))
}

/// An event in short form.
fn word(event: &Event<'_>) -> String {
    match event {
        Event::Meta { .. } => "meta".into(),
        Event::Delta { text } => format!("delta {text}"),
        Event::Done { .. } => "done".into(),
        Event::Human { message, .. } => format!("human {}", message.as_deref().unwrap_or("-")),
        Event::Error { message } => format!("error {}", message.as_deref().unwrap_or("-")),
        Event::Ping => "ping".into(),
        Event::Unknown { event, .. } => format!("unknown {event}"),
        other => format!("{other:?}"),
    }
}

/// Passes a piece of the body to the reply, and appends the events or the error to the log.
fn feed(reply: &mut Reply, body: &str, now: Instant, log: &mut Vec<String>) {
    let mut input = body.as_bytes();
    loop {
        match reply.advance(&mut input, now) {
            Ok(None) => return,
            Ok(Some(ready)) => match reply.event(ready, now) {
                Ok(event) => log.push(word(&event)),
                Err(cut) => return log.push(format!("{cut:?}")),
            },
            Err(cut) => return log.push(format!("{cut:?}")),
        }
    }
}

fn finish(reply: &mut Reply, log: &mut Vec<String>) {
    loop {
        match reply.finish() {
            Ok(Some(event)) => log.push(word(&event)),
            Ok(None) => return log.push("whole".into()),
            Err(cut) => return log.push(format!("{cut:?}")),
        }
    }
}

/// The log of a reply whose whole body comes in one piece.
fn read(body: &str) -> Vec<String> {
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    let mut log = Vec::new();
    feed(&mut reply, body, Instant::ORIGIN, &mut log);
    if log
        .last()
        .is_none_or(|last| !last.contains("TooLong") && !last.contains("Invalid"))
    {
        finish(&mut reply, &mut log);
    }
    log
}

#[test]
fn only_done_human_and_error_end_a_reply() {
    let human = "event: human\ndata: {\"message\":\"h\",\"ts\":0}\n\n";
    let error = "event: error\ndata: {\"message\":\"e\"}\n\n";
    let unknown = "event: end\ndata: {}\n\n";
    for (body, log) in [
        (
            format!("{META}{}{DONE}", delta("a")),
            vec!["meta", "delta a", "done", "whole"],
        ),
        (
            format!("{}{human}", delta("a")),
            vec!["delta a", "human h", "whole"],
        ),
        (
            format!("{}{error}", delta("a")),
            vec!["delta a", "error e", "whole"],
        ),
        (
            format!("{META}{}", delta("a")),
            vec!["meta", "delta a", "Truncated"],
        ),
        (
            format!("{}{unknown}", delta("a")),
            vec!["delta a", "unknown end", "Truncated"],
        ),
        (
            format!("{}data: [DONE]\n\n", delta("a")),
            vec!["delta a", "unknown ", "Truncated"],
        ),
        (String::new(), vec!["Truncated"]),
        (PING.into(), vec!["ping", "Truncated"]),
    ] {
        assert_eq!(read(&body), log, "{body}");
    }
}

#[test]
fn bytes_after_the_last_event_are_ignored() {
    let body = format!("{DONE}event: delta\ndata: broken\n\n{}", delta("late"));
    assert_eq!(read(&body), ["done", "whole"]);
}

#[test]
fn a_last_event_without_a_blank_line_counts_if_it_is_known_and_complete() {
    let done = DONE.trim_end();
    for (end, log) in [
        (done.to_string(), vec!["delta a", "done", "whole"]),
        (format!("{done}\n"), vec!["delta a", "done", "whole"]),
        (format!("{done}\nda"), vec!["delta a", "done", "whole"]),
        (
            delta("b").trim_end().to_string(),
            vec!["delta a", "delta b", "Truncated"],
        ),
        (
            done[..done.len() - 1].to_string(),
            vec!["delta a", "Truncated"],
        ),
        (
            "event: other\ndata: {}".to_string(),
            vec!["delta a", "Truncated"],
        ),
        ("event: don".to_string(), vec!["delta a", "Truncated"]),
    ] {
        assert_eq!(read(&format!("{}{end}", delta("a"))), log, "{end}");
    }
}

#[test]
fn a_reply_that_is_cut_at_any_byte_is_not_complete() {
    let body = format!("{META}{}{}{DONE}", delta("a"), delta("b"));
    let json_end = body.trim_end().len();
    for cut in 0..body.len() {
        let is_whole = read(&body[..cut]).last().unwrap() == "whole";
        assert_eq!(is_whole, cut >= json_end, "{:?}", &body[..cut]);
    }
}

#[test]
fn invalid_data_of_a_known_event_cuts_the_reply() {
    let body = format!("{}event: delta\ndata: {{\"text\":1}}\n\n{DONE}", delta("a"));
    let log = read(&body);
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[1].starts_with("InvalidEvent"), "{log:?}");
}

#[test]
fn a_cut_reply_stays_cut() {
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    assert_eq!(reply.finish(), Err(Cut::Truncated));
    let mut log = Vec::new();
    feed(&mut reply, DONE, Instant::ORIGIN, &mut log);
    finish(&mut reply, &mut log);
    assert_eq!(log, ["Truncated", "Truncated"]);
    assert!(!reply.is_over());
    assert_eq!(reply.deadline(), None);
    assert_eq!(reply.handle_interruption(), Err(Cut::Truncated));
    assert_eq!(reply.handle_timeout(seconds(1000)), Err(Cut::Truncated));
}

#[test]
fn an_event_past_the_limit_cuts_the_reply() {
    let mut config = Config::default();
    config.event_limit = 64;
    let mut reply = Reply::new(&config, Instant::ORIGIN);
    let mut log = Vec::new();
    feed(&mut reply, &delta("a"), Instant::ORIGIN, &mut log);
    feed(
        &mut reply,
        &delta(&"a".repeat(64)),
        Instant::ORIGIN,
        &mut log,
    );
    assert_eq!(log, ["delta a", "TooLong"]);
}

#[test]
fn the_halves_of_a_surrogate_pair_in_two_deltas_are_joined() {
    for (deltas, log) in [
        (vec![r"a\ud83d", r"\ude00b"], vec!["delta a", "delta 😀b"]),
        (vec![r"a\ud83d"], vec!["delta a", "delta \u{FFFD}"]),
    ] {
        let deltas: String = deltas.iter().map(|text| delta(text)).collect();
        let with_ping = deltas.replacen("\n\n", &format!("\n\n{PING}"), 1);
        let mut whole: Vec<_> = log.clone();
        whole.extend(["done", "whole"]);
        let mut cut = log;
        cut.push("Truncated");
        for body in [&deltas, &with_ping] {
            let without_ping = |log: Vec<String>| -> Vec<String> {
                log.into_iter().filter(|word| word != "ping").collect()
            };
            assert_eq!(
                without_ping(read(&format!("{body}{DONE}"))),
                whole,
                "{body}"
            );
            assert_eq!(without_ping(read(body)), cut, "{body}");
        }
    }
}

#[test]
fn silence_cuts_a_reply_and_any_byte_moves_the_deadline() {
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    let mut log = Vec::new();
    assert_eq!(reply.deadline(), Some(seconds(60)));
    assert_eq!(reply.handle_timeout(seconds(59)), Ok(()));
    feed(&mut reply, ":", seconds(59), &mut log);
    assert_eq!(reply.deadline(), Some(seconds(119)));
    feed(&mut reply, "", seconds(100), &mut log);
    assert_eq!(reply.deadline(), Some(seconds(119)));
    assert_eq!(reply.handle_timeout(seconds(119)), Err(Cut::Idle));
    assert_eq!(log, [""; 0]);
}

#[test]
fn pings_move_the_idle_deadline_but_are_not_progress() {
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    let mut log = Vec::new();
    for at in (30..300).step_by(30) {
        feed(&mut reply, PING, seconds(at), &mut log);
        feed(&mut reply, ": comment\n", seconds(at), &mut log);
        assert_eq!(reply.handle_timeout(seconds(at)), Ok(()));
    }
    assert_eq!(reply.deadline(), Some(seconds(300)));
    assert_eq!(reply.handle_timeout(seconds(300)), Err(Cut::NoProgress));
}

#[test]
fn a_reply_with_pings_and_rare_deltas_can_last_for_hours() {
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    let mut log = Vec::new();
    for at in (30..4 * 3600).step_by(30) {
        let body = if at % 270 == 0 {
            delta("a")
        } else {
            PING.into()
        };
        feed(&mut reply, &body, seconds(at), &mut log);
        assert!(reply.deadline() > Some(seconds(at)), "{at}");
        assert_eq!(reply.handle_timeout(seconds(at)), Ok(()));
    }
    feed(&mut reply, DONE, seconds(4 * 3600), &mut log);
    assert!(reply.is_over());
    assert_eq!(reply.deadline(), None);
    assert_eq!(reply.handle_timeout(seconds(9 * 3600)), Ok(()));
    assert_eq!(reply.handle_interruption(), Ok(()));
}

#[test]
fn the_time_that_the_application_takes_is_not_silence_of_the_service() {
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    let mut log = Vec::new();
    feed(&mut reply, &delta("a"), seconds(10), &mut log);
    reply.resume(seconds(500));
    assert_eq!(reply.deadline(), Some(seconds(560)));
    feed(&mut reply, PING, seconds(510), &mut log);
    assert_eq!(reply.handle_timeout(seconds(510)), Ok(()));
    assert_eq!(reply.deadline(), Some(seconds(570)));
}
