//! How deep the stack gets.

use core::ptr;

use cortex_m::register::msp;

unsafe extern "C" {
    /// Where the stack must not grow any further, by cortex-m-rt's linker script.
    static _stack_end: u32;
}

const PAINT: u32 = 0xCCCC_CCCC;
/// Below the stack pointer, what the painting itself might need. Less than this is not seen.
const MARGIN: usize = 32;

/// Runs, and gives the bytes of stack that it took below the caller's.
///
/// The free stack is painted first; the deepest word that is painted no more tells.
#[inline(never)]
pub fn used_by(run: impl FnOnce()) -> usize {
    let top = msp::read() as usize;
    let end = &raw const _stack_end as usize;
    let free = || {
        (end..top - MARGIN)
            .step_by(4)
            .map(ptr::with_exposed_provenance_mut)
    };
    for word in free() {
        // SAFETY: between the end of the stack and the stack pointer nothing lives, with no
        // interrupt enabled, and all of it is memory; `end` is aligned to four bytes.
        unsafe { ptr::write_volatile(word, PAINT) };
    }
    call(run);
    // SAFETY: as above.
    let mut used = free().skip_while(|word| unsafe { ptr::read_volatile(*word) } == PAINT);
    used.next()
        .map_or(0, |deepest: *mut u32| top - deepest.addr())
}

/// Whatever the closure keeps on the stack is below its caller's frame.
#[inline(never)]
fn call(run: impl FnOnce()) {
    run();
}
