//! The client's side of one HTTP/1.1 exchange, without I/O: it turns a request into bytes and
//! reads the answer from bytes, however they are cut.
//!
//! `highchat-ureq`, `highchat-embed` and `highchat-proxy` are built on it. Use it if your
//! program forwards answers over its own connections, for example connections from
//! `highchat-connect`. [`Answer`] has an example. The HTTP implementation is
//! [ureq-proto](https://docs.rs/ureq-proto).
//!
//! # The supported part of HTTP/1.1
//!
//! A body has a known length, comes in chunks, or ends with its connection (HTTP/1.0).
//! Interim heads are skipped, redirects are not followed, and nothing is decompressed. A
//! folded line in a head counts as one line.
//!
//! A head has at most [64 KiB](highchat_proto::config::Config::HEAD_LIMIT), and a line between
//! chunks at most 4 KiB (both our decision). A chunk's length has at most 20 bytes, its
//! extensions included (ureq-proto's limit). An answer that breaks a limit, or is not HTTP/1,
//! is [`Broken`].

#![forbid(unsafe_code)]

mod answer;
mod body;
mod head;

pub use answer::{Answer, Part};
pub use head::Broken;

// The README's program is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
