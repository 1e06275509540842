//! Measures the decoder and the conversation and compares them with other libraries.
//!
//! ```text
//!  workload ──▶ cut ──▶ contender ──▶ witness
//!  (written by the generator)         (gets the decoded values)
//! ```
//!
//! Each [`Contender`](contenders::Contender) decodes the same [`Workload`](workload::Workload) in
//! the same [`Cut`](cuts::Cut)s and passes the values to a [`Witness`](witness::Witness). Before
//! the measurement, these values are compared with the generator's, so that a wrong decoder
//! cannot win.

#![forbid(unsafe_code)]

pub mod witness;

pub mod workload;

pub mod cuts;

pub mod contenders;

#[cfg(feature = "peers")]
pub mod limits;

pub mod cells;

#[cfg(any(feature = "peers", feature = "adapters"))]
pub mod race;

#[cfg(any(feature = "peers", feature = "adapters"))]
pub mod report;

pub mod plot;
