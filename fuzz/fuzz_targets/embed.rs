//! Whatever a service and a driver do to `highchat-embed`: nothing breaks, no message goes
//! out twice, and every turn ends once.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/highchat-embed/tests/support/hostile.rs"]
mod hostile;

fuzz_target!(|data: &[u8]| hostile::drive(data));
