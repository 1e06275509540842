//! Benchmarks the lower limits for the time of a decoder.

use criterion::{Criterion, Throughput};
use highchat_benches::limits::ALL;
use highchat_benches::workload::{Kind, LEN, Workload};

#[expect(dead_code, reason = "the limits have no cuts")]
mod support;

fn main() {
    let mut criterion: Criterion = support::criterion();
    for kind in Kind::ALL {
        let workload = Workload::new(kind, LEN);
        let mut group = criterion.benchmark_group(format!("limits, {}", kind.name()));
        group.throughput(Throughput::Elements(support::elements(&workload)));
        for limit in ALL {
            if let Err(problem) = limit.check(&workload) {
                panic!("{} of {}: {problem}", limit.name, kind.name());
            }
            group.bench_function(limit.name, |bencher| {
                bencher.iter(|| limit.run(&workload));
            });
        }
    }
    criterion.final_summary();
}
