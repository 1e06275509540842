//! Faults by name: in the bytes, the events, the answer, and the polls. They combine freely.

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
pub(crate) use stream::{Damage, Moment, Then};
pub(crate) use transport::Transport;
pub(crate) use wire::Wire;

/// Where a fault is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// In the bytes of a connection, under HTTP.
    Wire,
    /// In the events of a reply.
    Stream,
    /// In the answer around a reply, which comes all the same.
    Answer,
    /// An answer in place of the reply: the message was not taken.
    Refusal,
    /// A poll that fails.
    Poll,
    /// What polls show.
    Page,
}

macro_rules! faults {
    ($($fault:ident, $name:literal, $layer:ident, $amount:literal, $line:literal;)*) => {
        /// One thing that can go wrong on purpose.
        ///
        /// Each has a name of its own, which a message (`/fault NAME`), a script, the
        /// control API and Rust all use, and a line that says what it does. Some take
        /// an amount: see [`amount`](Self::amount).
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
            /// Every fault there is, by layer.
            pub const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }

            /// What it does, in a line.
            #[must_use]
            pub const fn line(self) -> &'static str {
                match self { $(Self::$fault => $line,)* }
            }

            /// What is counted by the number that may follow its name, as in
            /// `cut:200`; `None` if it takes no number.
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
        "nothing more comes from the middle of a delta on, or after BYTES of the answer";
    StallPings, "stall-pings", Stream, "",
        "nothing more comes from the middle of the reply on, but pings";
    OneByte, "one-byte", Wire, "",
        "each byte of the answer is written by itself";
    SlowHead, "slow-head", Wire, "MS",
        "the answer begins only after MS milliseconds, 3000 by default";

    CrLf, "cr-lf", Stream, "",
        "lines end in CR LF";
    LoneCr, "lone-cr", Stream, "",
        "lines end in CR";
    Bom, "bom", Stream, "",
        "the stream begins with a byte order mark";
    Comments, "comments", Stream, "",
        "comments before, in and after each event";
    MultiLineData, "multi-line-data", Stream, "",
        "the data of each event is spread over several lines";
    NoSpace, "no-space", Stream, "",
        "no space after the colons of fields";
    NoLastBlankLine, "no-last-blank-line", Stream, "",
        "the stream ends without the blank line after its last event";
    InvalidUtf8, "invalid-utf-8", Stream, "",
        "a byte that is no UTF-8 at the end of a delta's text";
    SplitPair, "split-pair", Stream, "",
        "an emoji after a word, its two surrogates as escapes in two deltas";
    UnknownEvent, "unknown-event", Stream, "",
        "an event that the API does not have before each delta";
    BrokenJson, "broken-json", Stream, "",
        "the data of a delta is no JSON";
    MissingField, "missing-field", Stream, "",
        "a delta has no text";
    ExtraFields, "extra-fields", Stream, "",
        "each event has fields that the API does not have";
    NoMeta, "no-meta", Stream, "",
        "there is no meta event";
    NoDone, "no-done", Stream, "",
        "the stream ends in order, but without its last event";
    BytesAfterDone, "bytes-after-done", Stream, "",
        "a delta and bytes that are no event come after the last event";
    NoEnd, "no-end", Stream, "",
        "the stream stays open after the last event, with pings";
    HugeEvent, "huge-event", Stream, "BYTES",
        "a delta has a field of BYTES, 2097152 by default and 16777216 at most";

    WrongType, "wrong-type", Answer, "",
        "the content type of the reply is text/plain";
    Gzip, "gzip", Answer, "",
        "the reply is compressed, whether that was asked for or not";
    CloseDelimited, "close-delimited", Answer, "",
        "the reply is HTTP/1.0 and ends where its connection does";
    TooMany, "429", Refusal, "",
        "429 without Retry-After";
    TooManySeconds, "429-seconds", Refusal, "SECONDS",
        "429 with Retry-After in seconds, 1 by default";
    TooManyDate, "429-date", Refusal, "SECONDS",
        "429 with Retry-After as a date, 2 seconds from now by default";
    Html500, "500-html", Refusal, "",
        "500 with a page of HTML";
    Empty502, "502-empty", Refusal, "",
        "502 without a body";
    Empty204, "204-empty", Refusal, "",
        "204 without a body";
    Redirect, "redirect", Refusal, "",
        "307 to another host name of the sandbox";
    JsonError200, "json-error-200", Refusal, "",
        "an error of the API's shape with the status 200";

    PollDuplicates, "poll-duplicates", Page, "",
        "polls show every message of the person twice, and again each time";
    PollSameTimestamp, "poll-same-timestamp", Page, "",
        "polls show every message of the person again, all with one timestamp";
    PollOutOfOrder, "poll-out-of-order", Page, "",
        "polls show every message of the person again, the newest first";
    PollUnknownState, "poll-unknown-state", Page, "",
        "a poll shows a state that the API does not have";
    PollOddMessage, "poll-odd-message", Page, "",
        "polls show, around the messages, entries that lack an id, a role or a content";
    Poll404, "poll-404", Poll, "",
        "a poll is answered 404";
    Poll429, "poll-429", Poll, "SECONDS",
        "a poll is answered 429, with Retry-After in seconds, 1 by default";
    Poll500, "poll-500", Poll, "",
        "a poll is answered 500 with a page of HTML";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_name_is_kebab_case_and_stands_for_one_fault() {
        let names: HashSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();

        assert_eq!(names.len(), Fault::ALL.len());
        for name in names {
            let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(is_kebab), "{name}");
        }
    }
}
