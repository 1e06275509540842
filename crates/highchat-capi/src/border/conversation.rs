//! The functions of a conversation.

use core::ffi::c_char;
use std::string::String;

use super::{bytes, free, make, place, text, with};
use crate::config::Config;
use crate::conversation::{Conversation, ConversationInfo, Output};
use crate::endpoint::Endpoint;
use crate::guard::guarded;
use crate::status::Status;
use crate::text::{Bytes, Text};
use crate::update::Update;

/// Makes a conversation from an endpoint and settings.
///
/// # Safety
///
/// Each pointer is NULL, or an object that nothing else changes during the call.
unsafe fn make_over(
    conversation: *mut *mut Conversation,
    endpoint: *mut Endpoint,
    config: *const Config,
    call: impl FnOnce(&Endpoint, Config) -> Result<Conversation, Status>,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        make(conversation, || {
            let endpoint = endpoint.as_mut().ok_or(Status::NullPointer)?;
            let config = config.as_ref().copied().unwrap_or_default();
            let mut made = Err(Status::Panicked);
            match guarded(endpoint, |endpoint| {
                made = call(endpoint, config);
                Ok(())
            }) {
                Status::Ok => made,
                status => Err(status),
            }
        })
    }
}

/// Makes a new conversation; it begins with the first message. `config` is NULL for the default
/// settings, and is copied. `flags` is 0 or `HIGHCHAT_ONE_PIPE`. Free the conversation with
/// `highchat_conversation_free`.
///
/// Errors: `NULL_POINTER`, `INVALID_NUMBER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_new(
    endpoint: *mut Endpoint,
    config: *const Config,
    flags: u32,
    conversation: *mut *mut Conversation,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        make_over(conversation, endpoint, config, |endpoint, config| {
            Conversation::new(endpoint, config, flags)
        })
    }
}

/// Resumes a conversation from the text that `highchat_conversation_save` returned, perhaps in
/// another process. It polls at once if a person is answering, and searches for the reply if the
/// program ended during a turn. The other arguments are as for `highchat_conversation_new`.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`, `INVALID_SAVED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_resume(
    endpoint: *mut Endpoint,
    config: *const Config,
    flags: u32,
    saved: *const c_char,
    saved_len: usize,
    now_ms: u64,
    conversation: *mut *mut Conversation,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        make_over(conversation, endpoint, config, |endpoint, config| {
            let saved = text(saved, saved_len)?.unwrap_or_default();
            Conversation::resume(endpoint, config, flags, saved, now_ms)
        })
    }
}

/// Continues a conversation by its id alone. `state` is NULL for `bot`; with
/// `human` or `pending_human`, polling begins at once. `after` is NULL, or the timestamp of the
/// newest known message. A cut reply of such a conversation is not searched for, because its
/// earlier messages are unknown. The other arguments are as for `highchat_conversation_new`.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`, `INVALID_ID`,
/// `INVALID_TIMESTAMP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_continue(
    endpoint: *mut Endpoint,
    config: *const Config,
    flags: u32,
    id: *const c_char,
    id_len: usize,
    state: *const c_char,
    state_len: usize,
    after: *const c_char,
    after_len: usize,
    now_ms: u64,
    conversation: *mut *mut Conversation,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        make_over(conversation, endpoint, config, |endpoint, config| {
            let id = text(id, id_len)?.unwrap_or_default();
            let (state, after) = (text(state, state_len)?, text(after, after_len)?);
            Conversation::continued(endpoint, config, flags, id, state, after, now_ms)
        })
    }
}

/// Frees a conversation. NULL is ignored. The service may still take a message that was sent.
/// Close its pipes yourself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_free(conversation: *mut Conversation) {
    // SAFETY: the caller's promise.
    unsafe { free(conversation) }
}

/// Sends a message of 1 to 4000 characters (Unicode scalar values). The text is copied. `turn`
/// may be NULL; it gets the id that the update at the end of the turn repeats.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_MESSAGE`,
/// `TURN_IN_PROGRESS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_send(
    conversation: *mut Conversation,
    message: *const c_char,
    message_len: usize,
    now_ms: u64,
    turn: *mut u64,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let message = text(message, message_len)?.unwrap_or_default();
            let id = conversation.send(message, now_ms)?;
            if let Ok(turn) = place(turn) {
                turn.write(id);
            }
            Ok(())
        })
    }
}

/// Sets your id of the end user, of 1 to 200 characters, for the next message and all later
/// ones. NULL removes it. The text is copied.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_VISITOR`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_set_visitor(
    conversation: *mut Conversation,
    visitor: *const c_char,
    visitor_len: usize,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let visitor = text(visitor, visitor_len)?;
            conversation.set_visitor(visitor, now_ms)
        })
    }
}

/// Rates the conversation with `HIGHCHAT_RATING_UP` or `HIGHCHAT_RATING_DOWN`. `comment` may be
/// NULL, and is copied. `request` may be NULL; it gets the id that the update about the rating
/// repeats.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`,
/// `NO_CONVERSATION`, `RATING_IN_PROGRESS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_rate(
    conversation: *mut Conversation,
    rating: u32,
    comment: *const c_char,
    comment_len: usize,
    now_ms: u64,
    request: *mut u64,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let comment = text(comment, comment_len)?;
            let id = conversation.rate(rating, comment, now_ms)?;
            if let Ok(request) = place(request) {
                request.write(id);
            }
            Ok(())
        })
    }
}

