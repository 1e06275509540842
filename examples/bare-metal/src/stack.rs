//! Measures the stack that a function uses.

use core::ptr;

use cortex_m::register::msp;

unsafe extern "C" {
    /// The lowest address of the stack, from cortex-m-rt's linker script.
    static _stack_end: u32;
}

const PAINT: u32 = 0xCCCC_CCCC;
/// The bytes below the stack pointer that are not painted, because the painting may use them. A
/// smaller use of the stack is not measured.
const MARGIN: usize = 32;

/// Calls `run` and returns the number of bytes of stack that it used.
///
/// It first paints the free stack with a pattern. The deepest word that has another value
/// afterwards shows how much was used.
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
        // SAFETY: the memory between the end of the stack and the stack pointer is not in use. An
        // interrupt uses it only until it returns here. `end` is aligned to four bytes.
        unsafe { ptr::write_volatile(word, PAINT) };
    }
    call(run);
    // SAFETY: the same memory as above.
    let mut used = free().skip_while(|word| unsafe { ptr::read_volatile(*word) } == PAINT);
    used.next()
        .map_or(0, |deepest: *mut u32| top - deepest.addr())
}

/// Calls the closure in its own frame, so that its stack is below the caller's frame.
#[inline(never)]
fn call(run: impl FnOnce()) {
    run();
}
