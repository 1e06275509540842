use highchat_sandbox::{Fault, Injection};

use super::seen::Outcome;
use super::trial::{ALIKE as BEGUN_ALIKE, BEGUN, Course, Trial};

const READ_BACK: &str = "a cut reply is searched for in the messages, and never requested again";
const THE_STANDARD: &str = "the client must accept every stream that the standard allows";
const NEW_SERVICE: &str = "a new service must not break an old client";
const NOT_TAKEN: &str =
    "429 means that the message was not taken: it is sent again after the requested delay";
const NOT_REPEATED: &str =
    "an answer that is not a reply is reported, and the message is not sent again";
const ONCE: &str = "every message is shown once, however often and in any order polls return it";
const POLLS_ON: &str = "a failed poll is repeated after a pause";

const TOLD_APART: &str =
    "a reply without any text is searched for if older replies can be distinguished from it";

/// The table for every client.
pub const TRIALS: &[Trial] = &[
    Trial::new("cut", Outcome::Recovered, READ_BACK),
    Trial::new(
        "cut,close-delimited",
        Outcome::Recovered,
        "the end of the body does not end a reply, whatever HTTP says",
    ),
    Trial::new(
        "cut,no-meta",
        Outcome::Incomplete,
        "without a conversation id, nothing can be read back",
    )
    .shows(BEGUN),
    Trial::new(
        "cut:0",
        Outcome::Unanswered,
        "if the connection is lost after writing, the message is not sent again",
    ),
    Trial::new(
        "cut:40",
        Outcome::Unanswered,
        "half a head is no answer, and the service may have taken the message",
    ),
    Trial::new("reset", Outcome::Recovered, READ_BACK),
    Trial::new(
        "reset:0",
        Outcome::Unanswered,
        "if the connection is lost after writing, the message is not sent again",
    ),
    Trial::new(
        "stall",
        Outcome::Recovered,
        "if no byte arrives for the idle timeout, the reply is cut",
    )
    .waits(),
    Trial::new(
        "stall:0",
        Outcome::Unanswered,
        "no head arrives in the response timeout",
    )
    .waits(),
    Trial::new(
        "stall-pings",
        Outcome::Recovered,
        "pings show that the connection works, but they are no progress",
    )
    .waits(),
    Trial::new("one-byte", Outcome::Whole, THE_STANDARD),
    Trial::new(
        "slow-head:300",
        Outcome::Whole,
        "a head may take up to a minute",
    ),
    Trial::new(
        "slow-head:600000",
        Outcome::Unanswered,
        "no head arrives in the response timeout",
    )
    .waits(),
    Trial::new("cr-lf", Outcome::Whole, THE_STANDARD),
    Trial::new("lone-cr", Outcome::Whole, THE_STANDARD),
    Trial::new("bom", Outcome::Whole, THE_STANDARD),
    Trial::new("comments", Outcome::Whole, THE_STANDARD),
    Trial::new("multi-line-data", Outcome::Whole, THE_STANDARD),
    Trial::new("no-space", Outcome::Whole, THE_STANDARD),
    Trial::new(
        "cr-lf,one-byte,bom,comments,multi-line-data",
        Outcome::Whole,
        THE_STANDARD,
    ),
    Trial::new(
        "lone-cr,one-byte,no-space,unknown-event,extra-fields",
        Outcome::Whole,
        THE_STANDARD,
    ),
    Trial::new(
        "no-last-blank-line",
        Outcome::Whole,
        "a known event with complete JSON needs no blank line at the end",
    ),
    Trial::new(
        "no-last-blank-line,close-delimited",
        Outcome::Whole,
        "a known event with complete JSON needs no blank line at the end",
    ),
    Trial::new(
        "no-last-blank-line,cr-lf,one-byte",
        Outcome::Whole,
        "a known event with complete JSON needs no blank line at the end",
    ),
    Trial::new(
        "invalid-utf-8",
        Outcome::Whole,
        "invalid UTF-8 becomes U+FFFD",
    )
    .shows("Սա երկար պատասխան\u{fffd}"),
    Trial::new(
        "split-pair",
        Outcome::Whole,
        "two halves of a surrogate pair in two deltas are joined",
    )
    .shows("Սա երկար պատասխան🙂"),
    Trial::new("unknown-event", Outcome::Whole, NEW_SERVICE),
    Trial::new("extra-fields", Outcome::Whole, NEW_SERVICE),
    Trial::new(
        "broken-json",
        Outcome::Recovered,
        "text must not be lost: the rest of the stream cannot be trusted",
    ),
    Trial::new(
        "missing-field",
        Outcome::Recovered,
        "text must not be lost: the rest of the stream cannot be trusted",
    ),
    Trial::new(
        "no-meta",
        Outcome::Whole,
        "a reply without meta is accepted",
    ),
    Trial::new(
        "no-done",
        Outcome::Recovered,
        "only done, human or error ends a reply",
    ),
    Trial::new(
        "no-done,close-delimited",
        Outcome::Recovered,
        "only done, human or error ends a reply",
    ),
    Trial::new(
        "bytes-after-done",
        Outcome::Whole,
        "nothing after the end of a reply counts",
    ),
    Trial::new(
        "no-end",
        Outcome::Whole,
        "a service that never closes the body does not block the client",
    ),
    Trial::new(
        "huge-event",
        Outcome::Recovered,
        "nothing is unbounded: an event has at most 1 MiB",
    ),
    Trial::new(
        "huge-event:300000",
        Outcome::Whole,
        "an event may have 1 MiB",
    ),
    Trial::new(
        "wrong-type",
        Outcome::Failed,
        "a 200 that is not an event stream is never parsed as one",
    ),
    Trial::new(
        "gzip",
        Outcome::Failed,
        "an encoding that was not requested is never decoded",
    ),
    Trial::new(
        "close-delimited",
        Outcome::Whole,
        "the way in which HTTP ends a body does not matter",
    ),
    Trial::new("429", Outcome::Whole, NOT_TAKEN).sends(2),
    Trial::new("429-seconds", Outcome::Whole, NOT_TAKEN).sends(2),
    Trial::new("429-date", Outcome::Whole, NOT_TAKEN).sends(2),
    Trial::new("429x2,cr-lf", Outcome::Whole, "at most two more attempts").sends(3),
    Trial::new("429x3", Outcome::RateLimited, "at most two more attempts").sends(3),
    Trial::new(
        "429-seconds:121",
        Outcome::RateLimited,
        "the client does not wait longer than 120 s by itself",
    ),
    Trial::new("500-html", Outcome::Failed, NOT_REPEATED),
    Trial::new("502-empty", Outcome::Failed, NOT_REPEATED),
    Trial::new("204-empty", Outcome::Failed, NOT_REPEATED),
    Trial::new(
        "redirect",
        Outcome::Failed,
        "a redirect is never followed, because it would forward the key",
    ),
    Trial::new(
        "json-error-200",
        Outcome::Failed,
        "JSON in the error format is that error, whatever the status",
    ),
    Trial::new("poll-duplicates", Outcome::HandedOver, ONCE),
    Trial::new("poll-same-timestamp", Outcome::HandedOver, ONCE),
    Trial::new("poll-out-of-order", Outcome::HandedOver, ONCE),
    Trial::new(
        "poll-unknown-state",
        Outcome::HandedOver,
        "an unknown state changes nothing",
    ),
    Trial::new("poll-429", Outcome::HandedOver, POLLS_ON),
    Trial::new("poll-500x2", Outcome::HandedOver, POLLS_ON),
    Trial::new(
        "poll-odd-message",
        Outcome::HandedOver,
        "an unreadable message hides no other message of the page",
    ),
    Trial::new(
        "poll-404",
        Outcome::HandedOver,
        "404 ends the handoff with an error",
    ),
];

