//! The common part of the other programs without any code of this project. Their sizes are the
//! differences from this one.

#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug;
use highchat_bare_metal::recording::{CHUNKS, FRAMES, REPLY, STREAM};
use highchat_bare_metal::{report, stack};
use panic_semihosting as _;

#[entry]
fn main() -> ! {
    for size in CHUNKS {
        let used = stack::used_by(|| {
            let mut read = 0;
            for chunk in STREAM.as_bytes().chunks(size) {
                read += black_box(chunk).len();
            }
            assert!(read == STREAM.len(), "the end is missing");
            assert!(
                black_box(&FRAMES).len() == FRAMES.len(),
                "a frame is missing"
            );
        });
        report::stack(size, used);
    }
    let reply = core::str::from_utf8(black_box(REPLY.as_bytes()));
    report::reply(reply.expect("it is UTF-8"));
    report::flash();
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("QEMU exited");
}
