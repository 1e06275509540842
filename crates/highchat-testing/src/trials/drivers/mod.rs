//! Sessions of the adapters that implement [`Driver`](super::Driver), for scenarios and trials.

#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub mod asynchronous;
#[cfg(feature = "embed")]
pub mod device;
#[cfg(feature = "embed")]
pub mod embed;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "ureq")]
pub mod ureq;
