//! Every fault of a reply through the proxy: the visitor sees how the reply ended, and the
//! service gets one request. Faults of polls are tested in `trials`.

use core::time::Duration;

use highchat_proto::sse::Decoder;
use highchat_sandbox::{Fault, Sandbox};

use crate::support::*;

/// What a visitor sees of a reply with a fault.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// A stream whose last event is `done`.
    Whole,
    /// A stream that ends with an `error` event of the proxy.
    Error,
    /// An answer with this status: the service's own, or 502.
    Status(u16),
}

fn expected(fault: Fault) -> Shown {
    match fault {
        Fault::Cut | Fault::Reset | Fault::Stall | Fault::StallPings => Shown::Error,
        Fault::NoDone | Fault::HugeEvent => Shown::Error,
        fault => match fault.name() {
            "wrong-type" | "json-error-200" => Shown::Status(200),
            "204-empty" => Shown::Status(204),
            "429" | "429-seconds" | "429-date" => Shown::Status(429),
            "500-html" => Shown::Status(500),
            "502-empty" | "redirect" | "gzip" => Shown::Status(502),
            _ => Shown::Whole,
        },
    }
}

/// Returns the types of the events in a stream.
fn events(body: &str) -> Vec<String> {
    let (mut decoder, mut input) = (Decoder::new(), body.as_bytes());
    let mut events = Vec::new();
    while let Some(frame) = decoder
        .decode(&mut input)
        .expect("an event of bounded length")
    {
        events.push(String::from_utf8(frame.event().to_vec()).expect("UTF-8"));
    }
    events
}

fn shown(answer: &Answer) -> Shown {
    if answer.header("content-type") != Some("text/event-stream") {
        return Shown::Status(answer.status);
    }
    let events = events(&answer.body);
    let ends: Vec<_> = events
        .iter()
        .filter(|event| ["done", "error"].contains(&&***event))
        .collect();
    assert_eq!(ends.len(), 1, "one end: {events:?}");
    if ends == ["done"] {
        Shown::Whole
    } else {
        Shown::Error
    }
}

#[test]
fn each_fault_has_the_expected_outcome_and_nothing_is_sent_twice() {
    let is_of_polls = |fault: &&Fault| fault.name().starts_with("poll-");
    for fault in Fault::ALL.iter().filter(|fault| !is_of_polls(fault)) {
        let sandbox = Sandbox::builder().key(KEY).rate_limit(0).fault(*fault);
        let sandbox = sandbox
            .token_delay(Duration::ZERO)
            .start()
            .expect("a free port");
        let proxy = TestProxy::start(sandbox.base_url(), |config| {
            if expected(*fault) == Shown::Error {
                // So the stream begins early, without the service's status.
                config.keepalive = Duration::from_millis(100);
            }
            config.idle_timeout = Duration::from_millis(800);
            config.progress_timeout = Duration::from_millis(800);
            config.settle_timeout = Duration::from_millis(100);
        });

        let answer = Call::chat("Բարև, ի՞նչ ժամերի եք աշխատում").send(&proxy);

        assert_eq!(
            shown(&answer),
            expected(*fault),
            "{}: {answer:?}",
            fault.name()
        );
        let asked = sandbox.requests().len();
        assert_eq!(asked, 1, "{}", fault.name());
        until(|| proxy.counter("highchat_proxy_requests ") == 0);
    }
}
