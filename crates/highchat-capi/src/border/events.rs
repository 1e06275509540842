//! The functions of the typed events.

use super::decoder::take;
use super::{free, make, place, with};
use crate::events::{Event, Events};
use crate::status::Status;

/// Makes a reader of events, for events of at most `limit` bytes. It is for a program that has
/// an HTTP client of its own; a conversation reads its events itself. It allocates its
/// storage when an event needs it, at most some three times the limit. Free it with
/// `highchat_events_free`.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_events_new(limit: usize, events: *mut *mut Events) -> Status {
    // SAFETY: the caller's promise.
    unsafe { make(events, || Ok(Events::new(limit))) }
}

/// Frees a reader of events. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_events_free(events: *mut Events) {
    // SAFETY: the caller's promise.
    unsafe { free(events) }
}

/// Returns the next event, and moves `*input` and `*len` past the bytes that it took. Call it
/// until it returns `NOTHING`: the whole input was taken then. The input may be cut anywhere.
/// The event is valid until the next call with this reader, and only as long as the input.
///
/// After `INVALID_EVENT` or `EVENT_TOO_LONG`, text of the reply may be missing: treat the reply
/// as cut.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `EVENT_TOO_LONG`, `INVALID_EVENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_events_decode(
    events: *mut Events,
    input: *mut *const u8,
    len: *mut usize,
    event: *mut Event,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(events, |events| {
            let event = place(event)?;
            event.write(take(input, len, |rest| events.decode(rest))?);
            Ok(())
        })
    }
}

/// Ends the stream. Returns the last event if only its blank line is missing, or `NOTHING`. It never
/// returns a `PING` or an `UNKNOWN` event, because their data does not show that they are complete.
/// The reader is then at the start of a new stream.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_events_finish(events: *mut Events, event: *mut Event) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(events, |events| {
            let event = place(event)?;
            event.write(events.finish()?);
            Ok(())
        })
    }
}

/// Makes the reader like new, for another reply.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_events_reset(events: *mut Events) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(events, |events| {
            events.reset();
            Ok(())
        })
    }
}
