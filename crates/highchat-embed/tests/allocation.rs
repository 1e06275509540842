//! Counts the memory of a conversation with its pipes, and its allocations while a reply streams.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Message, Update};

mod support;
use support::{META, chunked, delta, endpoint};

/// The result of `run`, and its allocations.
fn counted<T>(run: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut value = None;
    let asked = measure(|| value = Some(run()));
    (value.expect("it was run"), asked)
}

const NOW: Instant = Instant::ORIGIN;

/// Handles all outputs. Returns the opened pipe, and the number of text bytes in the updates.
fn drain(embed: &mut Embed) -> (Option<PipeId>, usize) {
    let (mut live, mut told) = (None, 0);
    loop {
        match embed.poll_output() {
            Output::Open(pipe) => {
                live = Some(pipe);
                embed.handle_opened(pipe, NOW);
            }
            Output::Write(pipe) => {
                let len = embed.bytes(pipe).len();
                embed.handle_written(pipe, len, NOW);
            }
            Output::Update => {
                if let Some(Update::Delta { text }) = embed.update() {
                    told += text.len();
                }
            }
            Output::Wait(_) => return (live, told),
            Output::Close(_) => {}
        }
    }
}

/// A conversation whose reply streams.
fn streaming(mut embed: Embed) -> (Embed, PipeId) {
    embed.send(Message::new("Բարև").unwrap(), NOW).unwrap();
    let pipe = drain(&mut embed).0.expect("one is opened");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                transfer-encoding: chunked\r\nconnection: keep-alive\r\nserver: s\r\n\r\n";
    embed.handle_read(pipe, head.as_bytes(), NOW);
    (embed, pipe)
}

/// The chunks of a chunked answer, without its head and its last chunk.
fn chunks(events: &str, len: usize) -> Vec<u8> {
    let answer = chunked("", events, len);
    let head = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
    answer[head..answer.len() - b"0\r\n\r\n".len()].to_vec()
}

#[test]
fn a_streaming_reply_allocates_nothing_after_its_buffers_have_grown() {
    let events = delta("Բարև Ձեզ").repeat(40);
    for len in [7, 100, events.len()] {
        let chunks = chunks(&events, len);
        for read in [1, 5, 1000, chunks.len()] {
            let (mut embed, pipe) = streaming(Embed::new(
                endpoint("https://chat.example"),
                Config::default(),
            ));
            let mut feed = || {
                let mut told = 0;
                for piece in chunks.chunks(read) {
                    embed.handle_read(pipe, piece, NOW);
                    told += drain(&mut embed).1;
                }
                told
            };
            // The conversation collects the text, and its buffer doubles from time to time.
            for _ in 0..9 {
                feed();
            }
            let (told, asked) = counted(&mut feed);
            assert_eq!(told, 40 * "Բարև Ձեզ".len());
            assert_eq!(asked.count_total, 0, "chunks of {len}, read by {read}");
        }
    }
}

#[test]
fn a_conversation_holds_at_most_6_kib_while_its_reply_streams() {
    let shared = Arc::new(endpoint("https://chat.example"));
    let config = Arc::new(Config::default());
    let new = || Embed::new(Arc::clone(&shared), Arc::clone(&config));
    let (idle, asked_idle) = counted(new);
    let ((live, _), asked_live) = counted(|| {
        let (mut embed, pipe) = streaming(new());
        let events = [META, &delta("Բարև Ձեզ, ինչո՞վ կարող եմ օգնել")].concat();
        embed.handle_read(pipe, &chunks(&events, 50), NOW);
        drain(&mut embed);
        (embed, pipe)
    });
    let own = size_of::<Embed>();
    let held = |asked: AllocationInfo| {
        own + usize::try_from(asked.bytes_current).expect("nothing was given back")
    };
    println!(
        "a conversation: {own} bytes, {} idle, {} while its reply streams",
        held(asked_idle),
        held(asked_live)
    );
    assert!(held(asked_idle) <= 1024);
    // The decoder uses 4 KiB of it, for an incomplete event.
    assert!(held(asked_live) <= 6 * 1024);
    drop((idle, live));
}
