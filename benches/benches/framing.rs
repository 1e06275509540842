//! Benchmarks framing with all contenders, workloads and cuts.

use criterion::Criterion;
use highchat_benches::contenders::{ALL, Mode};

mod support;

fn main() {
    let mut criterion: Criterion = support::criterion();
    support::bench(&mut criterion, Mode::Framing, ALL);
    criterion.final_summary();
}
