//! The border to C: the only module with unsafe code.
//!
//! It turns pointers into references, slices and texts, checks what can be checked, and calls
//! safe code. Each exported function has the rules of its pointers in its documentation, which
//! is also the text of the header. What the library cannot check is the caller's: that a pointer
//! which is not NULL points to an object of its type, and that a handle was not freed.
#![allow(
    unsafe_code,
    clippy::missing_safety_doc,
    reason = "pointers of C; their rules are the same for all functions, and stand here and in the README"
)]

#[cfg(feature = "std")]
pub(crate) mod conversation;
pub(crate) mod decoder;
#[cfg(feature = "std")]
pub(crate) mod endpoint;
#[cfg(feature = "std")]
pub(crate) mod events;

use core::mem::MaybeUninit;
#[cfg(feature = "std")]
use {core::ffi::c_char, std::boxed::Box};

#[cfg(feature = "std")]
use crate::guard::caught;
use crate::guard::{Handle, guarded};
use crate::status::Status;

/// The place for a result. It may be uninitialised.
///
/// # Safety
///
/// The pointer is NULL, or nothing else uses its target during the call.
unsafe fn place<'a, T>(pointer: *mut T) -> Result<&'a mut MaybeUninit<T>, Status> {
    // SAFETY: the caller's promise; `MaybeUninit<T>` has the layout of `T`.
    unsafe { pointer.cast::<MaybeUninit<T>>().as_mut() }.ok_or(Status::NullPointer)
}

/// Bytes that the caller passes in. NULL is allowed if the length is 0.
///
/// # Safety
///
/// The pointer is NULL, or points to `len` bytes that do not change as long as the result is
/// used.
unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], Status> {
    if isize::try_from(len).is_err() {
        return Err(Status::InvalidLength);
    }
    match (pointer.is_null(), len) {
        (true, 0) => Ok(&[]),
        (true, _) => Err(Status::NullPointer),
        // SAFETY: the caller's promise, and the length was checked.
        (false, _) => Ok(unsafe { core::slice::from_raw_parts(pointer, len) }),
    }
}

/// A text that the caller passes in; `None` if the pointer is NULL and the length is 0.
///
/// # Safety
///
/// As for [`bytes`].
#[cfg(feature = "std")]
unsafe fn text<'a>(pointer: *const c_char, len: usize) -> Result<Option<&'a str>, Status> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    if pointer.is_null() {
        return Ok(None);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| Status::InvalidUtf8)?;
    Ok(Some(text))
}

/// Calls a function with a handle.
///
/// # Safety
///
/// The pointer is NULL, or a handle that is not freed and that nothing else uses during the
/// call.
unsafe fn with<H: Handle>(
    handle: *mut H,
    call: impl FnOnce(&mut H) -> Result<(), Status>,
) -> Status {
    // SAFETY: the caller's promise.
    match unsafe { handle.as_mut() } {
        Some(handle) => guarded(handle, call),
        None => Status::NullPointer,
    }
}

/// Makes a handle and writes it to `made`, or NULL after an error.
///
/// # Safety
///
/// The pointer is NULL, or nothing else uses its target during the call.
#[cfg(feature = "std")]
unsafe fn make<H>(made: *mut *mut H, call: impl FnOnce() -> Result<H, Status>) -> Status {
    // SAFETY: the caller's promise.
    let made = match unsafe { place(made) } {
        Ok(made) => made,
        Err(status) => return status,
    };
    let mut handle = core::ptr::null_mut();
    let status = caught(|| {
        handle = Box::into_raw(Box::new(call()?));
        Ok(())
    });
    made.write(handle);
    status
}

/// Ends a handle that [`make`] made. NULL is ignored.
///
/// # Safety
///
/// The pointer is NULL, or a handle that is not freed and that nothing else uses.
#[cfg(feature = "std")]
unsafe fn free<H>(handle: *mut H) {
    if handle.is_null() {
        return;
    }
    // SAFETY: `make` made it by `Box::into_raw`, and it was not freed.
    let handle = unsafe { Box::from_raw(handle) };
    // After a panic, dropping may panic too. Nothing can be done about it then.
    let _ = caught(|| {
        drop(handle);
        Ok(())
    });
}
