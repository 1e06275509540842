//! A session of each adapter, as the scenarios and the trials drive it.

#[cfg(feature = "embed")]
pub mod embed;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "ureq")]
pub mod ureq;
