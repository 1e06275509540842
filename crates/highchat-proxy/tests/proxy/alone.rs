//! Runs a test in its own process, and counts the resources of a process.

use core::time::Duration;
use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::support::{LONG, until};

/// The environment variable that is set in a process that runs only one test.
const ALONE: &str = "HIGHCHAT_PROXY_ALONE";

/// Returns whether this process runs only this test. If not, it first runs the test in a new
/// process and checks that it passes.
///
/// A test that counts the resources of its process must run alone, because the tests beside it
/// use resources too.
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

/// The number of file descriptors and threads of this process. Both are 0 on systems other
/// than Linux. Each task of a proxy owns a connection, so a task that does not end shows as a
/// descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) descriptors: usize,
    threads: usize,
}

impl Resources {
    pub(crate) fn now() -> Self {
        Self {
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            threads: fs::read_dir("/proc/self/task").map_or(0, Iterator::count),
        }
    }

    /// The resources when no proxy runs. What a proxy has for Redis ends a moment after the proxy.
    pub(crate) fn without_proxies() -> Self {
        until(|| {
            let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
            let names =
                threads.filter_map(|it| fs::read_to_string(it.ok()?.path().join("comm")).ok());
            names
                .into_iter()
                .all(|name| name.trim() != "highchat-redis")
        });
        Self::now()
    }

    /// Adds the resources of `proxies` idle proxies. `one` is a count with one idle proxy more
    /// than in `self`.
    pub(crate) fn plus_proxies(self, proxies: usize, one: Self) -> Self {
        Self {
            descriptors: self.descriptors + proxies * (one.descriptors - self.descriptors),
            threads: self.threads + proxies * (one.threads - self.threads),
        }
    }
}