/// More rows, for clients that remember a conversation between messages. Such a client can
/// distinguish a reply without any text from an older one.
pub const IN_A_THREAD: &[Trial] = &[
    Trial::new("cut", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new("cut:0", Outcome::Recovered, TOLD_APART).in_a_thread(),
    Trial::new("reset:0", Outcome::Recovered, TOLD_APART).in_a_thread(),
    Trial::new("cut:40", Outcome::Recovered, TOLD_APART).in_a_thread(),
    Trial::new("stall:0", Outcome::Recovered, TOLD_APART)
        .waits()
        .in_a_thread(),
    Trial::new("no-meta,cut", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new("no-done,huge-event", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new(
        "500-html",
        Outcome::Failed,
        "if the reply is not found, the original error is reported",
    )
    .in_a_thread(),
    Trial::new("429", Outcome::Whole, NOT_TAKEN)
        .sends(2)
        .in_a_thread(),
    Trial::new(
        "cut,poll-500",
        Outcome::Recovered,
        "a failed search is repeated",
    )
    .in_a_thread(),
    Trial::new(
        "cut,poll-429",
        Outcome::Recovered,
        "a failed search is repeated",
    )
    .in_a_thread(),
    Trial::new("cut,poll-duplicates", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new(
        "cut,poll-odd-message",
        Outcome::Recovered,
        "an unreadable message hides no other message of the page",
    )
    .in_a_thread(),
    Trial::new(
        "broken-json,poll-500x2",
        Outcome::Recovered,
        "a failed search is repeated",
    )
    .in_a_thread(),
    Trial::new(
        "missing-field,poll-429",
        Outcome::Recovered,
        "a failed search is repeated",
    )
    .in_a_thread(),
    Trial::new(
        "broken-json,poll-out-of-order",
        Outcome::Recovered,
        READ_BACK,
    )
    .in_a_thread(),
    Trial::new(
        "broken-json,poll-404",
        Outcome::Incomplete,
        "404 ends the search",
    )
    .shows(BEGUN)
    .in_a_thread(),
    Trial::new("gzip", Outcome::Failed, NOT_REPEATED).in_a_thread(),
    Trial::new("redirect", Outcome::Failed, NOT_REPEATED).in_a_thread(),
    Trial::new("cut,poll-404", Outcome::Incomplete, "404 ends the search")
        .shows(BEGUN)
        .in_a_thread(),
];

const NOT_ANOTHER_TURNS: &str =
    "a turn shows its own reply only, never another turn's with the same beginning";
const UNKNOWN_HISTORY: &str =
    "in a conversation continued by its id, nothing is recovered, because its history is unknown";

/// The reply to the message of a trial whose replies have the same beginning.
pub(crate) const OWN: &str = "Ձեր պատվերը ճանապարհին էր, բայց չեղարկվեց 🙏";
/// The reply to the earlier message. If it is cancelled, the service stalls in its middle.
pub(crate) const OTHER: &str = "Ձեր պատվերը ճանապարհին է 🚚 և վաղը կհասնի Երևան, ձեր տուն 🏠";
/// The part of `OTHER` that comes before the cancellation. The own reply does not begin
/// with it.
pub(crate) const OTHER_BEGUN: &str = "Ձեր պատվերը ճանապարհին է 🚚 և ";
/// Another reply to the earlier message. Its part before the cancellation is also a
/// beginning of the own reply.
const OTHER_SHORT: &str = "Ձեր պատվերը ճանապարհին է 🚚 և կհասնի վաղը";

/// Rows in which a reply is cut and an older reply has the same beginning, for clients that
/// remember a conversation. The service stores both replies.
pub const ALIKE: &[Trial] = &[
    Trial::new("cut", Outcome::Recovered, NOT_ANOTHER_TURNS)
        .replies(OTHER, OWN)
        .shows(OWN)
        .in_a_thread(),
    Trial::new("cut", Outcome::Incomplete, UNKNOWN_HISTORY)
        .replies(OTHER, OWN)
        .shows(BEGUN_ALIKE)
        .by_course(Course::ById),
    Trial::new("reset", Outcome::Incomplete, UNKNOWN_HISTORY)
        .replies(OTHER, OWN)
        .shows(BEGUN_ALIKE)
        .by_course(Course::ById),
    Trial::new("cut:0", Outcome::Unanswered, UNKNOWN_HISTORY)
        .replies(OTHER, OWN)
        .by_course(Course::ById),
    Trial::new("cut", Outcome::Recovered, NOT_ANOTHER_TURNS)
        .replies(OTHER, OWN)
        .shows(OWN)
        .by_course(Course::AfterACancel(OTHER_BEGUN)),
    Trial::new("no-done", Outcome::Recovered, NOT_ANOTHER_TURNS)
        .replies(OTHER, OWN)
        .shows(OWN)
        .by_course(Course::AfterACancel(OTHER_BEGUN)),
    Trial::new(
        "cut",
        Outcome::Incomplete,
        "either message may be the cancelled reply",
    )
    .replies(OTHER_SHORT, OWN)
    .shows(BEGUN_ALIKE)
    .by_course(Course::AfterACancel(BEGUN_ALIKE)),
    Trial::new(
        "stall",
        Outcome::Recovered,
        "a restart keeps the data that the search for the reply needs",
    )
    .replies(OTHER, OWN)
    .shows(OWN)
    .by_course(Course::Restarted(BEGUN_ALIKE)),
    Trial::new(
        "stall,poll-odd-message",
        Outcome::Recovered,
        "an unreadable message hides no other message of the page",
    )
    .replies(OTHER, OWN)
    .shows(OWN)
    .by_course(Course::Restarted(BEGUN_ALIKE)),
];

/// The names of the sandbox's faults that neither a row nor `left_out` has. `left_out` has
/// a reason for each fault.
#[must_use]
pub fn untried(trials: &[Trial], left_out: &[(&str, &str)]) -> Vec<&'static str> {
    let names = trials.iter().flat_map(|trial| trial.faults.split(','));
    let tried: Vec<Fault> = names
        .filter_map(|name| name.parse().ok())
        .map(Injection::fault)
        .collect();
    let is_left_out = |fault: &Fault| left_out.iter().any(|(name, _)| *name == fault.name());
    let all = Fault::ALL.iter();
    all.filter(|fault| !tried.contains(fault) && !is_left_out(fault))
        .map(|fault| fault.name())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_row() {
        assert_eq!(untried(TRIALS, &[]), [""; 0]);
    }

    #[test]
    fn replies_with_the_same_beginning_differ_after_the_cut() {
        for trial in ALIKE {
            let [earlier, later] = trial.replies.expect("each has replies of its own");
            assert!(earlier.starts_with(BEGUN_ALIKE) && later.starts_with(BEGUN_ALIKE));
            assert!(!later.starts_with(earlier) && !earlier.starts_with(later));
            if let Course::AfterACancel(begun) = trial.course {
                assert!(earlier.starts_with(begun));
                let is_in_doubt = later.starts_with(begun);
                assert_eq!(is_in_doubt, trial.outcome == Outcome::Incomplete);
            }
        }
    }

    #[test]
    fn a_fault_without_a_row_or_a_reason_is_listed() {
        let is_cut = |trial: &&Trial| trial.faults.starts_with("cut");
        let cuts: Vec<Trial> = TRIALS.iter().filter(is_cut).copied().collect();
        let missing = untried(&cuts, &[("stall", "it takes long")]);
        assert!(!missing.contains(&"cut") && !missing.contains(&"stall"));
        assert!(missing.contains(&"reset"));
    }
}
