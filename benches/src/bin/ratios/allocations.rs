//! What is asked of the allocator, counted only while somebody asks.
//!
//! No library's: those count always, and where a block grows some copy it, while what is
//! timed in this program must run as if nobody counted.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};
use std::alloc::System;

/// Off while anything is timed: a peer that allocates must not pay for the count.
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
              to the system's as it came, so the caller's promises hold for that one"
)]
// SAFETY: every block comes from `System`, and goes back to it with its own layout. The
// counters neither allocate nor panic.
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
pub(crate) fn counted<T>(run: impl FnOnce() -> T) -> (T, usize, isize) {
    let before = (TIMES.load(Ordering::Relaxed), HELD.load(Ordering::Relaxed));
    IS_COUNTING.store(true, Ordering::Relaxed);
    let value = run();
    IS_COUNTING.store(false, Ordering::Relaxed);
    let times = TIMES.load(Ordering::Relaxed) - before.0;
    (value, times, HELD.load(Ordering::Relaxed) - before.1)
}
