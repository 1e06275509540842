//! Plays many lives in a test, and prints the first that fails.

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::time::Instant;

use crate::life::Life;
use crate::world::Finding;

/// The first seed, unless the environment sets another.
const FIRST_SEED: u64 = 12_000_000;

/// The result of a life: the judgement, and its story if it was kept.
pub type Played = (Result<(), Finding>, Vec<String>);

/// Plays many lives in several threads. The first life that fails is played again with its
/// story, which is printed.
///
/// The environment variables `LIVES` and `LIVES_FROM` set the number of lives and the first
/// seed. A life may take at most `patience`, because a client that never returns cannot be
/// judged.
///
/// # Panics
///
/// A life failed.
#[expect(clippy::print_stdout, reason = "the test prints which lives it played")]
pub fn lives(
    name: &str,
    default_count: u64,
    threads: usize,
    patience: Duration,
    play: impl Fn(&Life, bool) -> Played + Sync,
) {
    let from = number("LIVES_FROM").unwrap_or(FIRST_SEED);
    let count = number("LIVES").unwrap_or(default_count);
    let next = AtomicU64::new(from);
    let has_failed = AtomicBool::new(false);
    let failed = Mutex::new(None);
    let began = Instant::now();
    let under_way: Vec<Mutex<Option<(u64, Instant)>>> =
        (0..threads).map(|_| Mutex::new(None)).collect();
    let running = AtomicU64::new(threads as u64);
    std::thread::scope(|scope| {
        for slot in &under_way {
            let (next, has_failed, failed, running, play) =
                (&next, &has_failed, &failed, &running, &play);
            scope.spawn(move || {
                let _guard = RunningGuard(running);
                while !has_failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count {
                        break;
                    }
                    *slot.lock().expect("no thread panicked with the lock") =
                        Some((seed, Instant::now()));
                    let life = Life::draw(seed);
                    let played = catch_unwind(AssertUnwindSafe(|| play(&life, false)));
                    let (judged, story) = played.unwrap_or_else(|panic| {
                        has_failed.store(true, Ordering::Relaxed);
                        println!("{name}, seed {seed}: a panic");
                        resume_unwind(panic)
                    });
                    if let Err(finding) = judged {
                        has_failed.store(true, Ordering::Relaxed);
                        let first = (seed, finding, story);
                        failed
                            .lock()
                            .expect("no thread panicked with the lock")
                            .get_or_insert(first);
                    }
                }
                *slot.lock().expect("no thread panicked with the lock") = None;
            });
        }
        scope.spawn(|| watch(name, &under_way, &running, patience));
    });
    if let Some((seed, finding, mut story)) = failed
        .into_inner()
        .expect("no thread panicked with the lock")
    {
        println!("{name}, seed {seed}: {finding}");
        if story.is_empty() {
            story = play(&Life::draw(seed), true).1;
        }
        for line in story {
            println!("{line}");
        }
        panic!("{name}, seed {seed}: {finding}");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{name}: {count} lives from seed {from} in {seconds:.1} s");
}

/// Counts a running thread down, also if it panics.
struct RunningGuard<'a>(&'a AtomicU64);

impl Drop for RunningGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Aborts the process if a life takes too long, because nothing else ends a client that
/// loops.
#[expect(clippy::print_stderr, reason = "the process is about to abort")]
fn watch(
    name: &str,
    under_way: &[Mutex<Option<(u64, Instant)>>],
    running: &AtomicU64,
    patience: Duration,
) {
    while running.load(Ordering::Relaxed) > 0 {
        for slot in under_way {
            let life = *slot.lock().expect("no thread panicked with the lock");
            if let Some((seed, began)) = life.filter(|(_, began)| began.elapsed() > patience) {
                let seconds = began.elapsed().as_secs();
                eprintln!("{name}, seed {seed}: the life is not over after {seconds} s");
                std::process::abort();
            }
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {value}")),
    )
}
