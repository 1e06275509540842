//! Changes the rows of the table for a client behind the key-hiding proxy.

use core::time::Duration;

use super::{ALIKE, Course, IN_A_THREAD, Outcome, TEXT, TRIALS, Trial};

/// The proxy's response to a fault that it notices.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// The proxy searches for the rest of the reply, by the rule of the clients, and sends it. If
    /// it finds nothing, an `error` event follows this part of the text: the turn fails, and a
    /// client does not try to recover the reply.
    Healed(TextBefore),
    /// 502 for a message that the service accepted. The turn fails. As after any 5xx, a client
    /// tries to recover the reply if it can distinguish it from an older one.
    NoAnswer,
    /// 502 for a message that the service did not accept.
    NotTaken,
}

/// The part of the text before an `error` event.
#[derive(Clone, Copy, Debug)]
enum TextBefore {
    Nothing,
    /// The text before the fault, which happens in the middle of the reply.
    Begun,
    Whole,
}

const HEALED: &str =
    "the proxy recovers a cut reply where a client would, and else reports an error event";
const LOST: &str = "the proxy answers with 502 if the connection is lost before the response";
const NOT_PASSED_ON: &str =
    "the proxy answers with 502 instead of a response that no client can use";

/// The faults that the proxy notices, with their amounts. If a row has several, the first one
/// in this list counts. All other faults pass.
const NOTICED: &[(&str, Shown, &str)] = &[
    ("cut:0", Shown::NoAnswer, LOST),
    ("cut:40", Shown::NoAnswer, LOST),
    ("reset:0", Shown::NoAnswer, LOST),
    ("gzip", Shown::NoAnswer, NOT_PASSED_ON),
    ("redirect", Shown::NotTaken, NOT_PASSED_ON),
    ("stall:0", Shown::Healed(TextBefore::Nothing), HEALED),
    (
        "slow-head:600000",
        Shown::Healed(TextBefore::Nothing),
        HEALED,
    ),
    ("cut", Shown::Healed(TextBefore::Begun), HEALED),
    ("reset", Shown::Healed(TextBefore::Begun), HEALED),
    ("stall", Shown::Healed(TextBefore::Begun), HEALED),
    ("stall-pings", Shown::Healed(TextBefore::Whole), HEALED),
    ("huge-event", Shown::Healed(TextBefore::Begun), HEALED),
    ("no-done", Shown::Healed(TextBefore::Whole), HEALED),
    ("broken-json", Shown::Healed(TextBefore::Begun), HEALED),
    ("missing-field", Shown::Healed(TextBefore::Begun), HEALED),
];

const NO_PROGRESS: &str = "comments show that the service is alive, but they are not progress";

/// Changes rows for a client behind the proxy.
pub trait BehindTheProxy: Sized {
    /// The row for a client behind the proxy. If the row waits for a time limit, it is the
    /// proxy's.
    #[must_use]
    fn behind_the_proxy(self) -> Self;

    /// A row that waits, for a client behind a proxy with longer time limits than the client's.
    /// It ends as without the proxy, except that the proxy's comments have begun a reply.
    #[must_use]
    fn behind_a_patient_proxy(self) -> Self;

    /// Whether the row lasts until a time limit of the proxy in front of the service.
    fn proxy_waits(&self) -> bool;

    /// The time limit of a proxy in front of the service. It is short only if the row waits for
    /// it.
    fn proxy_patience(&self) -> Duration {
        Duration::from_secs(if self.proxy_waits() { 2 } else { 30 })
    }

    /// The silence after which that proxy sends a comment. It is short only if the service is
    /// silent in this row, because after a comment the proxy can no longer send an error status.
    fn proxy_keepalive(&self) -> Duration;
}

impl BehindTheProxy for Trial {
    fn behind_the_proxy(mut self) -> Self {
        if matches!(self.course, Course::Restarted(_)) {
            // The client is gone before the proxy notices the fault.
            return self;
        }
        self.waits = false;
        let has_fault = |fault: &str| self.faults.split(',').any(|one| one == fault);
        let Some((_, shown, why)) = NOTICED.iter().find(|(fault, ..)| has_fault(fault)) else {
            return self;
        };
        // The proxy has seen the earlier messages too, even if the client has forgotten them.
        let is_known = matches!(self.course, Course::ById) || self.outcome == Outcome::Recovered;
        (self.outcome, self.text) = match shown {
            Shown::Healed(_) if is_known => (Outcome::Whole, self.whole()),
            Shown::Healed(TextBefore::Nothing) => (Outcome::Failed, ""),
            Shown::Healed(TextBefore::Begun) => (Outcome::Failed, self.begun()),
            Shown::Healed(TextBefore::Whole) => (Outcome::Failed, self.whole()),
            Shown::NoAnswer if self.course == Course::InAThread => (Outcome::Recovered, TEXT),
            Shown::NoAnswer | Shown::NotTaken => (Outcome::Failed, ""),
        };
        self.why = why;
        self
    }

    fn behind_a_patient_proxy(mut self) -> Self {
        if self.outcome == Outcome::Unanswered {
            self.outcome = Outcome::Incomplete;
        }
        self.why = NO_PROGRESS;
        self
    }

    fn proxy_waits(&self) -> bool {
        // The row of the table waits, and this one no longer does.
        let mut rows = TRIALS.iter().chain(IN_A_THREAD).chain(ALIKE);
        !self.waits && rows.any(|row| row.waits && row.name() == self.name())
    }

    fn proxy_keepalive(&self) -> Duration {
        let is_silent = self.waits || self.proxy_waits() || self.faults.starts_with("slow-head");
        Duration::from_millis(if is_silent { 100 } else { 15_000 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_the_proxy_a_client_recovers_only_replies_that_did_not_begin() {
        let trials = TRIALS.iter().chain(IN_A_THREAD).chain(ALIKE);
        let is_cut = |trial: &Trial| {
            matches!(
                trial.outcome,
                Outcome::Recovered | Outcome::Incomplete | Outcome::Unanswered
            )
        };
        let is_restarted = |trial: &Trial| matches!(trial.course, Course::Restarted(_));
        let trials = trials.copied().map(Trial::behind_the_proxy);
        let cut = trials.filter(|trial| is_cut(trial) && !is_restarted(trial));
        let cut: Vec<_> = cut.map(|trial| trial.faults).collect();
        assert_eq!(cut, ["cut:0", "reset:0", "cut:40", "gzip"]);
        for trial in ALIKE.iter().filter(|trial| is_restarted(trial)) {
            assert_eq!(trial.behind_the_proxy().outcome, trial.outcome);
        }
    }

    #[test]
    fn each_fault_that_the_proxy_notices_is_in_a_row() {
        for (fault, ..) in NOTICED {
            let mut rows = TRIALS.iter().chain(IN_A_THREAD);
            assert!(rows.any(|row| row.faults == *fault), "{fault}");
        }
    }
}
