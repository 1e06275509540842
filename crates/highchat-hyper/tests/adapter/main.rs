//! The tests of the adapter: a module for each subject. They are one binary, because each
//! binary builds and links hyper, TLS and a runtime anew.

mod answers;
mod cancel;
mod clocks;
mod connections;
mod environment;
mod faults;
mod http2;
mod http2_cuts;
mod lives;
mod reply;
mod request;
mod session;
#[path = "../support/mod.rs"]
mod support;
mod tls;
