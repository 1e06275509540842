//! Independent implementations and test inputs that the code under test is compared with.

pub mod cuts;
#[cfg(feature = "embed")]
pub mod hostile;
pub mod sse;
#[cfg(feature = "proptest")]
pub mod streams;
