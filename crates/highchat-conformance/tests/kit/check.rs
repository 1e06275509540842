//! What a check runs, and what its report says.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread::park;

use highchat_conformance::{Capability, Check, Outcome, RowResult, Seen};

use crate::minimal::{self, Session};

#[test]
fn the_minimal_adapter_of_the_guide_is_conformant() {
    let report = minimal::check().run();
    report.assert_conformant();
    let unsupported = report.entries().iter();
    let unsupported = unsupported.filter(|row| matches!(row.result, RowResult::NotSupported(_)));
    assert_eq!(unsupported.count(), 7);
    assert_eq!(report.extra_messages(), 0);
}

#[test]
fn the_slug_does_as_well_as_the_key() {
    let check = minimal::check().by_slug();
    let report = check.only("fault/cut").only("fault/poll-").run();
    report.assert_conformant();
}

#[test]
fn what_is_not_supported_is_neither_run_nor_passed() {
    let check = Check::new(Session::open).without(Capability::Rate);
    let report = check.only("scenario/a rating").run();
    assert_eq!(
        report.entries()[0].result,
        RowResult::NotSupported(Capability::Rate)
    );
    assert!(!report.is_conformant(), "nothing passed");
    let text = report.to_string();
    assert!(
        text.starts_with(
            "not supported (rate)  scenario/a rating\n0 passed, 0 failed, 1 not supported, "
        ),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["conformant"], false);
    assert_eq!(json["rows"][0]["result"], "not supported");
    assert_eq!(json["rows"][0]["capability"], "rate");
}

#[test]
fn a_check_of_no_row_is_not_conformant() {
    let report = minimal::check().only("ոչինչ 🤷").run();
    assert!(report.entries().is_empty() && !report.is_conformant());
    assert!(report.left_out() > 100, "{report}");
}

#[test]
fn a_panic_fails_its_row_and_the_others_go_on() {
    let has_panicked = AtomicBool::new(false);
    let check = Check::function(move |trial, _| {
        assert!(has_panicked.swap(true, Ordering::Relaxed), "վա՜յ 😱");
        let mut seen = Seen::default();
        seen.text = trial.text.to_owned();
        seen.outcome = Some(trial.outcome);
        seen
    });
    let report = check.at_once(1).only("fault/cr-lf").run();
    let failed: Vec<_> = report.failed().collect();
    let text = report.to_string();
    assert!(
        text.contains("the client: expected no panic, seen a panic: վա՜յ 😱"),
        "{text}"
    );
    // Nothing was sent, and that is seen at the service.
    assert!(
        text.contains("the number of messages sent: expected 1, seen 0"),
        "{text}"
    );
    assert_eq!(failed.len(), report.entries().len());
}

#[test]
fn a_client_that_hangs_fails_its_row_in_bounded_time() {
    let check = Check::function(|_, _| {
        loop {
            park();
        }
    });
    let check = check.patience(Duration::from_millis(50));
    let report = check.only("fault/cr-lf").run();
    let text = report.to_string();
    assert!(
        text.contains("the client: expected an end within 0.05 s, seen it was still busy"),
        "{text}"
    );
}

#[test]
fn a_failed_row_says_what_the_service_does_what_must_be_seen_and_why() {
    let check = Check::function(|_, _| {
        let mut seen = Seen::default();
        seen.outcome = Some(Outcome::Whole);
        seen
    });
    let report = check.only("fault/redirect").run();
    let row = report.failed().next().unwrap();
    assert_eq!(row.name, "fault/redirect");
    assert_eq!(
        row.service,
        "redirect: 307 to another host name of the sandbox"
    );
    assert_eq!(row.expected, "Failed, the text \"\", 1 message sent");
    let text = report.to_string();
    let expected = "\
FAILED  fault/redirect
    the service: redirect: 307 to another host name of the sandbox
    must be seen: Failed, the text \"\", 1 message sent
    because a redirect is not followed: it would send the key to another place (our decision)
  - the outcome: expected Failed, seen Whole
  - the number of messages sent: expected 1, seen 0
";
    assert!(text.starts_with(expected), "{text}");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let json = &json["rows"][0];
    assert_eq!(json["result"], "failed");
    assert_eq!(json["source"], "our decision");
    assert_eq!(json["mismatches"][0]["what"], "the outcome");
    assert_eq!(json["mismatches"][0]["seen"], "Whole");
}

#[test]
fn each_row_has_a_name_of_its_own() {
    let check = Check::function(|_, _| Seen::default()).patience(Duration::from_secs(60));
    let report = check.at_once(64).run();
    let mut names: Vec<_> = report.entries().iter().map(|row| &row.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    // A client that does nothing passes no row.
    assert!(
        report
            .entries()
            .iter()
            .all(|row| row.result != RowResult::Passed),
        "{report:#}"
    );
}
