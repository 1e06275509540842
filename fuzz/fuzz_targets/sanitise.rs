#![no_main]

use highchat_fuzz::sanitise::{Input, hold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: Input<'_>| hold(&input));
