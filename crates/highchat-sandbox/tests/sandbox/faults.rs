use core::time::Duration;
use std::io::{ErrorKind, Read as _};
use std::time::Instant;

use highchat_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::client::{Call, eventually, quick, read_until, say, say_in, transcript};

/// Sends a message. Returns all bytes of the answer, and the error at the end of the connection.
fn raw(sandbox: &Sandbox, message: &str) -> (String, Option<ErrorKind>) {
    let call = Call::chat(&json!({ "message": message })).header("connection", "close");
    let mut received = Vec::new();
    let ended = call.open(sandbox).read_to_end(&mut received);
    let received = String::from_utf8_lossy(&received).into_owned();
    (received, ended.err().map(|error| error.kind()))
}

/// The text of `/long 3` without a fault.
const TEXT: &str = "Սա երկար պատասխան";

#[test]
fn faults_change_the_bytes_of_a_reply() {
    let sandbox = quick().start().unwrap();
    for (fault, part) in [
        ("cr-lf", "event: meta\r\ndata: {\"conversation_id\""),
        ("lone-cr", "event: meta\rdata: {\"conversation_id\""),
        ("bom", "\u{feff}event: meta\n"),
        (
            "comments",
            ": before the event\nevent: meta\n:\n:data: {}\ndata: {",
        ),
        (
            "multi-line-data",
            "event: delta\ndata: {\ndata:   \"text\": \"Սա \"\ndata: }\n\n",
        ),
        ("no-space", "event:meta\ndata:{\"conversation_id\""),
        ("invalid-utf-8", "data: {\"text\":\"պատասխան\u{fffd}\"}\n\n"),
        ("split-pair", "data: {\"text\":\"\\ud83d\"}\n\n"),
        (
            "unknown-event",
            "event: typing\ndata: {\"who\":\"bot\"}\n\n",
        ),
        ("broken-json", "data: {\"text\":\"պատասխան\"\n\n"),
        ("missing-field", "data: {\"words\":\"պատասխան\"}\n\n"),
        (
            "extra-fields",
            "\"text\":\"Սա \",\"usage\":{\"tokens\":[1,null,\"x\"]},\"v\":2}",
        ),
        (
            "bytes-after-done",
            "data: {\"text\":\"[after the end]\"}\n\n\0\u{fffd} data:",
        ),
        ("huge-event:300000", &"x".repeat(60_000)),
        ("wrong-type", "content-type: text/plain"),
        ("gzip", "content-encoding: gzip\r\n"),
        ("close-delimited", "HTTP/1.0 200 OK\r\n"),
    ] {
        let (received, error) = raw(&sandbox, &format!("/fault {fault} /long 3"));
        assert!(received.contains(part), "{fault}: {received}");
        assert_eq!(error, None, "{fault}");
    }
}

#[test]
fn faults_leave_parts_of_a_reply_out() {
    let sandbox = quick().start().unwrap();
    for (fault, absent) in [
        ("no-meta", "event: meta"),
        ("no-done", "event: done"),
        ("no-last-blank-line", "Z\"}\n\n"),
    ] {
        let (received, error) = raw(&sandbox, &format!("/fault {fault} /long 3"));
        assert!(!received.contains(absent), "{fault}: {received}");
        assert!(received.contains("երկար"), "{fault}: {received}");
        assert!(received.ends_with("0\r\n\r\n"), "a proper end: {fault}");
        assert_eq!(error, None, "{fault}");
    }
}

