//! The memory of a conversation, as the README gives it, and no allocation while a reply streams.

use allocation_counter::{AllocationInfo, measure};
use highchat_capi::OutputKind;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Credentials, Endpoint, Message};

mod support;
use support::Raw;

const NOW: Instant = Instant::ORIGIN;
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const META: &str = "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
const DELTA: &str = "event: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n";
const DONE: &str = "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";

/// The result of `run`, and its allocations.
fn counted<T>(run: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut value = None;
    let asked = measure(|| value = Some(run()));
    (value.expect("it was run"), asked)
}

/// Handles all outputs. Returns the pipe that was opened.
fn drain(raw: &mut Raw) -> Option<u64> {
    let mut opened = None;
    loop {
        let output = raw.poll();
        match output.kind {
            OutputKind::Open => {
                opened = Some(output.pipe);
                raw.handle_opened(output.pipe, NOW);
            }
            OutputKind::Write => raw.handle_written(output.pipe, output.bytes.len, NOW),
            OutputKind::Close | OutputKind::Update => {}
            OutputKind::Wait => return opened,
        }
    }
}

#[test]
fn a_conversation_takes_as_little_memory_as_the_readme_says() {
    let endpoint = Endpoint::new("https://chat.example", Credentials::key("hc_key").unwrap());
    let endpoint = endpoint.unwrap();
    let message = Message::new("Բարև").unwrap();

    let (mut raw, at_rest) = counted(|| Raw::new(&endpoint, &Config::default(), false, None, NOW));
    let (pipe, streaming) = counted(|| {
        raw.send(&message, NOW).unwrap();
        let pipe = drain(&mut raw).expect("one is opened");
        for bytes in [HEAD, META, DELTA] {
            raw.handle_read(pipe, bytes.as_bytes(), NOW);
            drain(&mut raw);
        }
        pipe
    });
    let ((), more) = counted(|| {
        for _ in 0..400 {
            for piece in DELTA.as_bytes().chunks(7) {
                raw.handle_read(pipe, piece, NOW);
                drain(&mut raw);
            }
        }
    });
    raw.handle_read(pipe, DONE.as_bytes(), NOW);
    raw.handle_end(pipe, NOW);
    let (_, after) = counted(|| drain(&mut raw));
    let report = format!("{at_rest:?}\n{streaming:?}\n{more:?}\n{after:?}");
    assert!(
        at_rest.bytes_current < 2048,
        "at rest, with its endpoint: {report}"
    );
    let streams = at_rest.bytes_current + streaming.bytes_current;
    assert!(
        streams < 9 * 1024,
        "while a reply streams: {streams}, {report}"
    );
    // Only the text that the search for a cut reply needs grows.
    assert!(more.count_total < 20, "400 deltas in pieces: {report}");
    println!(
        "{} at rest, {streams} while a reply streams",
        at_rest.bytes_current
    );
}
