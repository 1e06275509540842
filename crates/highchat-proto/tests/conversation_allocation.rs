//! Counts what a conversation allocates while a reply streams, and how much memory it holds.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use highchat_proto::time::Instant;
use highchat_proto::{Config, Conversation, Head, Message, Output, RequestId, Update};
use highchat_testing::player::scripted::{delta, done, endpoint, meta};

/// Runs `run`. Returns its result and its allocations.
fn counted<T>(run: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut value = None;
    let allocated = measure(|| value = Some(run()));
    (value.expect("measure runs the closure"), allocated)
}

const NOW: Instant = Instant::ORIGIN;

/// Takes all outputs. Returns the last request, and the number of bytes of text in all deltas.
fn drain(conversation: &mut Conversation) -> (Option<RequestId>, usize) {
    let (mut last, mut reported) = (None, 0);
    loop {
        match conversation.poll_output() {
            Output::Transmit(id, _) => last = Some(id),
            Output::Update => {
                if let Some(Update::Delta { text }) = conversation.update() {
                    reported += text.len();
                }
            }
            Output::Wait(_) => return (last, reported),
            _ => {}
        }
    }
}

/// Sends a message, and passes in the head of its reply.
fn begin(conversation: &mut Conversation) -> RequestId {
    let message = Message::new("a").expect("a short text");
    conversation
        .send(message, NOW)
        .expect("no turn is in progress");
    let id = drain(conversation).0.expect("the request is put out");
    let mut head = Head::new(200);
    head.header("content-type", b"text/event-stream");
    conversation.handle_response(id, head, NOW);
    id
}

/// Passes in a stream in chunks. Returns the number of bytes of text in all deltas.
fn feed(conversation: &mut Conversation, id: RequestId, stream: &str, size: usize) -> usize {
    let chunks = stream.as_bytes().chunks(size);
    chunks
        .map(|chunk| {
            conversation.handle_body(id, chunk, NOW);
            drain(conversation).1
        })
        .sum()
}

/// A conversation with a reply in progress, after a reply of the same length. So its text
/// buffer already has enough capacity.
fn streaming(stream: &str, size: usize) -> (Conversation, RequestId) {
    let mut conversation = Conversation::new(endpoint(), Config::default());
    let id = begin(&mut conversation);
    feed(&mut conversation, id, &meta("c"), usize::MAX);
    feed(&mut conversation, id, stream, size);
    feed(&mut conversation, id, &done("m", "bot", 1), usize::MAX);
    let id = begin(&mut conversation);
    // The first delta allocates what each reply needs once.
    feed(&mut conversation, id, &meta("c"), usize::MAX);
    feed(&mut conversation, id, &delta("a"), size);
    (conversation, id)
}

#[test]
fn the_allocation_counter_works() {
    let (block, allocated) = counted(|| vec![0_u8; 1234]);
    assert_eq!(block.len(), 1234);
    assert_eq!((allocated.count_total, allocated.bytes_current), (1, 1234));
    let ((), allocated) = counted(|| drop(block));
    assert_eq!((allocated.count_total, allocated.bytes_current), (0, -1234));
}

#[test]
fn a_delta_allocates_nothing() {
    for text in ["token", "Բարև ձեզ"] {
        let stream = delta(text).repeat(2000);
        for size in [usize::MAX, 1400, delta(text).len(), 64, 7, 1] {
            let (mut conversation, id) = streaming(&format!("{}{stream}", delta("a")), size);
            let (reported, allocated) = counted(|| feed(&mut conversation, id, &stream, size));
            assert_eq!(reported, text.len() * 2000);
            let times = allocated.count_total;
            assert_eq!(times, 0, "allocations for {text:?} in chunks of {size}");
        }
    }
}

#[test]
fn a_conversation_between_two_deltas_needs_little_memory() {
    // Shared, as many conversations would share them.
    let (endpoint, config) = (Arc::new(endpoint()), Arc::new(Config::default()));
    // A previous reply leaves an id and a timestamp, so that its message is not reported again.
    for (replies, limit) in [(1, 860), (2, 1024)] {
        let ((conversation, id), allocated) = counted(|| {
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
        let heap = usize::try_from(allocated.bytes_current).expect("the conversation holds memory");
        println!("reply {replies}: {inline} bytes and {heap} on the heap");
        assert!(inline + heap <= limit, "{inline} + {heap} bytes");
        drop((conversation, id));
    }
}
