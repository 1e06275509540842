//! Data types of the API: states, messages, ratings and credentials.

pub(crate) mod access;
pub(crate) mod message;
pub(crate) mod rating;
pub(crate) mod state;
