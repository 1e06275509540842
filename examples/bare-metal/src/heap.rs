//! A heap that remembers how much of it was used.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};

use embedded_alloc::LlffHeap;

/// A heap of linked blocks. Make one the global allocator, and [`init`](Self::init) it.
pub struct Heap {
    blocks: LlffHeap,
    most: AtomicUsize,
}

impl Heap {
    /// A heap without memory.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            blocks: LlffHeap::empty(),
            most: AtomicUsize::new(0),
        }
    }

    /// Gives the heap its memory.
    ///
    /// # Safety
    ///
    /// It is called once, and the `size` bytes at `start` are for the heap alone.
    pub unsafe fn init(&self, start: *mut u8, size: usize) {
        // SAFETY: the caller promises it.
        unsafe { self.blocks.init(start.expose_provenance(), size) };
    }

    /// The bytes that are in use.
    pub fn used(&self) -> usize {
        self.blocks.used()
    }

    /// The most bytes that were in use at the same time, since [`forget`](Self::forget).
    pub fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Forgets how much was used before.
    pub fn forget(&self) {
        self.most.store(self.used(), Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the heap of linked blocks, which keeps the contract.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the same.
        let block = unsafe { self.blocks.alloc(layout) };
        self.most.fetch_max(self.used(), Ordering::Relaxed);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { self.blocks.dealloc(block, layout) }
    }
}
