//! What a conversation and its pipes hold, and what they allocate while a reply streams,
//! counted.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;
use std::sync::Arc;

use highchat_embed::{Embed, Output, PipeId};
use highchat_proto::config::Config;
use highchat_proto::conversation::Update;
use highchat_proto::message::Message;
use highchat_proto::time::Instant;

mod support;
use support::{META, chunked, delta, endpoint};

thread_local! {
    /// Of this thread alone, as tests run beside each other: how often memory was asked
    /// for, and the bytes that are held.
    static ASKED: Cell<(usize, isize)> = const { Cell::new((0, 0)) };
}

struct Counting;

impl Counting {
    fn count(times: usize, taken: usize, given: usize) {
        // A thread that is ending has no counter any more, and no test either.
        let _ = ASKED.try_with(|asked| {
            let (all, held) = asked.get();
            let held = held
                .wrapping_add_unsigned(taken)
                .wrapping_sub_unsigned(given);
            asked.set((all + times, held));
        });
    }
}

#[allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one counts and passes each call on \
              to the system's as it came, so the caller's promises hold for that one"
)]
// SAFETY: every block comes from `System`, and goes back to it with its own layout. The
// counter neither allocates (it is `const` and needs no drop) nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(1, layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(1, layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(1, size, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(0, 0, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `run` gives, how often it asked for memory, and how many bytes more are held.
fn counted<T>(run: impl FnOnce() -> T) -> (T, usize, isize) {
    let (times_before, held_before) = ASKED.get();
    let value = run();
    let (times, held) = ASKED.get();
    (value, times - times_before, held - held_before)
}

const NOW: Instant = Instant::ORIGIN;

/// Does all that is to be done: the pipe, and how many bytes of text were told.
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
            _ => {}
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

/// The chunks of a stream, without head and end.
fn chunks(events: &str, len: usize) -> Vec<u8> {
    let answer = chunked("", events, len);
    let head = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
    answer[head..answer.len() - b"0\r\n\r\n".len()].to_vec()
}

#[test]
fn a_reply_that_streams_allocates_nothing_once_it_is_warm() {
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
            // The text so far is remembered, and doubles its room now and then.
            for _ in 0..9 {
                feed();
            }
            let (told, times, _) = counted(&mut feed);
            assert_eq!(told, 40 * "Բարև Ձեզ".len());
            assert_eq!(times, 0, "chunks of {len}, read by {read}");
        }
    }
}

#[test]
fn a_conversation_holds_some_kilobytes_while_its_reply_streams() {
    let shared = Arc::new(endpoint("https://chat.example"));
    let config = Arc::new(Config::default());
    let new = || Embed::new(Arc::clone(&shared), Arc::clone(&config));
    let (idle, _, held_idle) = counted(new);
    let ((live, _), _, held_live) = counted(|| {
        let (mut embed, pipe) = streaming(new());
        let events = [META, &delta("Բարև Ձեզ, ինչո՞վ կարող եմ օգնել")].concat();
        embed.handle_read(pipe, &chunks(&events, 50), NOW);
        drain(&mut embed);
        (embed, pipe)
    });
    let own = size_of::<Embed>();
    let held = |more: isize| own + usize::try_from(more).expect("nothing was given back");
    println!(
        "a conversation: {own} bytes, {} idle, {} while its reply streams",
        held(held_idle),
        held(held_live)
    );
    assert!(held(held_idle) <= 1024);
    // 4 KiB of it are the decoder's, for the event that is cut.
    assert!(held(held_live) <= 8 * 1024);
    drop((idle, live));
}
