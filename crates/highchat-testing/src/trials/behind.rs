//! The expected outcome of each fault through the proxy, from its outcome without the
//! proxy.

use super::seen::Outcome;
use super::trial::{Course, TEXT, Trial};

/// What a visitor gets if the proxy itself detects the fault.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// An `error` event after a part of the text. The turn fails, and a client does not
    /// search for the reply.
    Error(TextBefore),
    /// 502 for a message that the service took. The turn fails. As after any 5xx, a client
    /// searches for the reply if it can distinguish the reply from older ones.
    NoAnswer,
    /// 502 for a message that the service did not take.
    NotTaken,
}

/// How much of the text comes before the `error` event.
#[derive(Clone, Copy, Debug)]
enum TextBefore {
    Nothing,
    /// The text before the fault, which occurs in the middle.
    Begun,
    Whole,
}

const ONLY_AN_EVENT: &str =
    "only an event ends a reply: the proxy reports the cut with an error event";
const SILENCE: &str =
    "the head was sent with comments, so an error event must say that no answer came in time";
const LOST: &str = "if the connection is lost before the answer, the proxy answers 502";
const NOT_PASSED_ON: &str = "for an answer that no client can use, the proxy answers 502";

/// The faults that the proxy detects, with their amounts. If several occur together, the
/// first one in this list counts. The proxy does not read events, so it passes all other
/// faults on.
const DETECTED: &[(&str, Shown, &str)] = &[
    ("cut:0", Shown::NoAnswer, LOST),
    ("cut:40", Shown::NoAnswer, LOST),
    ("reset:0", Shown::NoAnswer, LOST),
    ("gzip", Shown::NoAnswer, NOT_PASSED_ON),
    ("redirect", Shown::NotTaken, NOT_PASSED_ON),
    ("stall:0", Shown::Error(TextBefore::Nothing), SILENCE),
    (
        "slow-head:600000",
        Shown::Error(TextBefore::Nothing),
        SILENCE,
    ),
    ("cut", Shown::Error(TextBefore::Begun), ONLY_AN_EVENT),
    ("reset", Shown::Error(TextBefore::Begun), ONLY_AN_EVENT),
    ("stall", Shown::Error(TextBefore::Begun), ONLY_AN_EVENT),
    (
        "stall-pings",
        Shown::Error(TextBefore::Whole),
        ONLY_AN_EVENT,
    ),
    ("huge-event", Shown::Error(TextBefore::Begun), ONLY_AN_EVENT),
    ("no-done", Shown::Error(TextBefore::Whole), ONLY_AN_EVENT),
];

const NO_PROGRESS: &str = "comments show that the connection works, but they are no progress";

impl Trial {
    /// The row with its outcome through the proxy. If the row waits for a timeout, the
    /// proxy's timeout expires first.
    #[must_use]
    pub fn behind_the_proxy(mut self) -> Self {
        if matches!(self.course, Course::Restarted(_)) {
            // The client restarts before the proxy detects the fault.
            return self;
        }
        (self.waits, self.proxy_waits) = (false, self.waits);
        let has_fault = |fault: &str| self.faults.split(',').any(|one| one == fault);
        let Some((_, shown, why)) = DETECTED.iter().find(|(fault, ..)| has_fault(fault)) else {
            return self;
        };
        (self.outcome, self.text) = match shown {
            Shown::Error(TextBefore::Nothing) => (Outcome::Failed, ""),
            Shown::Error(TextBefore::Begun) => (Outcome::Failed, self.begun()),
            Shown::Error(TextBefore::Whole) => (Outcome::Failed, self.whole()),
            Shown::NoAnswer if self.course == Course::InAThread => (Outcome::Recovered, TEXT),
            Shown::NoAnswer | Shown::NotTaken => (Outcome::Failed, ""),
        };
        self.why = why;
        self
    }

    /// A waiting row with its outcome through a proxy whose timeouts are longer than the
    /// client's. The only difference is that comments have begun a stream.
    #[must_use]
    pub fn behind_a_patient_proxy(mut self) -> Self {
        if self.outcome == Outcome::Unanswered {
            self.outcome = Outcome::Incomplete;
        }
        self.why = NO_PROGRESS;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::table::{ALIKE as ALIKE_TRIALS, IN_A_THREAD, TRIALS};

    #[test]
    fn through_the_proxy_only_faults_inside_events_leave_a_cut_reply() {
        let trials = TRIALS.iter().copied().map(Trial::behind_the_proxy);
        let is_cut = |trial: &Trial| {
            matches!(
                trial.outcome,
                Outcome::Recovered | Outcome::Incomplete | Outcome::Unanswered
            )
        };
        let cut: Vec<_> = trials.filter(is_cut).map(|trial| trial.faults).collect();
        assert_eq!(cut, ["broken-json", "missing-field"]);
        let resumed = |trial: &&Trial| matches!(trial.course, Course::Restarted(_));
        for trial in ALIKE_TRIALS.iter().filter(resumed) {
            assert_eq!(trial.behind_the_proxy().outcome, trial.outcome);
        }
    }

    #[test]
    fn each_fault_that_the_proxy_detects_has_a_row() {
        for (fault, ..) in DETECTED {
            let mut rows = TRIALS.iter().chain(IN_A_THREAD);
            assert!(rows.any(|row| row.faults == *fault), "{fault}");
        }
    }
}
