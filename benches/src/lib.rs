//! What the decoder and the conversation cost, measured beside their peers.
//!
//! ```text
//!  workload ──▶ cut ──▶ contender ──▶ witness
//!  (what the generator wrote)         (what was decoded of it)
//! ```
//!
//! Each [`Contender`](contenders::Contender) reads the same [`Workload`](workload::Workload)
//! in the same [`Cut`](cuts::Cut)s and tells a [`Witness`](witness::Witness) what it found.
//! Before anything is timed that is held against what the generator wrote, so that
//! nobody is fast by being wrong.

#![forbid(unsafe_code)]

pub mod witness;

pub mod workload;

pub mod cuts;

pub mod contenders;

pub mod limits;

pub mod cells;

pub mod race;

pub mod report;

pub mod plot;
