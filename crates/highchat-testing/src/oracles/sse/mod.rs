//! Oracles for the decoder of event streams.
//!
//! [`naive`] is a decoder written after the standard, and [`cases`] is the conformance
//! table. [`drive`] runs the real decoder. [`follow`] compares it with the naive one,
//! [`hold`] checks its [`limit`], and [`plain`] compares it with the decoder without fast
//! paths.

pub mod cases;
pub mod drive;
pub mod follow;
pub mod hold;
pub mod limit;
pub mod naive;
pub mod plain;
