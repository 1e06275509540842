//! Benchmarks a whole conversation and compares it with the typed decoder.

use criterion::Criterion;
use highchat_benches::contenders::{CONVERSATION, HIGHCHAT, Mode};

mod support;

fn main() {
    let mut criterion: Criterion = support::criterion();
    support::bench(&mut criterion, Mode::Typed, &[HIGHCHAT, CONVERSATION]);
    criterion.final_summary();
}
