//! Helpers of the benches.

use core::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use highchat_benches::cells::Cell;
use highchat_benches::contenders::{Contender, Mode};
use highchat_benches::race::{Outcome, qualify};
use highchat_benches::workload::{LEN, Workload};

/// The settings of criterion. Times are short, because there are hundreds of cells and each
/// iteration decodes 8 MiB.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args()
}

/// The number of events of a workload, which is the unit of throughput.
pub(crate) fn elements(workload: &Workload) -> u64 {
    u64::try_from(workload.events()).expect("there are some 200 000")
}

/// Measures all cells of a mode. If a contender is wrong or quadratic in a cell, prints that
/// instead.
pub(crate) fn bench(criterion: &mut Criterion, mode: Mode, contenders: &[Contender]) {
    let mut workload: Option<Workload> = None;
    for cell in Cell::of(mode) {
        let workload = match &mut workload {
            Some(workload) if workload.kind == cell.kind => workload,
            stale => stale.insert(Workload::new(cell.kind, LEN)),
        };
        let mut group = criterion.benchmark_group(cell.to_string());
        group.throughput(Throughput::Elements(elements(workload)));
        group.sampling_mode(SamplingMode::Flat);
        for contender in contenders {
            let qualified = qualify(contender, cell);
            if let Err(Outcome::Quadratic) = qualified {
                println!("{cell}/{}: quadratic, not timed", contender.name);
                continue;
            }
            if let Err(problem) = contender.check(mode, workload, cell.cut) {
                assert!(
                    !contender.is_ours,
                    "{} in {cell}: {problem}",
                    contender.name
                );
                println!("{cell}/{}: wrong, not timed", contender.name);
                continue;
            }
            group.bench_function(contender.name, |bencher| {
                bencher.iter(|| contender.run(mode, workload, cell.cut));
            });
        }
    }
}
