//! Texts and bytes that the library returns.

use core::ffi::c_char;
#[cfg(feature = "std")]
use core::ptr::null;

/// Bytes of the library. `ptr` is NULL if there are none.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Bytes {
    /// The first byte.
    pub ptr: *const u8,
    /// The number of bytes.
    pub len: usize,
}

/// A text of the library: UTF-8, without a NUL at its end. `ptr` is NULL if the text is absent;
/// a text that is present and empty has another `ptr` and a `len` of 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Text {
    /// The first byte.
    pub ptr: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

impl Bytes {
    #[cfg(feature = "std")]
    pub(crate) const NONE: Self = Self {
        ptr: null(),
        len: 0,
    };

    pub(crate) const fn of(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }
}

#[cfg(feature = "std")]
impl Text {
    pub(crate) const NONE: Self = Self {
        ptr: null(),
        len: 0,
    };

    pub(crate) const fn of(text: &str) -> Self {
        Self {
            ptr: text.as_ptr().cast(),
            len: text.len(),
        }
    }

    pub(crate) fn some(text: Option<&str>) -> Self {
        text.map_or(Self::NONE, Self::of)
    }
}
