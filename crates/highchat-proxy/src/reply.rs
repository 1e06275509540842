//! An answer on its way to the visitor: whole, or as a stream of events.

pub(crate) mod body;
pub(crate) mod events;
pub(crate) mod relay;
