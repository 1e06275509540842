#![no_main]

use highchat_fuzz::retry_after::{Input, hold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: Input<'_>| hold(&input));
