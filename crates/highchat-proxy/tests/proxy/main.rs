//! Tests of the proxy over real sockets. The service is a sandbox, or a server that sends exact
//! bytes.

mod alone;
mod bounds;
mod clients;
mod cors;
mod crowd;
mod ending;
mod faults;
mod half_close;
mod heal;
mod key;
mod leaks;
mod leaving;
mod limits;
mod ownership;
#[allow(dead_code, reason = "the tests with Redis use the rest")]
mod relay;
mod requests;
mod streams;
mod support;
mod trials;
