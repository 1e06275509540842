#![no_main]

use highchat_fuzz::conversation::{Input, hold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: Input| hold(&input));
