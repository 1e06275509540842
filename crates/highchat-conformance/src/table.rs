use crate::seen::Outcome;
use crate::source::{Reason, Source, ours};
use crate::trial::{ALIKE as BEGUN_ALIKE, BEGUN, Course, Trial};

const READ_BACK: Reason =
    ours("a cut reply is recovered from the list of messages, and the message is not sent again");
const THE_STANDARD: Reason =
    Reason::new(Source::EventStream, "the format is exactly the standard's");
const NEW_SERVICE: Reason = ours("a new service must not break an old client");
const NOT_TAKEN: Reason = Reason::new(
    Source::Api,
    "the service did not accept a message with a 429, so it is sent again after the requested time",
);
const NOT_REPEATED: Reason =
    ours("a response that is not a reply is reported, and the message is not sent again");
const ONCE: Reason = ours("every message is shown once, in any order and number of polls");
const POLLS_ON: Reason = ours("a failed poll is repeated after a pause");

const DISTINGUISHED: Reason =
    ours("a reply of which no part came is recovered if it can be distinguished from an older one");

/// The rows for all clients.
pub const TRIALS: &[Trial] = &[
    Trial::new("cut", Outcome::Recovered, READ_BACK),
    Trial::new(
        "cut,close-delimited",
        Outcome::Recovered,
        ours("the end of the HTTP body does not end a reply"),
    ),
    Trial::new(
        "cut,no-meta",
        Outcome::Incomplete,
        ours("without a conversation id no reply can be recovered"),
    )
    .shows(BEGUN),
    Trial::new(
        "cut:0",
        Outcome::Unanswered,
        ours("a connection lost after writing is reported, and the message is not sent again"),
    ),
    Trial::new(
        "cut:40",
        Outcome::Unanswered,
        ours("a part of a head is not a response, and the service may have accepted the message"),
    ),
    Trial::new("reset", Outcome::Recovered, READ_BACK),
    Trial::new(
        "reset:0",
        Outcome::Unanswered,
        ours("a connection lost after writing is reported, and the message is not sent again"),
    ),
    Trial::new(
        "stall",
        Outcome::Recovered,
        ours("a reply without a byte for the idle timeout is cut"),
    )
    .waits(),
    Trial::new(
        "stall:0",
        Outcome::Unanswered,
        ours("no head came within the response timeout"),
    )
    .waits(),
    Trial::new(
        "stall-pings",
        Outcome::Recovered,
        ours("pings show that the service is alive, but they are not progress"),
    )
    .waits(),
    Trial::new("one-byte", Outcome::Whole, THE_STANDARD),
    Trial::new(
        "slow-head:300",
        Outcome::Whole,
        ours("a head may take a minute"),
    ),
    Trial::new(
        "slow-head:600000",
        Outcome::Unanswered,
        ours("no head came within the response timeout"),
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
        ours("a known event with complete JSON needs no blank line at the end of the stream"),
    ),
    Trial::new(
        "no-last-blank-line,close-delimited",
        Outcome::Whole,
        ours("a known event with complete JSON needs no blank line at the end of the stream"),
    ),
    Trial::new(
        "no-last-blank-line,cr-lf,one-byte",
        Outcome::Whole,
        ours("a known event with complete JSON needs no blank line at the end of the stream"),
    ),
    Trial::new(
        "invalid-utf-8",
        Outcome::Whole,
        Reason::new(Source::EventStream, "invalid UTF-8 becomes U+FFFD"),
    )
    .shows("Սա երկար պատասխան\u{fffd}"),
    Trial::new(
        "split-pair",
        Outcome::Whole,
        ours("the halves of a surrogate pair in two deltas are joined"),
    )
    .shows("Սա երկար պատասխան🙂"),
    Trial::new("unknown-event", Outcome::Whole, NEW_SERVICE),
    Trial::new("extra-fields", Outcome::Whole, NEW_SERVICE),
    Trial::new(
        "broken-json",
        Outcome::Recovered,
        ours("text may be missing, so the rest of the stream cannot be trusted"),
    ),
    Trial::new(
        "missing-field",
        Outcome::Recovered,
        ours("text may be missing, so the rest of the stream cannot be trusted"),
    ),
    Trial::new(
        "no-meta",
        Outcome::Whole,
        ours("a reply without meta is accepted"),
    ),
    Trial::new(
        "no-done",
        Outcome::Recovered,
        ours("only done, human or error end a reply"),
    ),
    Trial::new(
        "no-done,close-delimited",
        Outcome::Recovered,
        ours("only done, human or error end a reply"),
    ),
    Trial::new(
        "bytes-after-done",
        Outcome::Whole,
        ours("bytes after the last event are ignored"),
    ),
    Trial::new(
        "no-end",
        Outcome::Whole,
        ours("a client does not wait for the end of the body"),
    ),
    Trial::new(
        "huge-event",
        Outcome::Recovered,
        ours("an event has at most 1 MiB"),
    ),
    Trial::new(
        "huge-event:300000",
        Outcome::Whole,
        ours("an event may have 1 MiB"),
    ),
    Trial::new(
        "wrong-type",
        Outcome::Failed,
        ours("a 200 with another content type is not parsed as an event stream"),
    ),
    Trial::new(
        "gzip",
        Outcome::Failed,
        ours("no content encoding is decoded"),
    ),
    Trial::new(
        "close-delimited",
        Outcome::Whole,
        Reason::new(
            Source::Http,
            "the way in which HTTP ends the body does not matter",
        ),
    ),
    Trial::new("429", Outcome::Whole, NOT_TAKEN).sends(2),
    // Without an amount, the time is so short that nobody could see whether a client waits.
    Trial::new("429-seconds:1", Outcome::Whole, NOT_TAKEN).sends(2),
    Trial::new("429-date:2", Outcome::Whole, NOT_TAKEN).sends(2),
    Trial::new(
        "429x2,cr-lf",
        Outcome::Whole,
        ours("a message is sent at most three times"),
    )
    .sends(3),
    Trial::new(
        "429x3",
        Outcome::RateLimited,
        ours("a message is sent at most three times"),
    )
    .sends(3),
    Trial::new(
        "429-seconds:121",
        Outcome::RateLimited,
        ours("a client does not wait by itself for more than 120 s"),
    ),
    Trial::new("500-html", Outcome::Failed, NOT_REPEATED),
    Trial::new("502-empty", Outcome::Failed, NOT_REPEATED),
    Trial::new("204-empty", Outcome::Failed, NOT_REPEATED),
    Trial::new(
        "redirect",
        Outcome::Failed,
        ours("a redirect is not followed: it would send the key to another place"),
    ),
    Trial::new(
        "json-error-200",
        Outcome::Failed,
        ours("JSON in the error shape is an error, with any status"),
    ),
    Trial::new("poll-duplicates", Outcome::HandedOver, ONCE),
    Trial::new("poll-same-timestamp", Outcome::HandedOver, ONCE),
    Trial::new("poll-out-of-order", Outcome::HandedOver, ONCE),
    Trial::new(
        "poll-unknown-state",
        Outcome::HandedOver,
        ours("an unknown state changes nothing"),
    ),
    Trial::new("poll-429:1", Outcome::HandedOver, POLLS_ON),
    Trial::new("poll-500x2", Outcome::HandedOver, POLLS_ON),
    Trial::new(
        "poll-odd-message",
        Outcome::HandedOver,
        ours("an unreadable message does not hide the other messages"),
    ),
    Trial::new(
        "poll-404",
        Outcome::HandedOver,
        ours("404 ends the handoff with an error"),
    ),
];

