//! The verdict: what a client did wrong.

mod finding;
mod rules;

use core::fmt;
use core::time::Duration;

use crate::journal::{Journal, Request};
use rules::{JudgedRequest, judge};

pub(crate) use rules::Limits;

pub use finding::{Finding, Misstep};

/// The verdict on a client: what it did wrong, judged only by its requests.
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
    /// Whether there are no findings.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    /// Checks that there are no findings. Call it at the end of a test.
    ///
    /// # Panics
    ///
    /// There are findings. The message lists them, one on each line.
    #[track_caller]
    pub fn assert_good(&self) {
        assert!(self.is_good(), "the client did not behave:\n{self}");
    }

    /// The findings, in the order of the requests.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The number of requests that were judged. The sandbox stores the newest 1000.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// Judges the requests so far.
    pub(crate) fn of_journal(journal: &Journal, limits: Limits) -> Self {
        Self::of(
            &journal.requests(),
            &journal.cancels(),
            journal.now(),
            limits,
        )
    }

    /// Judges the requests up to `now`. `cancels` are the times at which the client cancelled its
    /// requests.
    fn of(requests: &[Request], cancels: &[Duration], now: Duration, limits: Limits) -> Self {
        let mut findings = Vec::new();
        let judged: Vec<JudgedRequest<'_>> = requests.iter().map(JudgedRequest::new).collect();
        for (n, request) in requests.iter().enumerate() {
            let mut found = |misstep, detail: String| {
                findings.push(Finding {
                    at: request.at,
                    misstep,
                    detail,
                });
            };
            judge(&judged[n], &judged[..n], cancels, now, limits, &mut found);
        }
        Self {
            findings,
            requests: requests.len(),
        }
    }
}

impl fmt::Display for Verdict {
    /// Writes a line for each finding, and then a line with the numbers of requests and findings.
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
