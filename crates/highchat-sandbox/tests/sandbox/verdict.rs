use core::time::Duration;

use highchat_sandbox::{End, Fault, Misstep, Reading, Request, Sandbox};
use serde_json::json;

use crate::client::{Call, LONG, quick, read_until, say};

/// Returns the names of all findings.
fn found(sandbox: &Sandbox) -> Vec<&'static str> {
    let verdict = sandbox.verdict();
    let findings = verdict.findings().iter();
    findings.map(|finding| finding.misstep.name()).collect()
}

/// Sends a message as a correct client does.
fn send(sandbox: &Sandbox, message: &str) {
    let call = Call::chat(&json!({ "message": message }));
    let call = call.header("content-type", "application/json");
    let mut stream = call.header("connection", "close").open(sandbox);
    // The connection may end properly or by a reset.
    let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
}

#[test]
fn a_correct_client_has_no_findings() {
    let sandbox = quick().start().unwrap();
    send(&sandbox, "ա");
    send(&sandbox, "ա");

    let verdict = sandbox.verdict();

    assert!(verdict.is_good(), "{verdict}");
    assert_eq!(verdict.to_string(), "2 requests, 0 findings");
}

#[test]
fn a_repeated_message_is_found_after_each_fault() {
    for fault in [
        Fault::Cut,
        Fault::Reset,
        Fault::NoDone,
        Fault::BrokenJson,
        Fault::Html500,
        Fault::Empty502,
        Fault::Redirect,
        Fault::WrongType,
        Fault::JsonError200,
    ] {
        let sandbox = quick().start().unwrap();
        sandbox.inject(fault);
        send(&sandbox, "ա");
        assert!(sandbox.wait_until(LONG, |requests| requests[0].ended.is_some()));
        send(&sandbox, "ա");
        assert_eq!(found(&sandbox), ["sent-twice"], "{fault:?}");
    }
}

#[test]
fn a_refused_message_that_is_repeated_at_once_is_too_soon() {
    for fault in [Fault::TooMany, Fault::TooManySeconds, Fault::TooManyDate] {
        let sandbox = quick().start().unwrap();
        sandbox.inject(fault.with(60));
        send(&sandbox, "ա");
        send(&sandbox, "ա");
        assert_eq!(found(&sandbox), ["too-soon"], "{fault:?}");
    }
}

#[test]
fn after_is_compared_with_the_services_times() {
    let sandbox = quick().reading(Reading::TimesWithOffset).start().unwrap();
    let answer = say(&sandbox, "/human");
    let (id, ts) = (
        answer.conversation_id(),
        answer.last()["ts"].as_str().unwrap().to_owned(),
    );
    let echoed = ts.replace('+', "%2B");

    Call::messages(&id)
        .query(&format!("after={echoed}"))
        .send(&sandbox);
    assert_eq!(
        found(&sandbox),
        ["wrong-content-type"],
        "the finding about the message"
    );

    Call::messages(&id)
        .query(&format!("after={ts}"))
        .send(&sandbox);
    let findings = sandbox.verdict();
    let last = findings.findings().last().unwrap();
    assert_eq!(last.misstep, Misstep::ChangedAfter);
    assert!(last.detail.contains("is not a time"), "{last}");
}

#[test]
fn a_key_in_a_query_is_found_and_not_shown() {
    let sandbox = quick().key("hc_secret_key").start().unwrap();

    Call::messages("c")
        .query("key=hc_secret_key")
        .send(&sandbox);

    assert!(found(&sandbox).contains(&"key-in-query"));
    let shown = format!("{:?} {}", sandbox.requests(), sandbox.verdict());
    assert!(!shown.contains("hc_secret_key"), "{shown}");
}

#[test]
fn the_end_of_an_answer_is_recorded() {
    let sandbox = quick().start().unwrap();
    let end = |n: usize| sandbox.requests()[n].ended.map(|(_, end)| end);
    send(&sandbox, "ա");
    send(&sandbox, "/fault cut");
    let mut stream = Call::chat(&json!({ "message": "/fault stall" })).open(&sandbox);
    read_until(&mut stream, "event: meta\n");
    let stalled = sandbox.requests().remove(2);
    assert_eq!(
        (stalled.status.unwrap().as_u16(), stalled.ended),
        (200, None)
    );
    assert!(stalled.answered_at >= Some(stalled.at));

    drop(stream);

    let has_ended = |requests: &[Request]| requests.iter().all(|it| it.ended.is_some());
    assert!(sandbox.wait_until(LONG, has_ended));
    assert_eq!(end(2), Some(End::ClientLeft));
    assert_eq!(end(1), Some(End::Fault));
    assert_eq!(end(0), Some(End::Whole));
    assert!(!sandbox.wait_until(Duration::from_millis(20), <[Request]>::is_empty));
}

#[test]
fn the_same_message_of_two_visitors_is_not_a_repetition() {
    let sandbox = quick().start().unwrap();
    for visitor in ["Անի", "Գոռ"] {
        sandbox.inject(Fault::Cut);
        let call = Call::chat(&json!({ "message": "Բարև 👋", "visitor_ref": visitor }));
        let call = call.header("content-type", "application/json");
        let _ = std::io::Read::read_to_end(&mut call.open(&sandbox), &mut Vec::new());
        assert!(sandbox.wait_until(LONG, |requests| {
            requests.iter().all(|it| it.ended.is_some())
        }));
    }

    assert_eq!(found(&sandbox), [""; 0]);
}

#[test]
fn the_builder_sets_the_poll_interval_of_the_verdict() {
    for (interval, findings) in [
        (Duration::from_secs(4), &["polled-too-fast"][..]),
        (Duration::ZERO, &[]),
    ] {
        let sandbox = quick().poll_interval(interval).start().unwrap();
        let call = Call::chat(&json!({ "message": "/human" }));
        let id = call
            .header("content-type", "application/json")
            .send(&sandbox)
            .conversation_id();
        for _ in 0..2 {
            Call::messages(&id).send(&sandbox);
        }

        assert_eq!(found(&sandbox), findings, "{interval:?}");
        let shown = Call::local("GET", "/sandbox/verdict").send(&sandbox).json();
        assert_eq!(shown["good"], findings.is_empty());
    }
}

#[test]
#[should_panic(expected = "cookie: /v1/chat has a cookie")]
fn assert_good_panics_with_the_findings() {
    let sandbox = quick().start().unwrap();
    Call::chat(&json!({ "message": "Բարև 👋" }))
        .header("cookie", "a=b")
        .send(&sandbox);

    sandbox.verdict().assert_good();
}
