//! The checks of the fuzz targets, without libFuzzer, so that the seeds can run as a test on any
//! toolchain.
//!
//! Most oracles and the player are in the crate highchat-testing, which other tests also use.

#![forbid(unsafe_code)]

mod fields;
mod json;
mod naive_answer;
mod naive_event;
mod naive_page;
mod pieces;
mod script;

pub mod conversation;
pub mod decode;
pub mod embed;
pub mod event;
pub mod http1;
pub mod limits;
pub mod page;
pub mod retry_after;
pub mod sanitise;
pub mod target;
