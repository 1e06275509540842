//! How much is done at once, how often, and until when: for one visitor, and for all.

pub(crate) mod drain;

pub(crate) mod reservation;
pub(crate) mod slots;
pub(crate) mod visitor_rate;
pub(crate) mod window;
