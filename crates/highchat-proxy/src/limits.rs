//! How much is done at once, how often, and until when: for one visitor, and for all.

pub(crate) mod drain;
pub(crate) mod pace;
pub(crate) mod slots;
pub(crate) mod turn;
pub(crate) mod window;
