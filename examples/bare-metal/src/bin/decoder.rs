//! The decoder with the caller's storage, which needs only `core`.

#![no_std]
#![no_main]

use core::str::Utf8Error;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug;
use highchat_bare_metal::recording::{CHUNKS, FRAMES, STREAM};
use highchat_bare_metal::{report, stack};
use highchat_proto::sse::DecodeError;
#[cfg(not(feature = "plain"))]
use highchat_proto::sse::Decoder;
#[cfg(feature = "plain")]
use highchat_proto::sse::PlainDecoder as Decoder;
use panic_semihosting as _;

/// The limit of the decoder, in bytes.
const LIMIT: usize = 256;

#[entry]
fn main() -> ! {
    let mut last = [0; LIMIT];
    let mut len = 0;
    for size in CHUNKS {
        let used = stack::used_by(|| {
            let mut buffer = [0; LIMIT];
            let mut decoder = Decoder::with_buffer(&mut buffer);
            let mut expected = FRAMES.iter();
            for mut input in STREAM.as_bytes().chunks(size) {
                while let Some(frame) = decoder.decode(&mut input).unwrap_or_else(too_long) {
                    let (event, data) = expected.next().expect("no more frames");
                    assert!(frame.event() == event.as_bytes(), "another event");
                    assert!(frame.data() == data.as_bytes(), "other data");
                    len = frame.data().len();
                    last[..len].copy_from_slice(frame.data());
                }
            }
            assert!(expected.next().is_none(), "a frame is missing");
            assert!(decoder.last_event_id() == b"7", "another id");
            assert!(decoder.finish().is_none(), "no end");
        });
        report::stack(size, used);
    }
    report::reply(core::str::from_utf8(&last[..len]).unwrap_or_else(unreadable));
    report::flash();
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("QEMU exited");
}

// `expect` would also print the errors, which needs a kilobyte of code.

fn too_long<T>(_: DecodeError) -> T {
    panic!("it does not fit");
}

fn unreadable<T>(_: Utf8Error) -> T {
    panic!("not UTF-8 text");
}
