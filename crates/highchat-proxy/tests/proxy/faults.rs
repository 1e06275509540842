//! Every fault of a reply through the proxy: the visitor sees the whole reply if the service
//! has it, or how it ended, and the service gets the message once. Faults of polls are tested in `trials`.

use core::time::Duration;

use highchat_proto::sse::Decoder;
use highchat_sandbox::{Fault, Sandbox};
use serde_json::Value;

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

/// The faults that cut a reply. The service has all of it.
const CUTS: [Fault; 8] = [
    Fault::Cut,
    Fault::Reset,
    Fault::Stall,
    Fault::StallPings,
    Fault::NoDone,
    Fault::HugeEvent,
    Fault::BrokenJson,
    Fault::MissingField,
];

fn expected(fault: Fault) -> Shown {
    match fault.name() {
        "wrong-type" | "json-error-200" => Shown::Status(200),
        "204-empty" => Shown::Status(204),
        "429" | "429-seconds" | "429-date" => Shown::Status(429),
        "500-html" => Shown::Status(500),
        "502-empty" | "redirect" | "gzip" => Shown::Status(502),
        _ => Shown::Whole,
    }
}

/// Returns the types and the data of the events in a stream.
pub(crate) fn events(body: &str) -> Vec<(String, String)> {
    let (mut decoder, mut input) = (Decoder::new(), body.as_bytes());
    let mut events = Vec::new();
    while let Some(frame) = decoder
        .decode(&mut input)
        .expect("an event of bounded length")
    {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        events.push((text(frame.event()), text(frame.data())));
    }
    events
}

/// Returns a field of all events of one type, joined.
fn joined(body: &str, name: &str, field: &str) -> String {
    let events = events(body).into_iter().filter(|(event, _)| event == name);
    let value = |data: String| -> Value { serde_json::from_str(&data).expect("JSON") };
    events
        .map(|(_, data)| value(data)[field].as_str().expect("text").to_owned())
        .collect()
}

/// Returns the text that a client shows.
pub(crate) fn text_in(body: &str) -> String {
    joined(body, "delta", "text")
}

fn id_in(body: &str) -> String {
    joined(body, "meta", "conversation_id")
}

fn shown(answer: &Answer) -> Shown {
    if answer.header("content-type") != Some("text/event-stream") {
        return Shown::Status(answer.status);
    }
    let events = events(&answer.body);
    let names = events.iter().map(|(name, _)| &**name);
    let ends: Vec<_> = names
        .filter(|name| ["done", "error"].contains(name))
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
        let is_cut = CUTS.contains(fault);
        let sandbox = Sandbox::builder().key(KEY).rate_limit(0).fault(*fault);
        let sandbox = sandbox
            .token_delay(Duration::ZERO)
            .start()
            .expect("a free port");
        let proxy = TestProxy::start(sandbox.base_url(), |config| {
            config.heal = true;
            if is_cut {
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
        let healed = proxy.counter("highchat_proxy_streams_total{outcome=\"healed\"}");
        assert_eq!(healed, u64::from(is_cut), "{}", fault.name());
        if is_cut {
            let page = Call::messages(&id_in(&answer.body)).send(&proxy).json();
            let stored = &page["messages"][1];
            assert_eq!(text_in(&answer.body), stored["content"], "{}", fault.name());
        }
        let requests = sandbox.requests();
        let posts = requests.iter().filter(|request| request.method == "POST");
        assert_eq!(posts.count(), 1, "{}", fault.name());
        until(|| proxy.counter("highchat_proxy_requests ") == 0);
    }
}
