//! The tests of the kit: a module for each subject. They are one binary, because each binary
//! builds and links the sandbox anew.

mod broken_clients;
mod check;
#[allow(dead_code, unreachable_pub, reason = "it has a main as well")]
#[path = "../../examples/minimal.rs"]
mod minimal;
#[cfg(all(unix, feature = "program"))]
mod program;
