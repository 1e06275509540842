//! Readings: other behaviours where the API's text allows several.

use core::fmt;
use core::str::FromStr;

use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::api::message::Author;
use crate::clock;
use crate::conversation::Page;
use crate::conversation::page_filter::Authors;

macro_rules! readings {
    ($($reading:ident, $name:literal, $line:literal;)*) => {
        /// Another behaviour of the sandbox where the API's text allows several.
        ///
        /// The crate's front page lists the default behaviour. A client that relies only
        /// on the API's text works with each reading, and with all combinations that do not
        /// contradict each other.
        ///
        /// ```
        /// use highchat_sandbox::{Reading, Sandbox};
        ///
        /// # fn main() -> std::io::Result<()> {
        /// let sandbox = Sandbox::builder().reading(Reading::AfterInclusive).start()?;
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reading {
            $(#[doc = concat!("`", $name, "`: ", $line, ".")] $reading,)*
        }

        impl Reading {
            /// All readings.
            pub const ALL: &'static [Self] = &[$(Self::$reading),*];

            /// The name of the reading.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reading => $name,)* }
            }

            /// A description of the reading in one line.
            #[must_use]
            pub const fn line(self) -> &'static str {
                match self { $(Self::$reading => $line,)* }
            }
        }
    };
}

readings! {
    AfterInclusive, "after-inclusive",
        "a message at the time of `after` is shown again";
    OnlyPersonMessages, "only-person-messages",
        "polls show only what a person wrote";
    NoUserMessages, "no-user-messages",
        "polls do not show what the user wrote";
    PersonRole, "person-role",
        "a person's messages have the role `agent`";
    DoneAfterHuman, "done-after-human",
        "a `done` with `pending_human` comes after a `human`";
    MetaOnce, "meta-once",
        "`meta` comes only in the first reply of a conversation";
    NoCharset, "no-charset",
        "the content type of a reply is `text/event-stream` without a charset";
    TimesWithOffset, "times-with-offset",
        "times have an offset, for example 2026-06-14T14:00:00.000+04:00";
    TimesInSeconds, "times-in-seconds",
        "times have no fraction, for example 2026-06-14T10:00:00Z";
    TimesInMicroseconds, "times-in-microseconds",
        "times have a fraction of six digits";
    TimesAsNumbers, "times-as-numbers",
        "times are numbers: milliseconds since 1970";
    NumericIds, "numeric-ids",
        "ids are strings of digits";
    Rating204, "rating-204",
        "a rating is answered with 204 and no body";
    ErrorAsString, "error-as-string",
        "`error` is the message instead of an object";
    NoRetryAfter, "no-retry-after",
        "a 429 because of the rate limit has no Retry-After";
    Utf16Characters, "utf-16-characters",
        "lengths are counted in UTF-16 code units";
    BlankIsEmpty, "blank-is-empty",
        "a message of only white space is refused as empty";
    ClosedIsGone, "closed-is-gone",
        "a message to a closed conversation is answered with 404";
}

impl FromStr for Reading {
    type Err = UnknownReading;

    fn from_str(name: &str) -> Result<Self, UnknownReading> {
        let found = Self::ALL.iter().find(|reading| reading.name() == name);
        found
            .copied()
            .ok_or_else(|| UnknownReading(name.to_owned()))
    }
}

/// The error for a text that is not the name of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownReading(String);

impl fmt::Display for UnknownReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a reading", self.0)
    }
}

impl core::error::Error for UnknownReading {}

/// The set of readings of a sandbox.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Readings(u32);

impl Readings {
    pub(crate) fn add(&mut self, reading: Reading) {
        self.0 |= 1 << reading as u32;
    }

    pub(crate) fn has(self, reading: Reading) -> bool {
        self.0 & (1 << reading as u32) != 0
    }

    pub(crate) fn authors(self) -> Authors {
        if self.has(Reading::OnlyPersonMessages) {
            Authors::PersonOnly
        } else if self.has(Reading::NoUserMessages) {
            Authors::BotAndPerson
        } else {
            Authors::All
        }
    }

    /// Returns the JSON form of a time.
    pub(crate) fn time(self, time: Timestamp) -> Value {
        if self.has(Reading::TimesAsNumbers) {
            json!(time.as_millisecond())
        } else if self.has(Reading::TimesInSeconds) {
            json!(format!("{time:.0}"))
        } else if self.has(Reading::TimesInMicroseconds) {
            json!(format!("{time:.6}"))
        } else if self.has(Reading::TimesWithOffset) {
            json!(format!(
                "{:.3}",
                time.display_with_offset(Offset::constant(4))
            ))
        } else {
            json!(clock::text(time))
        }
    }

    /// Returns the id of a message as clients see it.
    pub(crate) fn message_id(self, id: &str) -> String {
        if !self.has(Reading::NumericIds) {
            return id.to_owned();
        }
        let hex: String = id
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(12)
            .collect();
        u64::from_str_radix(&hex, 16)
            .unwrap_or_default()
            .to_string()
    }

    /// Returns the JSON form of a page.
    pub(crate) fn page(self, page: &Page) -> Value {
        let messages: Vec<Value> = page
            .messages
            .iter()
            .map(|message| {
                let role = match message.author {
                    Author::User => "user",
                    Author::Person if self.has(Reading::PersonRole) => "agent",
                    // The API's sample shows no other role.
                    Author::Bot | Author::Person => "assistant",
                };
                json!({
                    "id": self.message_id(&message.id),
                    "role": role,
                    "content": message.content,
                    "created_at": self.time(message.created_at),
                })
            })
            .collect();
        json!({ "state": page.state, "messages": messages, "ts": self.time(page.ts) })
    }

    /// Applies the readings to the head of an answer.
    pub(crate) fn alter<B>(self, response: &mut Response<B>) {
        let is_stream = |value: &HeaderValue| value.as_bytes().starts_with(b"text/event-stream");
        let headers = response.headers_mut();
        if self.has(Reading::NoCharset) && headers.get(CONTENT_TYPE).is_some_and(is_stream) {
            let bare = HeaderValue::from_static("text/event-stream");
            headers.insert(CONTENT_TYPE, bare);
        }
        if self.has(Reading::NoRetryAfter) && response.status() == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().remove(RETRY_AFTER);
        }
    }

    /// The length of a text in characters.
    pub(crate) fn length(self, text: &str) -> usize {
        if self.has(Reading::Utf16Characters) {
            text.encode_utf16().count()
        } else {
            text.chars().count()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reading_writes_times_in_its_form() {
        let time: Timestamp = "2026-06-14T10:00:00.5Z".parse().unwrap();
        for (reading, written) in [
            (
                Reading::TimesWithOffset,
                json!("2026-06-14T14:00:00.500+04:00"),
            ),
            (Reading::TimesInSeconds, json!("2026-06-14T10:00:00Z")),
            (
                Reading::TimesInMicroseconds,
                json!("2026-06-14T10:00:00.500000Z"),
            ),
            (Reading::TimesAsNumbers, json!(1_781_431_200_500_u64)),
            (Reading::MetaOnce, json!("2026-06-14T10:00:00.500Z")),
        ] {
            let mut readings = Readings::default();
            readings.add(reading);
            assert_eq!(readings.time(time), written, "{}", reading.name());
        }
    }

    #[test]
    fn names_can_be_parsed() {
        for &reading in Reading::ALL {
            assert_eq!(reading.name().parse(), Ok(reading));
        }
        let error = "after".parse::<Reading>().unwrap_err();
        assert_eq!(error.to_string(), "\"after\" is not a reading");
    }
}
