//! Compares the speed of contenders on a machine that also has other work.
//!
//! The contenders run in turns, in many short rounds, so that other work slows all of them down
//! in the same way. The result is the median of the thread's own CPU time.

use core::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::cells::Cell;
use crate::contenders::Contender;
use crate::workload::Workload;

/// The result of a contender in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The median of the time for the whole workload.
    Took(Duration),
    /// It did not decode what the generator wrote.
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

/// How often each contender runs untimed before a timed run.
const SETTLING: usize = 4;

/// Runs all functions in turns. Returns the median time of each.
#[must_use]
pub fn race(lanes: &[&dyn Fn()], rounds: usize) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(rounds); lanes.len()];
    for _ in 0..rounds {
        for (lane, times) in lanes.iter().zip(&mut times) {
            // Otherwise the caches still have data of the function before. One run over 8 MiB
            // does not replace all of it.
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

/// Checks that a contender is right in a cell and is not quadratic.
///
/// # Errors
///
/// It must not be timed. The error is the outcome to show.
pub fn qualify(contender: &Contender, cell: Cell) -> Result<(), Outcome> {
    let streams = [64 << 10, 512 << 10].map(|len| Workload::new(cell.kind, len));
    if contender.check(cell.mode, &streams[0], cell.cut).is_err() {
        return Err(Outcome::Wrong);
    }
    let [short, long] = streams.map(|stream| {
        let run = || time(|| contender.run(cell.mode, &stream, cell.cut));
        (0..5).map(|_| run()).min().expect("there are five")
    });
    // For eight times the length, a factor of 8 is linear and 64 is quadratic.
    if long > 24 * short {
        return Err(Outcome::Quadratic);
    }
    Ok(())
}

/// The outcomes of all contenders in a cell, in their order.
///
/// # Panics
///
/// One of our decoders is wrong or quadratic.
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
