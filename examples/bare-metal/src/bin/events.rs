//! The decoder with the caller's storage, and typed events with a heap.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::String;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use embedded_alloc::LlffHeap;
use highchat_bare_metal::recording::{CHUNKS, FRAMES, REPLY, STREAM};
use highchat_bare_metal::{report, stack};
use highchat_proto::sse::{DecodeError, Decoder};
use highchat_proto::{Event, State};
use panic_semihosting as _;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// The size of the heap, in bytes. A program that needs more panics.
const HEAP_SIZE: usize = 1024;

/// The limit of the decoder, in bytes.
const LIMIT: usize = 256;

#[entry]
fn main() -> ! {
    // SAFETY: it is called once, before anything is allocated.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_SIZE);
    }
    let mut text = String::with_capacity(REPLY.len());
    for size in CHUNKS {
        text.clear();
        let before = HEAP.used();
        let mut most = 0;
        let used = stack::used_by(|| {
            let mut buffer = [0; LIMIT];
            let mut decoder = Decoder::with_buffer(&mut buffer);
            let mut frames = 0;
            let mut is_done = false;
            for mut input in STREAM.as_bytes().chunks(size) {
                while let Some(frame) = decoder.decode(&mut input).unwrap_or_else(too_long) {
                    frames += 1;
                    let event = Event::parse(frame).expect("a valid event");
                    most = most.max(HEAP.used() - before);
                    match event {
                        Event::Meta { conversation_id } => {
                            let id = conversation_id.expect("it has an id");
                            assert!(id.as_str() == "c1", "another conversation");
                        }
                        Event::Delta { text: more } => text.push_str(&more),
                        Event::Done {
                            message_id,
                            state,
                            ts,
                        } => {
                            let id = message_id.expect("it has an id");
                            assert!(id.as_str() == "m1", "another message");
                            assert!(state == Some(State::Bot), "another state");
                            let seconds = ts.expect("it has a time").unix_nanos() / 1_000_000_000;
                            assert!(seconds == 1_781_431_200, "another time");
                            is_done = true;
                        }
                        Event::Ping => {}
                        Event::Unknown { event, .. } => assert!(event == "typing", "another event"),
                        _ => panic!("another event"),
                    }
                }
            }
            assert!(frames == FRAMES.len(), "a frame is missing");
            assert!(is_done, "the reply is cut");
            assert!(text == REPLY, "another reply");
        });
        assert!(HEAP.used() == before, "some memory was not released");
        report::stack(size, used);
        hprintln!("heap {} {}", size, most);
    }
    report::reply(&text);
    report::flash();
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("QEMU exited");
}

/// Panics without the error: `expect` would also print it, which needs a kilobyte of code.
fn too_long<T>(_: DecodeError) -> T {
    panic!("it does not fit");
}
