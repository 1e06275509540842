//! The two buffers through which text and bytes are passed.

use core::cell::RefCell;

/// The argument of the next call, and the result of the last one.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<u8>,
}

impl Buffers {
    pub(crate) const fn new() -> Self {
        Self {
            input: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Makes room for an argument. Returns its address.
    fn reserve(&mut self, len: usize) -> *mut u8 {
        self.input.clear();
        // An argument is seldom longer than the one before, so this seldom allocates.
        self.input.resize(len, 0);
        self.input.as_mut_ptr()
    }

    /// The argument as text. Text comes from the page's `TextEncoder`, which writes only UTF-8.
    #[cfg(feature = "conversation")]
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.input)
    }
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = const { RefCell::new(Buffers::new()) };
}

/// Calls `use_them` with the buffers of this instance.
pub(crate) fn with<T>(use_them: impl FnOnce(&mut Buffers) -> T) -> T {
    BUFFERS.with_borrow_mut(use_them)
}

/// Makes room for an argument of `len` bytes. Returns the address to write it to.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn reserve(len: usize) -> *mut u8 {
    with(|buffers| buffers.reserve(len))
}

/// The address of the last result.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn output() -> *const u8 {
    with(|buffers| buffers.output.as_ptr())
}

/// The length of the last result, in bytes.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn output_len() -> usize {
    with(|buffers| buffers.output.len())
}
