//! Who is faster, on a machine that others use as well.
//!
//! All run in turns, a short time each, many times: whatever slows the machine down slows
//! all of them down. Times are the thread's own CPU time, and of many rounds the median.

use core::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::cells::Cell;
use crate::contenders::Contender;
use crate::workload::Workload;

/// How a contender did in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The median of the time for the whole workload.
    Took(Duration),
    /// It decoded something else than the generator wrote.
    Wrong,
    /// Its time grows with the square of the stream's length.
    Quadratic,
}

/// The CPU time of this thread.
#[must_use]
pub fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("CPU time is not negative")
}

/// The time that one run takes.
pub fn time(run: impl FnOnce()) -> Duration {
    let start = now();
    run();
    now() - start
}

/// How often each runs untimed before it counts.
const SETTLING: usize = 4;

/// Runs all in turns; the median of each.
#[must_use]
pub fn race(lanes: &[&dyn Fn()], rounds: usize) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(rounds); lanes.len()];
    for _ in 0..rounds {
        for (lane, times) in lanes.iter().zip(&mut times) {
            // Nobody is to pay for what the one before left in the caches, which one run
            // over 8 MiB does not replace.
            (0..SETTLING).for_each(|_| lane());
            times.push(time(lane));
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    times.iter_mut().map(median).collect()
}

/// Whether a contender can take part: right, and not quadratic.
///
/// # Errors
///
/// It cannot; as which it is to be shown.
pub fn qualify(contender: &Contender, cell: Cell) -> Result<(), Outcome> {
    let streams = [64 << 10, 512 << 10].map(|len| Workload::new(cell.kind, len));
    if contender.check(cell.mode, &streams[0], cell.cut).is_err() {
        return Err(Outcome::Wrong);
    }
    let [short, long] = streams.map(|stream| {
        let run = || time(|| contender.run(cell.mode, &stream, cell.cut));
        (0..5).map(|_| run()).min().expect("there are five")
    });
    // Eight times as long: 8 is linear, 64 quadratic.
    if long > 24 * short {
        return Err(Outcome::Quadratic);
    }
    Ok(())
}

/// How each contender does in a cell, in the contenders' order.
///
/// # Panics
///
/// Ours is wrong: then there is nothing to be measured.
#[must_use]
pub fn outcomes(
    contenders: &[Contender],
    cell: Cell,
    workload: &Workload,
    rounds: usize,
) -> Vec<Outcome> {
    let mut outcomes: Vec<_> = contenders
        .iter()
        .map(|contender| match qualify(contender, cell) {
            Err(outcome) => outcome,
            Ok(()) => match contender.check(cell.mode, workload, cell.cut) {
                Err(_) => Outcome::Wrong,
                Ok(()) => Outcome::Took(Duration::ZERO),
            },
        })
        .collect();
    let runs: Vec<_> = contenders
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| matches!(outcome, Outcome::Took(_)))
        .map(|(contender, _)| move || contender.run(cell.mode, workload, cell.cut))
        .collect();
    let lanes: Vec<&dyn Fn()> = runs.iter().map(|run| run as &dyn Fn()).collect();
    let mut medians = race(&lanes, rounds).into_iter();
    for (contender, outcome) in contenders.iter().zip(&mut outcomes) {
        match outcome {
            Outcome::Took(time) => *time = medians.next().expect("each of them has run"),
            other => assert!(!contender.is_ours, "{contender:?} in {cell}: {other:?}"),
        }
    }
    outcomes
}
