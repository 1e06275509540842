//! Faults by name, in the bytes, the events, the answer and the polls. They can be combined.

mod answer;
mod command;
mod injection;
mod pages;
mod plan;
mod stream;
mod transport;
mod wire;

pub use injection::{Faults, Injection, UnknownFault};

pub(crate) use answer::{REDIRECTED, alter, refusal};
pub(crate) use command::{FaultCommand, list};
pub(crate) use pages::{repeats, reshape};
pub(crate) use plan::{Decision, Plan};
pub(crate) use stream::{AfterEvent, Damage, Position};
pub(crate) use transport::Transport;
pub(crate) use wire::Wire;

/// The layer of the protocol that a fault changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// The bytes of a connection, below HTTP.
    Wire,
    /// The events of a reply.
    Stream,
    /// The HTTP answer that carries the reply.
    Answer,
    /// An error answer instead of the reply. The message is not accepted.
    Refusal,
    /// An error answer to a poll.
    Poll,
    /// The page that a poll shows.
    Page,
}

macro_rules! faults {
    ($($fault:ident, $name:literal, $layer:ident, $amount:literal, $line:literal;)*) => {
        /// A fault that the sandbox makes on request.
        ///
        /// Each fault has a name, which is the same in a message (`/fault NAME`), a script,
        /// the control API and Rust, and a description in one line. Some have an amount: see
        /// [`amount`](Self::amount).
        ///
        /// ```
        /// use highchat_sandbox::Fault;
        ///
        /// assert_eq!(Fault::CrLf.name(), "cr-lf");
        /// for fault in Fault::ALL {
        ///     println!("{}: {}", fault.name(), fault.line());
        /// }
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = concat!("`", $name, "`: ", $line, ".")] $fault,)*
        }

        impl Fault {
            /// All faults.
            pub const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// The name of the fault.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }

            /// A description of the fault in one line.
            #[must_use]
            pub const fn line(self) -> &'static str {
                match self { $(Self::$fault => $line,)* }
            }

            /// The unit of the amount that may follow the name, as in `cut:200`. `None` if the
            /// fault has no amount.
            #[must_use]
            pub const fn amount(self) -> Option<&'static str> {
                let amount = match self { $(Self::$fault => $amount,)* };
                if amount.is_empty() { None } else { Some(amount) }
            }

            pub(crate) const fn layer(self) -> Layer {
                match self { $(Self::$fault => Layer::$layer,)* }
            }
        }
    };
}

faults! {
    Cut, "cut", Wire, "BYTES",
        "the connection ends in the middle of a delta, or after BYTES of the answer";
    Reset, "reset", Wire, "BYTES",
        "the connection is reset in the middle of a delta, or after BYTES of the answer";
    Stall, "stall", Wire, "BYTES",
        "the answer stops in the middle of a delta, or after BYTES of it, and the connection stays open";
    StallPings, "stall-pings", Stream, "",
        "only pings come after the middle of the reply";
    OneByte, "one-byte", Wire, "",
        "each byte of the answer is written separately";
    SlowHead, "slow-head", Wire, "MS",
        "the answer begins after MS milliseconds, 3000 by default";

    CrLf, "cr-lf", Stream, "",
        "lines end in CR LF";
    LoneCr, "lone-cr", Stream, "",
        "lines end in CR";
    Bom, "bom", Stream, "",
        "the stream begins with a byte order mark";
    Comments, "comments", Stream, "",
        "comments come before, in and after each event";
    MultiLineData, "multi-line-data", Stream, "",
        "the data of each event is spread over several lines";
    NoSpace, "no-space", Stream, "",
        "fields have no space after the colon";
    NoLastBlankLine, "no-last-blank-line", Stream, "",
        "the stream ends without the blank line after its last event";
    InvalidUtf8, "invalid-utf-8", Stream, "",
        "a byte that is not UTF-8 follows the text of a delta";
    SplitPair, "split-pair", Stream, "",
        "an emoji comes after a word, with its two surrogates as escapes in two deltas";
    UnknownEvent, "unknown-event", Stream, "",
        "an event of an unknown type comes before each delta";
    BrokenJson, "broken-json", Stream, "",
        "the data of a delta is not valid JSON";
    MissingField, "missing-field", Stream, "",
        "a delta has no text";
    ExtraFields, "extra-fields", Stream, "",
        "each event has unknown fields";
    NoMeta, "no-meta", Stream, "",
        "there is no meta event";
    NoDone, "no-done", Stream, "",
        "the stream ends properly, but without its last event";
    BytesAfterDone, "bytes-after-done", Stream, "",
        "a delta and meaningless bytes come after the last event";
    NoEnd, "no-end", Stream, "",
        "the stream stays open after the last event, with pings";
    HugeEvent, "huge-event", Stream, "BYTES",
        "a delta has a field of BYTES, by default 2097152, at most 16777216";

    WrongType, "wrong-type", Answer, "",
        "the content type of the reply is text/plain";
    Gzip, "gzip", Answer, "",
        "the reply is compressed, even if the client did not ask for that";
    CloseDelimited, "close-delimited", Answer, "",
        "the reply is HTTP/1.0 and ends when its connection ends";
    TooMany, "429", Refusal, "",
        "429 without Retry-After";
    TooManySeconds, "429-seconds", Refusal, "SECONDS",
        "429 with Retry-After in seconds, 1 by default";
    TooManyDate, "429-date", Refusal, "SECONDS",
        "429 with Retry-After as a date, 2 seconds from now by default";
    Html500, "500-html", Refusal, "",
        "500 with an HTML page";
    Empty502, "502-empty", Refusal, "",
        "502 without a body";
    Empty204, "204-empty", Refusal, "",
        "204 without a body";
    Redirect, "redirect", Refusal, "",
        "307 to another host name of the sandbox";
    JsonError200, "json-error-200", Refusal, "",
        "an error in the API's shape with the status 200";

    PollDuplicates, "poll-duplicates", Page, "",
        "every poll shows all messages of the person, each of them twice";
    PollSameTimestamp, "poll-same-timestamp", Page, "",
        "every poll shows all messages of the person, all with one timestamp";
    PollOutOfOrder, "poll-out-of-order", Page, "",
        "every poll shows all messages of the person, the newest first";
    PollUnknownState, "poll-unknown-state", Page, "",
        "a poll shows an unknown state";
    PollOddMessage, "poll-odd-message", Page, "",
        "polls also show entries without an id, a role or a content";
    Poll404, "poll-404", Poll, "",
        "a poll is answered with 404";
    Poll429, "poll-429", Poll, "SECONDS",
        "a poll is answered with 429 and Retry-After in seconds, 1 by default";
    Poll500, "poll-500", Poll, "",
        "a poll is answered with 500 and an HTML page";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let names: HashSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();

        assert_eq!(names.len(), Fault::ALL.len());
        for name in names {
            let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(is_kebab), "{name}");
        }
    }
}
