//! HTTP without the API: whole answers and refusals, request bodies, queries, CORS, who may
//! use what is not the API's, and clients that close one half of a connection.

pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod guard;
pub(crate) mod half_close;
pub(crate) mod query;
pub(crate) mod refusal;
pub(crate) mod request_body;
