#![no_main]

use highchat_fuzz::http1::{Input, hold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: Input<'_>| hold(&input));
