use core::time::Duration;

use highchat_sandbox::{End, Fault, Misstep, Reading, Request, Sandbox};
use serde_json::json;

use crate::client::{Call, LONG, quick, read_until, say};

/// What was found, by name.
fn found(sandbox: &Sandbox) -> Vec<&'static str> {
    let verdict = sandbox.verdict();
    let findings = verdict.findings().iter();
    findings.map(|finding| finding.misstep.name()).collect()
}

/// A message as a client that behaves sends it.
fn send(sandbox: &Sandbox, message: &str) {
    let call = Call::chat(&json!({ "message": message }));
    let call = call.header("content-type", "application/json");
    let mut stream = call.header("connection", "close").open(sandbox);
    // However it ends.
    let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
}

#[test]
fn a_client_that_behaves_is_told_so() {
    let sandbox = quick().start().unwrap();
    send(&sandbox, "ա");
    send(&sandbox, "ա");

    let verdict = sandbox.verdict();

    assert!(verdict.is_good(), "{verdict}");
    assert_eq!(verdict.to_string(), "2 requests, 0 findings");
}

#[test]
fn a_message_that_comes_again_is_found_whatever_befell_it() {
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
fn a_refused_message_that_comes_again_at_once_is_too_soon() {
    for fault in [Fault::TooMany, Fault::TooManySeconds, Fault::TooManyDate] {
        let sandbox = quick().start().unwrap();
        sandbox.inject(fault.with(60));
        send(&sandbox, "ա");
        send(&sandbox, "ա");
        assert_eq!(found(&sandbox), ["too-soon"], "{fault:?}");
    }
}

#[test]
fn after_is_compared_with_what_was_given() {
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
        "that of the message"
    );

    Call::messages(&id)
        .query(&format!("after={ts}"))
        .send(&sandbox);
    let findings = sandbox.verdict();
    let last = findings.findings().last().unwrap();
    assert_eq!(last.misstep, Misstep::ChangedAfter);
    assert!(last.detail.contains("is no time"), "{last}");
}

#[test]
fn a_key_in_a_query_is_found_and_not_told() {
    let sandbox = quick().key("hc_secret_key").start().unwrap();

    Call::messages("c")
        .query("key=hc_secret_key")
        .send(&sandbox);

    assert!(found(&sandbox).contains(&"key-in-query"));
    let told = format!("{:?} {}", sandbox.requests(), sandbox.verdict());
    assert!(!told.contains("hc_secret_key"), "{told}");
}

#[test]
fn how_an_answer_ended_is_told() {
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
fn two_visitors_who_say_the_same_do_not_repeat_each_other() {
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
fn polls_as_fast_as_the_builder_says_are_good_and_faster_ones_are_not() {
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
        let told = Call::local("GET", "/sandbox/verdict").send(&sandbox).json();
        assert_eq!(told["good"], findings.is_empty());
    }
}

#[test]
#[should_panic(expected = "cookie: /v1/chat has a cookie")]
fn a_verdict_that_is_not_good_fails_its_test_with_the_findings() {
    let sandbox = quick().start().unwrap();
    Call::chat(&json!({ "message": "Բարև 👋" }))
        .header("cookie", "a=b")
        .send(&sandbox);

    sandbox.verdict().assert_good();
}
