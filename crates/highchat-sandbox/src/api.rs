//! What the API's text names, as plain data: states, messages, ratings, credentials.

pub(crate) mod access;
pub(crate) mod message;
pub(crate) mod rating;
pub(crate) mod state;
