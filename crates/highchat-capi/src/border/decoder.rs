//! The functions of the decoder.

use core::ffi::c_char;
use core::mem::{align_of, size_of};
use core::slice;

use highchat_proto::sse;

use super::{bytes, place, with};
use crate::decoder::{DECODER_SIZE, Decoder, Frame};
use crate::status::{self, Status};
use crate::text::Bytes;

const _: () = assert!(size_of::<Decoder>() + align_of::<Decoder>() <= DECODER_SIZE);

/// Returns a sentence for a status. It has a NUL at its end and is valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn highchat_status_text(status: u32) -> *const c_char {
    status::text(status).as_ptr()
}

/// Returns the version of the library, such as `0.1.0`. It has a NUL at its end and is valid for
/// ever.
#[unsafe(no_mangle)]
pub extern "C" fn highchat_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Makes a decoder in storage of the caller, and allocates nothing. `size` is at least
/// `HIGHCHAT_DECODER_SIZE`; the limit of an event is what remains of it. The storage belongs to
/// the decoder as long as that is used. It needs no end: reuse the storage when you are done.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `STORAGE_TOO_SMALL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_init(
    storage: *mut u8,
    size: usize,
    decoder: *mut *mut Decoder,
) -> Status {
    // SAFETY: the caller's promise about `decoder`.
    let made = match unsafe { place(decoder) } {
        Ok(made) => made,
        Err(status) => return status,
    };
    made.write(core::ptr::null_mut());
    if storage.is_null() {
        return Status::NullPointer;
    }
    if isize::try_from(size).is_err() {
        return Status::InvalidLength;
    }
    let start = storage.align_offset(align_of::<Decoder>());
    let end = start.saturating_add(size_of::<Decoder>());
    if size < DECODER_SIZE || end > size {
        return Status::StorageTooSmall;
    }
    // SAFETY: `storage` has `size` bytes that belong to the decoder from now on. The decoder lies
    // at an aligned place in them, and its buffer in the bytes after it.
    unsafe {
        let place = storage.add(start).cast::<Decoder>();
        let buffer = storage.add(end);
        buffer.write_bytes(0, size - end);
        place.write(Decoder {
            is_broken: false,
            decoder: sse::Decoder::with_buffer(slice::from_raw_parts_mut(buffer, size - end)),
            #[cfg(feature = "std")]
            is_owned: false,
        });
        made.write(place);
    }
    Status::Ok
}

/// Makes a decoder with storage of its own, for events of at most `limit` bytes. It allocates
/// 4 KiB, or the limit if that is less, and more only for a longer event. Free it with
/// `highchat_decoder_free`.
///
/// Errors: `NULL_POINTER`.
#[cfg(feature = "std")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_new(limit: usize, decoder: *mut *mut Decoder) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        super::make(decoder, || {
            Ok(Decoder {
                is_broken: false,
                decoder: sse::Decoder::with_limit(limit),
                is_owned: true,
            })
        })
    }
}

/// Frees a decoder of `highchat_decoder_new`. NULL is ignored, and so is a decoder in storage of
/// the caller.
#[cfg(feature = "std")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_free(decoder: *mut Decoder) {
    // SAFETY: the caller's promise; a decoder that is not owned was not made by `make`.
    unsafe {
        if decoder.as_ref().is_some_and(|decoder| decoder.is_owned) {
            super::free(decoder);
        }
    }
}

/// Returns the next frame, and moves `*input` and `*len` past the bytes that it took. Call it
/// until it returns `NOTHING`: the whole input was taken then. The input may be cut anywhere.
/// The frame is valid until the next call with this decoder, and only as long as the input.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `EVENT_TOO_LONG`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_decode(
    decoder: *mut Decoder,
    input: *mut *const u8,
    len: *mut usize,
    frame: *mut Frame,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(decoder, |decoder| {
            let frame = place(frame)?;
            frame.write(take(input, len, |rest| decoder.decode(rest))?);
            Ok(())
        })
    }
}

/// Ends the stream. Returns the event that had no blank line after it, or `NOTHING`. The standard
/// discards this event, because it may be cut. Use it only if its data is whole in itself, such
/// as JSON. The decoder is then at the start of a new stream.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_finish(
    decoder: *mut Decoder,
    frame: *mut Frame,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(decoder, |decoder| {
            let frame = place(frame)?;
            frame.write(decoder.finish()?);
            Ok(())
        })
    }
}

/// Makes the decoder like new, for another stream.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_reset(decoder: *mut Decoder) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(decoder, |decoder| {
            decoder.decoder.reset();
            Ok(())
        })
    }
}

/// Returns the last event ID, which a client that reconnects sends as `Last-Event-ID`. It is
/// empty if there is none. It is valid until the next call with this decoder.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_last_event_id(
    decoder: *mut Decoder,
    id: *mut Bytes,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(decoder, |decoder| {
            let id = place(id)?;
            id.write(Bytes::of(decoder.decoder.last_event_id()));
            Ok(())
        })
    }
}

/// Returns the reconnection time of the last `retry` field, in milliseconds, or `NOTHING` if the
/// stream had none.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_decoder_reconnection_time(
    decoder: *mut Decoder,
    time_ms: *mut u64,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(decoder, |decoder| {
            let time_ms = place(time_ms)?;
            let time = decoder.decoder.reconnection_time();
            let time = time.ok_or(Status::Nothing)?.as_millis();
            time_ms.write(u64::try_from(time).unwrap_or(u64::MAX));
            Ok(())
        })
    }
}

/// Calls a function with the input, and moves the pointer and the length past what it took.
///
/// # Safety
///
/// Each pointer is NULL, or nothing else uses its target during the call; the input is as for
/// [`bytes`].
pub(super) unsafe fn take<T>(
    input: *mut *const u8,
    len: *mut usize,
    call: impl FnOnce(&mut &[u8]) -> Result<T, Status>,
) -> Result<T, Status> {
    // SAFETY: the caller's promise.
    unsafe {
        let input = input.as_mut().ok_or(Status::NullPointer)?;
        let len = len.as_mut().ok_or(Status::NullPointer)?;
        let mut rest = bytes(*input, *len)?;
        let result = call(&mut rest);
        // The rest is the end of the input, so the sum lies in it.
        *input = input.add(*len - rest.len());
        *len = rest.len();
        result
    }
}
