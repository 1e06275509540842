//! The tests of conversations over pipes: a module for each subject. They are one binary, because
//! each binary builds and links sockets, TLS and a sandbox anew.

mod answers;
#[cfg(feature = "std")]
mod connections;
mod conversation;
#[cfg(feature = "std")]
mod cuts;
#[cfg(feature = "std")]
mod device_lives;
mod faults;
mod lives;
#[cfg(feature = "std")]
mod one_pipe;
#[cfg(feature = "std")]
mod properties;
#[cfg(feature = "std")]
mod sockets;
#[path = "../support/mod.rs"]
mod support;
