//! The tests of the program: a module for each subject. They are one binary, because each binary
//! builds and links the sandbox and the simulated world anew.

mod ask;
mod chat;
mod editing;
mod faults;
mod handoff;
mod lives;
mod log;
mod proxy;
mod recovery;
mod retry;
mod sandbox;
mod secrets;
mod services;
mod standard;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod way;
