//! HTTP helpers: complete answers, refusals, request bodies, queries, CORS, protection from web
//! pages, and half-closed connections.

pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod guard;
pub(crate) mod half_close;
pub(crate) mod query;
pub(crate) mod refusal;
pub(crate) mod request_body;
