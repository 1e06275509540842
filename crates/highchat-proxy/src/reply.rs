//! Answers to visitors: complete bodies and event streams.

pub(crate) mod body;
pub(crate) mod events;
pub(crate) mod relay;
