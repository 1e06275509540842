//! What is to become of a fault where the proxy is between, from what it is without.

use super::seen::Outcome;
use super::trial::{Course, TEXT, Trial};

/// What a visitor is shown of a reply that the proxy itself sees to be none.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// An `error` event after that much of the text: the turn failed, and a client looks
    /// for nothing.
    Error(Much),
    /// 502 for a message that was taken: the turn failed; a client looks for the reply as
    /// after any 5xx, where it can tell it apart.
    NoAnswer,
    /// 502 for a message that was not taken.
    NotTaken,
}

/// How much of the text comes before an `error` event.
#[derive(Clone, Copy, Debug)]
enum Much {
    Nothing,
    /// The text before the fault, which strikes in the middle.
    Begun,
    Whole,
}

const ONLY_AN_EVENT: &str =
    "only an event ends a reply: the proxy says with an error that it was cut";
const SILENCE: &str =
    "comments stand for the head, so that an error event must say that none came in time";
const LOST: &str = "a connection lost before the answer is the proxy's 502";
const NOT_PASSED_ON: &str = "what no client has a use for is the proxy's 502";

/// The faults that the proxy sees, with their amounts; of those that strike together the
/// first one here counts. All others pass through it: it does not read what events hold.
const SEEN: &[(&str, Shown, &str)] = &[
    ("cut:0", Shown::NoAnswer, LOST),
    ("cut:40", Shown::NoAnswer, LOST),
    ("reset:0", Shown::NoAnswer, LOST),
    ("gzip", Shown::NoAnswer, NOT_PASSED_ON),
    ("redirect", Shown::NotTaken, NOT_PASSED_ON),
    ("stall:0", Shown::Error(Much::Nothing), SILENCE),
    ("slow-head:600000", Shown::Error(Much::Nothing), SILENCE),
    ("cut", Shown::Error(Much::Begun), ONLY_AN_EVENT),
    ("reset", Shown::Error(Much::Begun), ONLY_AN_EVENT),
    ("stall", Shown::Error(Much::Begun), ONLY_AN_EVENT),
    ("stall-pings", Shown::Error(Much::Whole), ONLY_AN_EVENT),
    ("huge-event", Shown::Error(Much::Begun), ONLY_AN_EVENT),
    ("no-done", Shown::Error(Much::Whole), ONLY_AN_EVENT),
];

const NO_PROGRESS: &str = "comments are life, but no progress";

impl Trial {
    /// The row as it is to end behind the proxy, where what runs out are the proxy's clocks.
    #[must_use]
    pub fn behind_the_proxy(mut self) -> Self {
        if matches!(self.course, Course::Restarted(_)) {
            // The client is gone before the proxy sees that anything is wrong.
            return self;
        }
        (self.waits, self.proxy_waits) = (false, self.waits);
        let strikes = |fault: &str| self.faults.split(',').any(|one| one == fault);
        let Some((_, shown, why)) = SEEN.iter().find(|(fault, ..)| strikes(fault)) else {
            return self;
        };
        (self.outcome, self.text) = match shown {
            Shown::Error(Much::Nothing) => (Outcome::Failed, ""),
            Shown::Error(Much::Begun) => (Outcome::Failed, self.begun()),
            Shown::Error(Much::Whole) => (Outcome::Failed, self.whole()),
            Shown::NoAnswer if self.course == Course::InAThread => (Outcome::Recovered, TEXT),
            Shown::NoAnswer | Shown::NotTaken => (Outcome::Failed, ""),
        };
        self.why = why;
        self
    }

    /// A row that waits, as it is to end behind a proxy that is more patient than the
    /// client: as without it, but that comments have begun a stream.
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
    fn only_what_the_proxy_does_not_read_is_cut_for_a_client_alone() {
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
    fn each_fault_that_the_proxy_sees_is_in_a_row() {
        for (fault, ..) in SEEN {
            let mut rows = TRIALS.iter().chain(IN_A_THREAD);
            assert!(rows.any(|row| row.faults == *fault), "{fault}");
        }
    }
}
