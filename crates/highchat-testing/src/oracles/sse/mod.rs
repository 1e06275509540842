//! Oracles for the decoder of event streams.
//!
//! [`naive`] is the decoder as the standard writes it, and [`cases`] is the conformance table.
//! [`drive`] pushes bytes through the real decoder; [`follow`] holds it to the naive one,
//! [`hold`] to its [`limit`], and [`plain`] to the machine without fast paths.

pub mod cases;
pub mod drive;
pub mod follow;
pub mod hold;
pub mod limit;
pub mod naive;
pub mod plain;
