//! The HighChat conversation and the decoder of event streams, as WebAssembly modules for the
//! npm package `@highchat/client`.
//!
//! There are two modules, one for each feature: [`conversation`] and [`decoder`]. A module
//! imports nothing. The page moves the bytes and supplies the time, and calls the functions of
//! the module; `packages/client` does it.
//!
//! An instance of a module holds one session, or one decoder. Two sessions are two instances of
//! the same compiled module, so an instance needs no handles, and a page frees a session by
//! forgetting it.
//!
//! # Calls
//!
//! Numbers are passed as they are. Text and bytes go through two buffers: the page writes an
//! argument to the address that `reserve` returns and passes its length. It reads a result at
//! `output`, which is `output_len` bytes long. An address is valid until the next call.
//!
//! Times are milliseconds since a moment that the page chooses, and never go back.

// Only the names of the functions in a module count as unsafe code; elsewhere they are not
// exported, where `open` or `poll` would replace functions of the C library.
#![cfg_attr(
    target_family = "wasm",
    allow(unsafe_code, reason = "an exported name is unsafe")
)]
#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]

pub mod buffers;
#[cfg(feature = "conversation")]
pub mod conversation;
#[cfg(feature = "decoder")]
pub mod decoder;
#[cfg(feature = "conversation")]
mod settings;

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
