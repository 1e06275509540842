//! Limits for one visitor and for all visitors together, and the orderly end of the proxy.

pub(crate) mod drain;
pub(crate) mod held;
pub(crate) mod local;
pub(crate) mod reservation;
pub(crate) mod slots;
pub(crate) mod visitor_rate;
pub(crate) mod window;
