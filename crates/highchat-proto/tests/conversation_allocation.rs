//! What a conversation allocates while a reply streams, and what it holds, counted.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Head, Message, Output, RequestId, Update};
use highchat_testing::player::scripted::{delta, done, endpoint, meta};

/// What `run` gives, and what it asked of the allocator.
fn counted<T>(run: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut value = None;
    let asked = measure(|| value = Some(run()));
    (value.expect("it was run"), asked)
}

const NOW: Instant = Instant::ORIGIN;

/// Takes all outputs: the last request, and how many bytes of text were told.
fn drain(conversation: &mut Conversation) -> (Option<RequestId>, usize) {
    let (mut last, mut told) = (None, 0);
    loop {
        match conversation.poll_output() {
            Output::Transmit(id, _) => last = Some(id),
            Output::Update => {
                if let Some(Update::Delta { text }) = conversation.update() {
                    told += text.len();
                }
            }
            Output::Wait(_) => return (last, told),
            _ => {}
        }
    }
}

/// Sends a message, up to the head of its reply.
fn begin(conversation: &mut Conversation) -> RequestId {
    let message = Message::new("a").expect("a short text");
    conversation.send(message, NOW).expect("nothing is sent");
    let id = drain(conversation).0.expect("it is handed out");
    let mut head = Head::new(200);
    head.header("content-type", b"text/event-stream");
    conversation.handle_response(id, head, NOW);
    id
}

/// Brings a piece of the body; the bytes of text that were told.
fn feed(conversation: &mut Conversation, id: RequestId, stream: &str, size: usize) -> usize {
    let chunks = stream.as_bytes().chunks(size);
    chunks
        .map(|chunk| {
            conversation.handle_body(id, chunk, NOW);
            drain(conversation).1
        })
        .sum()
}

/// A conversation whose reply streams, behind one as long as that: what is remembered of
/// a reply has room.
fn streaming(stream: &str, size: usize) -> (Conversation, RequestId) {
    let mut conversation = Conversation::new(endpoint(), Config::default());
    let id = begin(&mut conversation);
    feed(&mut conversation, id, &meta("c"), usize::MAX);
    feed(&mut conversation, id, stream, size);
    feed(&mut conversation, id, &done("m", "bot", 1), usize::MAX);
    let id = begin(&mut conversation);
    // The first delta finds what a reply needs once.
    feed(&mut conversation, id, &meta("c"), usize::MAX);
    feed(&mut conversation, id, &delta("a"), size);
    (conversation, id)
}

#[test]
fn the_counter_counts() {
    let (block, asked) = counted(|| vec![0_u8; 1234]);
    assert_eq!(block.len(), 1234);
    assert_eq!((asked.count_total, asked.bytes_current), (1, 1234));
    let ((), asked) = counted(|| drop(block));
    assert_eq!((asked.count_total, asked.bytes_current), (0, -1234));
}

#[test]
fn a_delta_of_a_reply_that_streams_allocates_nothing() {
    for text in ["token", "Բարև ձեզ"] {
        let stream = delta(text).repeat(2000);
        for size in [usize::MAX, 1400, delta(text).len(), 64, 7, 1] {
            let (mut conversation, id) = streaming(&format!("{}{stream}", delta("a")), size);
            let (told, asked) = counted(|| feed(&mut conversation, id, &stream, size));
            assert_eq!(told, text.len() * 2000);
            let times = asked.count_total;
            assert_eq!(times, 0, "allocations for {text:?} in chunks of {size}");
        }
    }
}

#[test]
fn a_conversation_that_waits_for_the_next_delta_is_small() {
    // As many conversations would share them.
    let (endpoint, config) = (Arc::new(endpoint()), Arc::new(Config::default()));
    let buffer = 4096;
    // A reply before it leaves its id and its time, so that it is not told again.
    for (replies, limit) in [(1, 860), (2, 1024)] {
        let ((conversation, id), asked) = counted(|| {
            let mut conversation = Conversation::new(endpoint.clone(), config.clone());
            let mut id = begin(&mut conversation);
            let meta = meta("0190163d-8694-739b-aea5-966c26f8ad91");
            for _ in 1..replies {
                let stream = meta.clone() + &done("0190163d-9695-7df8-8bd0-f3f9a4f0ac04", "bot", 1);
                feed(&mut conversation, id, &stream, usize::MAX);
                id = begin(&mut conversation);
            }
            feed(&mut conversation, id, &meta, usize::MAX);
            feed(
                &mut conversation,
                id,
                &delta("token ").repeat(8),
                delta("token ").len(),
            );
            (conversation, id)
        });
        let inline = size_of_val(&conversation);
        let held = usize::try_from(asked.bytes_current).expect("it holds something");
        let heap = held - buffer;
        println!(
            "reply {replies}: {inline} bytes and {heap} on the heap, beside {buffer} of the decoder's"
        );
        assert!(inline + heap <= limit, "{inline} + {heap} bytes");
        drop((conversation, id));
    }
}
