//! Tests that count what their process holds: each in a process of its own.

use core::time::Duration;
use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::support::LONG;

/// Set in a process that runs one test alone.
const ALONE: &str = "HIGHCHAT_PROXY_ALONE";

/// Whether this process runs that test alone; where it does not, one that does has run. What
/// a test counts of its process, the others, which run beside it, have as well.
pub(crate) fn is_alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let mut child = command
        .args(["--exact", test])
        .env(ALONE, "1")
        .spawn()
        .expect("a process");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        if start.elapsed() > 6 * LONG {
            child.kill().expect("an end");
            panic!("{test} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{test}");
    false
}

/// What this process holds of the system, as far as that can be told: on Linux. Each task
/// of a proxy owns a connection, so that a task that is left over is a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) descriptors: usize,
    threads: usize,
}

impl Held {
    pub(crate) fn now() -> Self {
        Self {
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            threads: fs::read_dir("/proc/self/task").map_or(0, Iterator::count),
        }
    }

    /// With so many proxies that rest, where `one` more was started between two counts.
    pub(crate) fn with(self, proxies: usize, one: Self) -> Self {
        Self {
            descriptors: self.descriptors + proxies * (one.descriptors - self.descriptors),
            threads: self.threads + proxies * (one.threads - self.threads),
        }
    }
}
