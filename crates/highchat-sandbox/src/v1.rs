//! The API's endpoints: what a request says, how often one is taken, in which of the ways
//! that its text leaves open it is answered, and the reply as an event stream.

pub(crate) mod endpoints;
pub(crate) mod rate_limit;
pub(crate) mod reading;
pub(crate) mod recorded_body;
pub(crate) mod reply;
pub(crate) mod request;
