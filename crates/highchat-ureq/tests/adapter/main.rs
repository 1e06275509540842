//! The tests of the adapter: a module for each subject. They are one binary, because each
//! binary builds and links ureq, TLS and a sandbox anew.

mod addresses;
mod answers;
mod connections;
mod cuts;
mod environment;
mod faults;
mod lives;
mod not_sent;
mod reply;
mod requests;
mod sandbox;
mod secrets;
mod session;
#[path = "../support/mod.rs"]
mod support;
