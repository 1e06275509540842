//! What the code under test is held against: the same thing written another way, and inputs
//! with all that can be done to them.

pub mod cuts;
#[cfg(feature = "embed")]
pub mod hostile;
pub mod sse;
#[cfg(feature = "proptest")]
pub mod streams;
