//! An allocator that counts only on request.
//!
//! It is not from a library. The libraries always count, and some of them copy a block that
//! grows, but counting must not slow down the timed runs of this program.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};
use std::alloc::System;

/// Whether allocations are counted now. It is off during timed runs.
static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static TIMES: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicIsize = AtomicIsize::new(0);

struct Counting;

impl Counting {
    fn count(times: usize, taken: usize, given: usize) {
        if IS_COUNTING.load(Ordering::Relaxed) {
            TIMES.fetch_add(times, Ordering::Relaxed);
            let held = 0_isize
                .wrapping_add_unsigned(taken)
                .wrapping_sub_unsigned(given);
            HELD.fetch_add(held, Ordering::Relaxed);
        }
    }
}

#[allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one counts and passes each call on \
              unchanged to the system's allocator, so the caller's promises apply to that one"
)]
// SAFETY: every block comes from `System` and is freed by it with the same layout. The counters
// neither allocate nor panic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(1, layout.size(), 0);
        // SAFETY: the caller's promises apply to `System` too.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(1, layout.size(), 0);
        // SAFETY: the caller's promises apply to `System` too.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(1, size, layout.size());
        // SAFETY: the caller's promises apply to `System` too.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(0, 0, layout.size());
        // SAFETY: the caller's promises apply to `System` too.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns the result of `run`, the number of its allocations, and how many more bytes are in use
/// after it.
pub(crate) fn counted<T>(run: impl FnOnce() -> T) -> (T, usize, isize) {
    let before = (TIMES.load(Ordering::Relaxed), HELD.load(Ordering::Relaxed));
    IS_COUNTING.store(true, Ordering::Relaxed);
    let value = run();
    IS_COUNTING.store(false, Ordering::Relaxed);
    let times = TIMES.load(Ordering::Relaxed) - before.0;
    (value, times, HELD.load(Ordering::Relaxed) - before.1)
}
