//! A session of each adapter, for the scenarios and the trials.

#[cfg(feature = "embed")]
pub mod embed;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "ureq")]
pub mod ureq;