/// Ends the current turn, in any state. The service may have received the message. Without a
/// turn, it does nothing.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_cancel(
    conversation: *mut Conversation,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.cancel(now_ms);
            Ok(())
        })
    }
}

/// Polls for a person's messages now instead of at the next due time, if polling is on.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_check_now(
    conversation: *mut Conversation,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.check_now(now_ms);
            Ok(())
        })
    }
}

/// Returns what must be done next. Call it after each command and each input, until it returns
/// `WAIT`.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_poll(
    conversation: *mut Conversation,
    output: *mut Output,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let output = place(output)?;
            output.write(conversation.poll());
            Ok(())
        })
    }
}

/// Returns the update that the last poll announced, or `NOTHING`. Its texts are valid until the
/// next call with this conversation.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_update(
    conversation: *mut Conversation,
    update: *mut Update,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let update = place(update)?;
            update.write(conversation.update()?);
            Ok(())
        })
    }
}

/// Returns the bytes that are still to be written to a pipe, for a pipe that could not take them
/// at `WRITE`. There are none before `WRITE`. They contain the key. They are valid until the next
/// call with this conversation.
///
/// Errors: `NULL_POINTER`, `UNKNOWN_PIPE`, `PIPE_NOT_OPEN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_bytes(
    conversation: *mut Conversation,
    pipe: u64,
    bytes: *mut Bytes,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let bytes = place(bytes)?;
            bytes.write(conversation.bytes(pipe)?);
            Ok(())
        })
    }
}

/// The pipe is open, its TLS handshake included, and can take bytes.
///
/// Errors: `NULL_POINTER`, `UNKNOWN_PIPE`, `PIPE_ALREADY_OPEN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_opened(
    conversation: *mut Conversation,
    pipe: u64,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.handle_opened(pipe, now_ms)
        })
    }
}

/// The first `len` of the bytes of the last `WRITE` were written.
///
/// Errors: `NULL_POINTER`, `UNKNOWN_PIPE`, `PIPE_NOT_OPEN`, `TOO_MUCH_WRITTEN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_written(
    conversation: *mut Conversation,
    pipe: u64,
    len: usize,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.handle_written(pipe, len, now_ms)
        })
    }
}

/// Bytes were read. They may be cut anywhere, and are not needed after the call. A length of 0
/// is ignored: call `highchat_conversation_handle_end` at the end of the pipe.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `UNKNOWN_PIPE`, `PIPE_NOT_OPEN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_read(
    conversation: *mut Conversation,
    pipe: u64,
    data: *const u8,
    len: usize,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            conversation.handle_read(pipe, bytes(data, len)?, now_ms)
        })
    }
}

/// The service closed the pipe in an orderly way: a read returned no bytes. With TLS, call it
/// only after a `close_notify`; any other end is a failure, because a reply may end with its
/// connection. The pipe is gone.
///
/// Errors: `NULL_POINTER`, `UNKNOWN_PIPE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_end(
    conversation: *mut Conversation,
    pipe: u64,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.handle_end(pipe, now_ms)
        })
    }
}

/// The pipe could not be opened, or was lost. The pipe is gone. `cause` is a line for a person,
/// such as the text of `strerror`; it may be NULL, and is copied. Only its first 300 bytes are
/// kept. Bytes of it that are not UTF-8 are replaced, so that no loss goes unreported.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `UNKNOWN_PIPE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_failure(
    conversation: *mut Conversation,
    pipe: u64,
    cause: *const c_char,
    cause_len: usize,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let cause = String::from_utf8_lossy(bytes(cause.cast(), cause_len)?);
            conversation.handle_failure(pipe, &cause, now_ms)
        })
    }
}

/// The program reads again after it did not read for a while on purpose. That time does not
/// count as silence of a reply.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_return(
    conversation: *mut Conversation,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.handle_return(now_ms);
            Ok(())
        })
    }
}

/// The time of `WAIT` has come. An early call does no harm.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_handle_timeout(
    conversation: *mut Conversation,
    now_ms: u64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        with(conversation, |conversation| {
            conversation.handle_timeout(now_ms);
            Ok(())
        })
    }
}

/// Says what is known of the conversation. The texts are valid until the next call with this
/// conversation.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_describe(
    conversation: *mut Conversation,
    info: *mut ConversationInfo,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let info = place(info)?;
            info.write(conversation.describe());
            Ok(())
        })
    }
}

/// Returns all that a later process needs to resume the conversation, as JSON of at most some
/// dozen KiB. It contains no key, but the text of a reply that was cut: keep it as private as the
/// conversation. It is valid until the next `save`, or until the conversation is freed.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_conversation_save(
    conversation: *mut Conversation,
    saved: *mut Text,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(conversation, |conversation| {
            let saved = place(saved)?;
            saved.write(conversation.save());
            Ok(())
        })
    }
}
