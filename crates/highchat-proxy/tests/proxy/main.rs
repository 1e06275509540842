//! The proxy over real sockets, in front of the sandbox and of byte-exact services.

mod alone;
mod bounds;
mod clients;
mod cors;
mod crowd;
mod ending;
mod faults;
mod half_close;
mod key;
mod leaks;
mod leaving;
mod limits;
mod ownership;
mod requests;
mod streams;
mod support;
mod trials;
