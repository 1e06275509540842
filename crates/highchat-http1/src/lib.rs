//! The client's side of one HTTP/1.1 exchange, without I/O: it turns a request into bytes and
//! reads the answer from bytes, however they are cut.
//!
//! `highchat-connect`, `highchat-embed` and `highchat-ureq` are built on it. Use it if your
//! program forwards answers over its own connections, for example connections from
//! `highchat-connect`. [`Answer`] has an example.
//!
//! # The supported part of HTTP/1.1
//!
//! A body has a known length, comes in chunks, or ends with its connection. Interim heads are
//! skipped, redirects are not followed, and nothing is decompressed. A folded line in a head is
//! joined to the line before it. Trailers and chunk extensions are skipped.
//!
//! The body's end is found as RFC 9112, section 6.3 says. These answers are [`Broken`]:
//!
//! - `content-length` is not a number, or two of them differ;
//! - `transfer-encoding` is anything except `chunked` or `identity`, because the request asked
//!   for no other coding; or it is in an answer of HTTP/1.0 (RFC 9112, section 6.1);
//! - the size of a chunk is not a hexadecimal number of at most 16 digits, or the bytes of a
//!   chunk are not followed by a line end;
//! - a limit is exceeded.
//!
//! | what | limit in bytes | source |
//! | --- | --: | --- |
//! | a head, with the interim heads and empty lines before it | [64 Ki](highchat_proto::config::Config::HEAD_LIMIT) | our decision |
//! | the size of a chunk with its extensions | 20 | ureq's limit, our decision |
//! | one trailer | 4 Ki | our decision |
//! | all trailers | 64 Ki | our decision |
//!
//! # Features
//!
//! Without `std` the crate needs an allocator and no operating system.
//!
//! - `std` (default): the standard library's types in the dependencies too.
//! - `http`: an [`Answer`] to a request of the crate `http`, and a [`ResponseHead`] as its
//!   `response::Parts`. It needs `std`.
//! - `portable-atomic`: for targets without compare-and-swap. The README of `highchat-proto`
//!   says what they need.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod answer;
mod body;
mod broken;
mod head;
mod request;

pub use answer::{Answer, Part};
pub use broken::Broken;
pub use head::ResponseHead;

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
