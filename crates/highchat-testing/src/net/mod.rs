//! HTTP/1.1 for tests: a reader of responses, and a service on loopback.

pub mod answer;
#[cfg(feature = "world")]
pub mod http1;
#[cfg(feature = "world")]
pub mod loopback;
