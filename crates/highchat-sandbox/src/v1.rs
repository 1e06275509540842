//! The API's endpoints: parsing of requests, the rate limit, readings of the API's text, and
//! replies as event streams.

pub(crate) mod endpoints;
pub(crate) mod rate_limit;
pub(crate) mod reading;
pub(crate) mod recorded_body;
pub(crate) mod reply;
pub(crate) mod request;