#[test]
fn a_cut_is_in_the_middle_of_a_delta_and_the_reply_is_stored() {
    let sandbox = quick().start().unwrap();

    let (received, error) = raw(&sandbox, "/fault cut /long 3");

    assert!(
        received.ends_with("event: delta\ndata: {\"tex\r\n"),
        "{received}"
    );
    assert_eq!(error, None);
    let id = received.split("conversation_id\":\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    assert!(eventually(|| transcript(&sandbox, id).1.len() == 2));
    assert_eq!(transcript(&sandbox, id).1[1].1, TEXT);
}

#[test]
fn an_answer_ends_after_the_given_number_of_bytes() {
    let sandbox = quick().start().unwrap();
    let (whole, _) = raw(&sandbox, "/long 3");
    for length in [0, 1, 40, 300, whole.len() + 1] {
        let call = Call::chat(&json!({ "message": format!("/fault cut:{length} /long 3") }));
        let mut received = Vec::new();
        let stream = call.header("connection", "close").open(&sandbox);
        let ended = { stream }.read_to_end(&mut received);
        assert!(ended.is_ok(), "{length}: {ended:?}");
        assert_eq!(received.len(), length.min(whole.len()), "{length}");
    }
}

#[test]
fn a_reset_is_an_error_for_the_client() {
    let sandbox = quick().start().unwrap();

    let (received, error) = raw(&sandbox, "/fault reset /long 3");

    assert!(received.ends_with("{\"tex\r\n"), "{received}");
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_stall_lasts_until_the_client_leaves() {
    let sandbox = quick()
        .ping_interval(Duration::from_millis(20))
        .start()
        .unwrap();
    for fault in ["stall", "stall:100", "stall-pings", "no-end"] {
        let call = Call::chat(&json!({ "message": format!("/fault {fault} /long 3") }));
        let mut stream = call.open(&sandbox);
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let mut received = Vec::new();
        let mut chunk = [0; 4096];
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(300) {
            match stream.read(&mut chunk) {
                Ok(0) => panic!("{fault}: it ended"),
                Ok(length) => received.extend_from_slice(&chunk[..length]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{fault}"),
            }
        }
        let received = String::from_utf8_lossy(&received);
        let pings = received.matches("event: ping").count();
        match fault {
            "stall" => assert!(received.ends_with("{\"tex\r\n"), "{received}"),
            "stall:100" => assert_eq!(received.len(), 100),
            "no-end" => assert!(received.contains("event: done") && pings > 1, "{received}"),
            _ => assert!(!received.contains("event: done") && pings > 1, "{received}"),
        }
        // This short reply is complete in the buffers.
        let open = usize::from(fault != "stall:100");
        assert_eq!(sandbox.open_replies(), open, "{fault}");

        drop(stream);

        assert!(eventually(|| sandbox.open_replies() == 0), "{fault}");
    }
}

#[test]
fn an_answer_with_a_slow_head_is_complete() {
    let sandbox = quick().start().unwrap();
    let began = Instant::now();

    let answer = say(&sandbox, "/fault slow-head:300 /long 3");

    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(answer.text(), TEXT);
}

#[test]
fn an_answer_in_single_bytes_is_the_same() {
    let sandbox = quick().start().unwrap();

    let text = say(&sandbox, "/fault one-byte /long 300").text();

    assert_eq!(text, say(&sandbox, "/long 300").text());
}

#[test]
fn a_message_is_refused_once_and_accepted_when_it_is_sent_again() {
    let sandbox = quick().start().unwrap();
    for (fault, status, header) in [
        ("429", 429, None),
        ("429-seconds", 429, Some(("retry-after", "1"))),
        ("429-seconds:7", 429, Some(("retry-after", "7"))),
        (
            "500-html",
            500,
            Some(("content-type", "text/html; charset=utf-8")),
        ),
        ("502-empty", 502, Some(("content-length", "0"))),
        ("204-empty", 204, None),
        (
            "json-error-200",
            200,
            Some(("content-type", "application/json; charset=utf-8")),
        ),
    ] {
        let message = format!("/fault {fault},no-space /long 3");
        let refused = say(&sandbox, &message);
        assert_eq!(refused.status, status, "{fault}");
        if let Some((name, value)) = header {
            assert_eq!(refused.header(name), Some(value), "{fault}");
        }
        if status == 429 {
            assert_eq!(refused.code(), "rate_limited");
        }
        assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
        let (accepted, _) = raw(&sandbox, &message);
        assert!(accepted.contains("event:done"), "{fault}: {accepted}");
    }
}

#[test]
fn a_retry_after_date_is_relative_to_the_date_of_the_answer() {
    let sandbox = quick().start().unwrap();

    let refused = say(&sandbox, "/fault 429-date:90");

    let seconds = |name| {
        let date = refused.header(name).unwrap();
        let (_, time) = date.split_once(':').unwrap();
        let minute: u32 = date[..date.find(':').unwrap() + 3][20..].parse().unwrap();
        minute * 60 + time[3..5].parse::<u32>().unwrap()
    };
    assert_eq!((seconds("retry-after") + 3600 - seconds("date")) % 3600, 90);
}

#[test]
fn a_redirect_leads_to_another_host_name_and_following_it_is_recorded() {
    let sandbox = quick().start().unwrap();

    let refused = say(&sandbox, "/fault redirect");

    let port = sandbox.addr().port();
    let location = format!("http://localhost:{port}/v1/redirected");
    assert_eq!(refused.status, 307);
    assert_eq!(refused.header("location"), Some(&*location));
    assert_eq!(
        Call::new("POST", "/v1/redirected").send(&sandbox).status,
        404
    );
    assert_eq!(sandbox.requests()[1].path, "/v1/redirected");
}

#[test]
fn a_message_may_be_refused_several_times() {
    let sandbox = quick().start().unwrap();
    let statuses = [(); 4].map(|()| say(&sandbox, "/fault 429x2,502-empty").status);

    assert_eq!(statuses, [429, 429, 502, 200]);
    assert_eq!(say(&sandbox, "/fault 429").status, 429);
    assert_eq!(say(&sandbox, "/fault 429").status, 200);
}

#[test]
fn an_injected_fault_applies_only_to_the_next_reply() {
    let sandbox = quick().start().unwrap();
    sandbox.inject([Fault::TooMany, Fault::CrLf]);

    assert_eq!(say(&sandbox, "ա").status, 429);
    assert!(raw(&sandbox, "ա").0.contains("event: meta\r\n"));
    assert!(!raw(&sandbox, "ա").0.contains("event: meta\r\n"));
}

#[test]
fn a_fault_of_the_builder_applies_to_every_reply() {
    let sandbox = quick()
        .fault(Fault::CrLf)
        .fault(Fault::Bom)
        .start()
        .unwrap();

    for _ in 0..3 {
        assert!(raw(&sandbox, "ա").0.contains("\u{feff}event: meta\r\n"));
    }
}

#[test]
fn faults_can_be_combined_and_apply_to_a_handoff_too() {
    let sandbox = quick().start().unwrap();

    let (received, _) = raw(&sandbox, "/fault cr-lf,comments,one-byte /human");

    assert!(received.contains("event: human\r\n:\r\n:data: {}\r\ndata: {\"message\""));
}

#[test]
fn a_fault_command_without_a_name_is_answered_with_the_names() {
    let sandbox = quick().start().unwrap();
    for message in ["/fault", "/fault /long 3"] {
        let text = say(&sandbox, message).text();
        for fault in Fault::ALL {
            let amount = fault.amount().map(|amount| format!("[:{amount}]"));
            let amount = amount.unwrap_or_default();
            let line = format!("\n{}{amount}: {}", fault.name(), fault.line());
            assert!(text.contains(&line), "{message}: {line}");
        }
    }
}

/// Returns a conversation after a handoff, in which the person writes `ա` and `բ`.
fn handed_over(faults: &str) -> (Sandbox, String) {
    let person = highchat_sandbox::Person::absent()
        .says(Duration::ZERO, "ա")
        .says(Duration::ZERO, "բ");
    let sandbox = quick().person(person).start().unwrap();
    let answer = say(&sandbox, &format!("/fault {faults}"));
    assert_eq!(answer.names(), ["meta", "human"]);
    let id = answer.conversation_id();
    (sandbox, id)
}

fn poll(sandbox: &Sandbox, id: &str) -> Value {
    Call::messages(id)
        .query("after=2000-01-01T00:00:00Z")
        .send(sandbox)
        .json()
}

/// Returns the texts of a page, without commands.
fn texts(page: &Value) -> Vec<&str> {
    let messages = page["messages"].as_array().unwrap();
    let contents = messages
        .iter()
        .map(|message| message["content"].as_str().unwrap());
    contents
        .filter(|content| !content.starts_with('/'))
        .collect()
}

#[test]
fn polls_fail_as_often_as_requested() {
    let (sandbox, id) = handed_over("poll-500,poll-429:5x2,poll-404");
    let statuses = [(); 5].map(|()| Call::messages(&id).send(&sandbox).status);

    assert_eq!(statuses, [500, 429, 429, 404, 200]);
    let journal = sandbox.requests();
    assert_eq!(journal[2].retry_after.as_ref().unwrap(), "5");
}

#[test]
fn faults_change_the_page_of_a_poll() {
    let (sandbox, id) = handed_over("poll-duplicates");
    assert!(eventually(|| texts(&poll(&sandbox, &id)).len() == 4));
    assert_eq!(texts(&poll(&sandbox, &id)), ["ա", "ա", "բ", "բ"]);
    assert_eq!(texts(&poll(&sandbox, &id)), ["ա", "ա", "բ", "բ"]);

    let (sandbox, id) = handed_over("poll-out-of-order");
    assert!(eventually(|| texts(&poll(&sandbox, &id)).len() == 2));
    assert_eq!(texts(&poll(&sandbox, &id)), ["բ", "ա"]);

    let (sandbox, id) = handed_over("poll-same-timestamp");
    assert!(eventually(|| texts(&poll(&sandbox, &id)).len() == 2));
    let page = poll(&sandbox, &id);
    let times = page["messages"].as_array().unwrap();
    assert_eq!(times[0]["created_at"], times[1]["created_at"]);

    let (sandbox, id) = handed_over("poll-unknown-state");
    assert_eq!(poll(&sandbox, &id)["state"], "on_hold");
    assert_eq!(poll(&sandbox, &id)["state"], "human");
}

/// Returns the texts of the valid messages.
fn readable_texts(entries: &[Value]) -> Vec<&str> {
    let is_message = |entry: &&Value| {
        let mut fields = ["id", "role", "content"].iter();
        fields.all(|name| entry[name].is_string())
    };
    let messages = entries.iter().filter(is_message);
    messages
        .map(|message| message["content"].as_str().unwrap())
        .collect()
}

#[test]
fn invalid_entries_surround_the_messages_of_a_page() {
    let (sandbox, id) = handed_over("poll-odd-message");
    let entries = || poll(&sandbox, &id)["messages"].as_array().unwrap().clone();
    let whole = ["/fault poll-odd-message", "ա", "բ"];
    assert!(eventually(|| readable_texts(&entries()) == whole));
    let entries = entries();
    assert_eq!(readable_texts(&entries), whole, "every time");
    assert!(entries[0].is_null());
    let objects = || entries.iter().filter_map(Value::as_object);
    for name in ["id", "role", "content"] {
        assert!(objects().any(|entry| !entry.contains_key(name)), "{name}");
        let mut values = objects().filter_map(|entry| entry.get(name));
        assert!(values.any(Value::is_null), "{name}");
    }
}

#[test]
fn faults_that_repeat_messages_ignore_after() {
    let (sandbox, id) = handed_over("poll-same-timestamp");
    assert!(eventually(|| texts(&poll(&sandbox, &id)).len() == 2));
    let late = "after=2100-01-01T00:00:00Z";

    let page = Call::messages(&id).query(late).send(&sandbox).json();

    assert_eq!(texts(&page), ["ա", "բ"]);
    let other = say(&sandbox, "/human").conversation_id();
    let page = Call::messages(&other).query(late).send(&sandbox).json();
    assert_eq!(texts(&page), [""; 0]);
}

#[test]
fn injected_faults_of_polls_apply_to_any_conversation() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();
    sandbox.inject(Fault::Poll500);

    assert_eq!(say_in(&sandbox, &id, "բ").status, 200);
    assert_eq!(Call::messages(&id).send(&sandbox).status, 500);
    assert_eq!(Call::messages(&id).send(&sandbox).status, 200);
}

#[test]
fn a_connection_can_be_used_after_a_fault_that_does_not_end_it() {
    let sandbox = quick().start().unwrap();
    let mut stream = crate::client::connect(&sandbox);
    let body = json!({ "message": "/fault one-byte /long 3" });
    for _ in 0..2 {
        std::io::Write::write_all(&mut stream, &Call::chat(&body).bytes()).unwrap();
        let reply = read_until(&mut stream, "0\r\n\r\n");
        assert!(reply.contains("event: done"));
    }
    let connections = sandbox
        .requests()
        .iter()
        .map(|request| request.connection)
        .collect::<Vec<_>>();
    assert_eq!(connections, [0, 0]);
}
