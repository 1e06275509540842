//! Oracles for the decoder of event streams.
//!
//! | module | what it has |
//! | --- | --- |
//! | [`naive`] | a simple decoder, written like the standard |
//! | [`cases`] | the conformance table |
//! | [`drive`] | passes bytes to the real decoder and collects the events |
//! | [`follow`] | compares the decoder with the naive one after each chunk |
//! | [`limit`] | computes where a stream exceeds the limit |
//! | [`hold`] | checks the limit of the decoder |
//! | [`plain`] | compares the decoder with the plain decoder |

pub mod cases;
pub mod drive;
pub mod follow;
pub mod hold;
pub mod limit;
pub mod naive;
pub mod plain;
