//! Whether a client behaved.

mod finding;
mod rules;

use core::fmt;
use core::time::Duration;

use crate::journal::{Journal, Request};
use rules::{Asked, judge};

pub(crate) use rules::Limits;

pub use finding::{Finding, Misstep};

/// Whether a client behaved, judged by what it sent: what it should not have done among its
/// requests.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use highchat_sandbox::{Fault, Sandbox};
///
/// let sandbox = Sandbox::builder().fault(Fault::Cut).start()?;
/// // … the program under test talks to `sandbox.base_url()` …
/// sandbox.verdict().assert_good();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    findings: Vec<Finding>,
    requests: usize,
}

impl Verdict {
    /// Whether nothing is to be said.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    /// Checks that nothing is to be said: the last line of a test.
    ///
    /// # Panics
    ///
    /// There are findings; the message lists them, a line each.
    #[track_caller]
    pub fn assert_good(&self) {
        assert!(self.is_good(), "the client did not behave:\n{self}");
    }

    /// What the client should not have done, in order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many requests were judged; the sandbox remembers the newest 1000.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// Judges what was asked so far.
    pub(crate) fn of_journal(journal: &Journal, limits: Limits) -> Self {
        Self::of(
            &journal.requests(),
            &journal.cancels(),
            journal.now(),
            limits,
        )
    }

    /// Judges what was asked up to `now`; `cancels` are the times at which the client
    /// says that it cancelled what was under way.
    fn of(requests: &[Request], cancels: &[Duration], now: Duration, limits: Limits) -> Self {
        let mut findings = Vec::new();
        let asked: Vec<Asked<'_>> = requests.iter().map(Asked::new).collect();
        for (n, request) in requests.iter().enumerate() {
            let mut found = |misstep, detail: String| {
                findings.push(Finding {
                    at: request.at,
                    misstep,
                    detail,
                });
            };
            judge(&asked[n], &asked[..n], cancels, now, limits, &mut found);
        }
        Self {
            findings,
            requests: requests.len(),
        }
    }
}

impl fmt::Display for Verdict {
    /// A line for each finding, then one with their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let ending = |count| if count == 1 { "" } else { "s" };
        let (requests, findings) = (self.requests, self.findings.len());
        write!(
            f,
            "{requests} request{}, {findings} finding{}",
            ending(requests),
            ending(findings)
        )
    }
}
