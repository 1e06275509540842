//! A visitor's request: its path, origin and body, the request to the service that is made
//! from it, and the refusals.

pub(crate) mod cors;
pub(crate) mod half_close;
pub(crate) mod rebuild;
pub(crate) mod refusal;
pub(crate) mod request_body;
pub(crate) mod route;
pub(crate) mod trace;
