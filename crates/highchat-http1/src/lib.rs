//! One HTTP/1.1 exchange without I/O: a request into bytes, and its answer out of bytes that
//! are cut anywhere.
//!
//! `highchat-ureq`, `highchat-embed` and `highchat-proxy` are built on it, and so is a program
//! of yours that passes answers on over connections of its own, such as those of
//! `highchat-connect`. [`Answer`] has an example. HTTP is
//! [ureq-proto](https://docs.rs/ureq-proto)'s.
//!
//! # What of HTTP/1.1 there is
//!
//! Bodies of a known length, in chunks, and those that end with their connection (HTTP/1.0);
//! interim heads are skipped; no redirect is followed and nothing is decompressed. A head
//! has at most [64 KiB](highchat_proto::config::Config::HEAD_LIMIT), a line between chunks at
//! most 4 KiB, and a chunk's length with its extensions at most 20 bytes (the last is
//! ureq-proto's limit, the others our decision). A folded line of a head is one line. An
//! answer that breaks them, or that is no HTTP/1, is [`Broken`].

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
