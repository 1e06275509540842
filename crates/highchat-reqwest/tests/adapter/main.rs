//! The tests of the adapter: a module for each subject. They are one binary, because each
//! binary builds and links reqwest, TLS and a runtime anew.

mod brought;
mod connections;
mod environment;
mod faults;
mod http2;
mod lives;
mod request;
mod session;
mod support;
