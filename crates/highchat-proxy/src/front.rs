//! What a visitor's request is: its path, its origin, its body, what of it goes on to the
//! service, and how it is refused.

pub(crate) mod cors;
pub(crate) mod half_close;
pub(crate) mod origin;
pub(crate) mod rebuild;
pub(crate) mod refusal;
pub(crate) mod request_body;
pub(crate) mod route;
