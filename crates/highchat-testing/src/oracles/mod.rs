//! Oracles: simple second implementations to compare the code under test with, and inputs that
//! try every case.

pub mod cuts;
pub mod events;
#[cfg(feature = "embed")]
pub mod hostile;
pub mod sse;
#[cfg(feature = "proptest")]
pub mod streams;
