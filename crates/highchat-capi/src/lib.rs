//! The HighChat client for C99, and for every language that can call C.
//!
//! ```text
//!             bytes                    answers            updates
//!    pipe ────────▶ handle_read ─────▶ conversation ─────▶ highchat_conversation_update
//!     ▲                                     │
//!     └──── bytes ──── highchat_conversation_poll ◀┘
//! ```
//!
//! The functions are those of `include/highchat.h`, which is made from this crate. A Rust program
//! uses the crate `highchat-embed` instead: this crate adds nothing except the border to C.
//!
//! Like `highchat-embed`, the library does no I/O, reads no clock, and starts no thread. The
//! caller passes in bytes and times, and gets bytes, deadlines and updates. There are no
//! callbacks and no global state.
//!
//! # Ownership
//!
//! A handle is made by a function that ends in `_new`, `_resume` or `_continue`, and ended by
//! the function that ends in `_free`. Every text that the library returns belongs to the
//! library. Each function says how long it is valid. Texts that the caller passes in are copied
//! if they are needed after the call.
//!
//! # Threads
//!
//! A handle is used by one thread at a time, and may be passed to another thread. Different
//! handles are independent, even if they share an endpoint.
//!
//! # Errors
//!
//! Each function returns a [`Status`]. A NULL pointer, invalid UTF-8, a call in the wrong order
//! and an unknown pipe are errors and change nothing. A panic of the library does not cross the
//! border: the function returns [`Status::Panicked`], and so does every later call with the same
//! handle, except its `_free` function.
//!
//! # Features
//!
//! - `std` (default): everything.
//! - Without `std`: the decoder over the caller's storage. Nothing allocates, and no standard
//!   library is needed. The program that links it is compiled with `HIGHCHAT_DECODER_ONLY`.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Only the module `border` may use unsafe code.
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

#[cfg(feature = "std")]
extern crate std;

mod border;
#[cfg(feature = "std")]
mod config;
#[cfg(feature = "std")]
mod conversation;
mod decoder;
#[cfg(feature = "std")]
mod endpoint;
#[cfg(feature = "std")]
mod events;
#[cfg(feature = "std")]
mod failure;
mod guard;
#[cfg(feature = "std")]
mod pipes;
#[cfg(feature = "std")]
mod state;
mod status;
mod text;
#[cfg(feature = "std")]
mod time;
#[cfg(feature = "std")]
mod update;

pub use border::decoder::*;
#[cfg(feature = "std")]
pub use border::{conversation::*, endpoint::*, events::*};
pub use decoder::{DECODER_SIZE, Decoder, Frame};
pub use status::Status;
pub use text::{Bytes, Text};

#[cfg(feature = "std")]
pub use crate::{
    config::Config,
    conversation::{Conversation, ConversationInfo, ONE_PIPE, Output, OutputKind},
    endpoint::{
        CREDENTIALS_KEY, CREDENTIALS_NONE, CREDENTIALS_SLUG, Endpoint, EndpointInfo, INSECURE_HTTP,
    },
    events::{Event, EventKind, Events},
    failure::{Cut, Failure, FailureKind, Refusal},
    state::{RATING_DOWN, RATING_UP, State},
    time::NEVER,
    update::{DelayReason, Delayed, Role, TurnEnd, Update, UpdateKind},
};

/// Ends the program if the decoder panics, which no input makes it do. There is no library that
/// could print a message or end the process, so it stays here.
#[cfg(not(feature = "std"))]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