/// Rows for clients that remember a conversation from one message to the next. They can
/// distinguish a reply from an older one, even if no part of it came.
pub const IN_A_THREAD: &[Trial] = &[
    Trial::new("cut", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new("cut:0", Outcome::Recovered, DISTINGUISHED).in_a_thread(),
    Trial::new("reset:0", Outcome::Recovered, DISTINGUISHED).in_a_thread(),
    Trial::new("cut:40", Outcome::Recovered, DISTINGUISHED).in_a_thread(),
    Trial::new("stall:0", Outcome::Recovered, DISTINGUISHED)
        .waits()
        .in_a_thread(),
    Trial::new("no-meta,cut", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new("no-done,huge-event", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new(
        "500-html",
        Outcome::Failed,
        ours("if the reply is not found, the first error is reported"),
    )
    .in_a_thread(),
    Trial::new("429", Outcome::Whole, NOT_TAKEN)
        .sends(2)
        .in_a_thread(),
    Trial::new(
        "cut,poll-500",
        Outcome::Recovered,
        ours("a failed search for the reply is repeated"),
    )
    .in_a_thread(),
    Trial::new(
        "cut,poll-429",
        Outcome::Recovered,
        ours("a failed search for the reply is repeated"),
    )
    .in_a_thread(),
    Trial::new("cut,poll-duplicates", Outcome::Recovered, READ_BACK).in_a_thread(),
    Trial::new(
        "cut,poll-odd-message",
        Outcome::Recovered,
        ours("an unreadable message does not hide the other messages"),
    )
    .in_a_thread(),
    Trial::new(
        "broken-json,poll-500x2",
        Outcome::Recovered,
        ours("a failed search for the reply is repeated"),
    )
    .in_a_thread(),
    Trial::new(
        "missing-field,poll-429",
        Outcome::Recovered,
        ours("a failed search for the reply is repeated"),
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
        ours("404 ends the search for the reply"),
    )
    .shows(BEGUN)
    .in_a_thread(),
    Trial::new("gzip", Outcome::Failed, NOT_REPEATED).in_a_thread(),
    Trial::new("redirect", Outcome::Failed, NOT_REPEATED).in_a_thread(),
    Trial::new(
        "cut,poll-404",
        Outcome::Incomplete,
        ours("404 ends the search for the reply"),
    )
    .shows(BEGUN)
    .in_a_thread(),
];

const NOT_ANOTHER_TURNS: Reason =
    ours("a turn never shows the reply of another turn, even if both replies begin alike");
const UNKNOWN_HISTORY: Reason = ours(
    "no reply is recovered if a conversation continues only by its id, as its history is unknown",
);

/// The reply to the message of a trial whose replies begin alike.
pub(crate) const OWN: &str = "Ձեր պատվերը ճանապարհին էր, բայց չեղարկվեց 🙏";
/// The reply to the earlier message. The service stops in its middle if the turn is cancelled.
pub(crate) const OTHER: &str = "Ձեր պատվերը ճանապարհին է 🚚 և վաղը կհասնի Երևան, ձեր տուն 🏠";
/// The part of [`OTHER`] before the cancellation. [`OWN`] does not begin with it.
pub(crate) const OTHER_BEGUN: &str = "Ձեր պատվերը ճանապարհին է 🚚 և ";
/// Another reply to the earlier message. The part of it before a cancellation is also the
/// beginning of [`OWN`].
const OTHER_SHORT: &str = "Ձեր պատվերը ճանապարհին է 🚚 և կհասնի վաղը";

/// Rows in which a reply is cut and an older reply begins alike. They are for clients that
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
        ours("each of the two messages may be the cancelled reply"),
    )
    .replies(OTHER_SHORT, OWN)
    .shows(BEGUN_ALIKE)
    .by_course(Course::AfterACancel(BEGUN_ALIKE)),
    Trial::new(
        "stall",
        Outcome::Recovered,
        ours("the saved state has everything that the search for the reply needs"),
    )
    .replies(OTHER, OWN)
    .shows(OWN)
    .by_course(Course::Restarted(BEGUN_ALIKE)),
    Trial::new(
        "stall,poll-odd-message",
        Outcome::Recovered,
        ours("an unreadable message does not hide the other messages"),
    )
    .replies(OTHER, OWN)
    .shows(OWN)
    .by_course(Course::Restarted(BEGUN_ALIKE)),
];

#[cfg(test)]
mod tests {
    use highchat_sandbox::{Fault, Injection};

    use super::*;

    #[test]
    fn every_fault_is_in_a_row() {
        let names = TRIALS.iter().flat_map(|trial| trial.faults.split(','));
        let tried: Vec<Fault> = names
            .map(|name| name.parse::<Injection>().unwrap().fault())
            .collect();
        let untried = Fault::ALL.iter().filter(|fault| !tried.contains(fault));
        assert_eq!(untried.collect::<Vec<_>>(), [&Fault::Cut; 0]);
    }

    #[test]
    fn replies_that_begin_alike_differ_after_the_place_of_the_cut() {
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
}
