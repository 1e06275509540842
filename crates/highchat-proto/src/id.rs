//! Names the service gives, and the one it is given.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::text::Text;

/// Why a string is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidId {
    /// It is empty.
    Empty,
    /// It is longer than [`ConversationId::MAX_LEN`] bytes.
    TooLong,
    /// It is `.` or `..`, which in a path would name another resource.
    DotSegment,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an id must not be empty"),
            Self::TooLong => write!(f, "an id must not be longer than {} bytes", MAX_ID_LEN),
            Self::DotSegment => f.write_str("an id must not be `.` or `..`"),
        }
    }
}

impl core::error::Error for InvalidId {}

const MAX_ID_LEN: usize = 1024;

/// The id of a conversation, as `meta` gave it.
///
/// Any string but an empty one, `.` and `..`, of at most [`MAX_LEN`](Self::MAX_LEN)
/// bytes; it is percent-encoded where it stands in a path. Source: our decision, the
/// API's text does not say what an id looks like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(Box<str>);

impl ConversationId {
    /// The longest id that is taken, in bytes.
    pub const MAX_LEN: usize = MAX_ID_LEN;

    /// Checks an id.
    ///
    /// # Errors
    ///
    /// It is none that could be asked for.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidId> {
        let id = id.into();
        match &*id {
            "" => Err(InvalidId::Empty),
            "." | ".." => Err(InvalidId::DotSegment),
            long if long.len() > MAX_ID_LEN => Err(InvalidId::TooLong),
            _ => Ok(Self(id)),
        }
    }

    /// The id as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConversationId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl<'de> Deserialize<'de> for ConversationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Text::deserialize(deserializer)?.into_cow()).map_err(Error::custom)
    }
}

/// The id of a message, as the service gave it: compared, never sent. At most
/// [`MAX_LEN`](Self::MAX_LEN) bytes (our decision), and nothing else is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// The longest id that is taken, in bytes.
    pub const MAX_LEN: usize = MAX_ID_LEN;

    /// Checks an id.
    ///
    /// # Errors
    ///
    /// It is too long to be kept.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidId> {
        let id = id.into();
        if id.len() > MAX_ID_LEN {
            return Err(InvalidId::TooLong);
        }
        Ok(Self(id))
    }

    /// The id as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Text::deserialize(deserializer)?.into_cow()).map_err(Error::custom)
    }
}

/// Your own id of the end user, sent as `visitor_ref`: at most 200 characters
/// (the API's text), counted as Unicode scalar values (our decision: that never
/// refuses what a service that counts UTF-16 units would take).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorRef(Box<str>);

/// A visitor reference of more than [`VisitorRef::MAX_CHARS`] characters, given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidVisitorRef(Box<str>);

impl InvalidVisitorRef {
    /// What was refused.
    #[must_use]
    pub fn into_inner(self) -> Box<str> {
        self.0
    }
}

impl fmt::Display for InvalidVisitorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a visitor reference has at most {} characters, this one has {}",
            VisitorRef::MAX_CHARS,
            self.0.chars().count()
        )
    }
}

impl core::error::Error for InvalidVisitorRef {}

impl VisitorRef {
    /// The longest reference that is sent, in Unicode scalar values.
    pub const MAX_CHARS: usize = 200;

    /// Checks a reference.
    ///
    /// # Errors
    ///
    /// It is too long; the error gives it back.
    pub fn new(visitor: impl Into<Box<str>>) -> Result<Self, InvalidVisitorRef> {
        let visitor = visitor.into();
        if visitor.chars().count() > Self::MAX_CHARS {
            return Err(InvalidVisitorRef(visitor));
        }
        Ok(Self(visitor))
    }

    /// The reference.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VisitorRef {
    type Err = InvalidVisitorRef;

    fn from_str(visitor: &str) -> Result<Self, InvalidVisitorRef> {
        Self::new(visitor)
    }
}

macro_rules! display_and_serialize_as_str {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

display_and_serialize_as_str!(ConversationId, MessageId, VisitorRef, Timestamp);

/// A time of the service, kept and sent back as the text it came as.
///
/// It is RFC 3339 (the API's samples); taken as well are a space or a small letter for
/// `T` and `Z`, any number of fraction digits (beyond nine they do not count), an
/// offset with or without colon, none at all (UTC), and epoch numbers (seconds, or
/// milliseconds from 100 000 000 000 on). Source: our decision.
///
/// Two times are equal, and ordered, as the moments they name, not as texts.
///
/// ```
/// use highchat_proto::id::Timestamp;
///
/// let utc: Timestamp = "2026-06-14T10:00:00.000Z".parse()?;
/// let local: Timestamp = "2026-06-14T14:00:00+04:00".parse()?;
/// assert_eq!(utc, local);
/// assert_eq!(local.as_str(), "2026-06-14T14:00:00+04:00");
/// # Ok::<(), highchat_proto::id::InvalidTimestamp>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timestamp {
    text: Box<str>,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    nanos: i128,
}

/// A string that names no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp(());

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time like 2026-06-14T10:00:00.000Z")
    }
}

impl core::error::Error for InvalidTimestamp {}

const NANOS_PER_SECOND: i128 = 1_000_000_000;
/// From here on an epoch number counts milliseconds: as seconds it would be past the
/// year 5000, as milliseconds it is in 1973.
const FIRST_MILLISECONDS: i128 = 100_000_000_000;

impl Timestamp {
    /// The longest text that is taken, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Nanoseconds since the start of 1970, UTC.
    #[must_use]
    pub const fn unix_nanos(&self) -> i128 {
        self.nanos
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        if text.len() > Self::MAX_LEN {
            return Err(InvalidTimestamp(()));
        }
        let nanos = date_time_nanos(text).or_else(|| epoch_nanos(text));
        nanos
            .map(|nanos| Self {
                text: text.into(),
                nanos,
            })
            .ok_or(InvalidTimestamp(()))
    }
}

/// Reads a number of seconds or milliseconds.
fn epoch_nanos(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (negative, whole) = match whole.strip_prefix('-') {
        Some(whole) => (true, whole),
        None => (false, whole),
    };
    // Eighteen digits of any unit fit easily, and reach past the year 30000.
    if whole.is_empty() || whole.len() > 18 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i128 = whole.parse().ok()?;
    let unit = match number {
        ..FIRST_MILLISECONDS => NANOS_PER_SECOND,
        _ => NANOS_PER_SECOND / 1000,
    };
    let nanos = number * unit + fraction_of(unit, fraction.as_bytes())?;
    Some(if negative { -nanos } else { nanos })
}

/// The part of a unit that the digits behind its decimal point make.
fn fraction_of(mut unit: i128, digits: &[u8]) -> Option<i128> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0, |nanos, digit| {
        unit /= 10;
        digit
            .is_ascii_digit()
            .then(|| nanos + unit * i128::from(digit - b'0'))
    })
}

/// Reads a date and time of RFC 3339, with the liberties that [`Timestamp`] names.
fn date_time_nanos(text: &str) -> Option<i128> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    separator(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    separator(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    separator(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2)?;
    separator(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    separator(&mut rest, b":")?;
    let second = digits(&mut rest, 2)?;
    let mut fraction = 0;
    if separator(&mut rest, b".,").is_some() {
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (read, behind) = rest.split_at(len);
        fraction = fraction_of(NANOS_PER_SECOND, read)?;
        rest = behind;
    }
    let offset_minutes = match *rest {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ref offset @ ..] => {
            rest = offset;
            let hours = digits(&mut rest, 2)?;
            let minutes = if rest.is_empty() {
                0
            } else {
                // RFC 3339 has a colon here, ISO 8601 also goes without.
                let _ = separator(&mut rest, b":");
                digits(&mut rest, 2)?
            };
            if !rest.is_empty() || hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 60 + minutes;
            if sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    };
    // 60: a leap second is a time that a service may well print.
    let exists = (1..=12).contains(&month)
        && (1..=days_in_month).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    exists.then(|| i128::from(minutes * 60 + second) * NANOS_PER_SECOND + fraction)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, year 0 to 9999.
pub(crate) const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Counted from a year that begins in March, a leap day is the last day of its year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (read, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    read.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn separator(rest: &mut &[u8], any_of: &[u8]) -> Option<()> {
    let (first, behind) = rest.split_first()?;
    any_of.contains(first).then(|| *rest = behind)
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time like 2026-06-14T10:00:00.000Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Timestamp, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Timestamp, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Timestamp, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_moments_they_say() {
        let second = NANOS_PER_SECOND;
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:01z", second),
            ("1970-01-01 00:00:01", second),
            ("1969-12-31T23:59:59Z", -second),
            ("2026-06-14T10:00:00.000Z", 1_781_431_200 * second),
            ("2026-06-14T14:00:00+04:00", 1_781_431_200 * second),
            ("2026-06-14T05:30:00-0430", 1_781_431_200 * second),
            ("2026-06-14T14:00:00+04", 1_781_431_200 * second),
            (
                "2026-06-14T10:00:00.5Z",
                1_781_431_200 * second + second / 2,
            ),
            (
                "2026-06-14T10:00:00.1234567899999Z",
                1_781_431_200 * second + 123_456_789,
            ),
            ("2024-02-29T00:00:00Z", 1_709_164_800 * second),
            ("2000-03-01T00:00:00Z", 951_868_800 * second),
            ("2016-12-31T23:59:60Z", 1_483_228_800 * second),
            ("1781431200", 1_781_431_200 * second),
            ("1781431200000", 1_781_431_200 * second),
            ("1781431200000.25", 1_781_431_200 * second + 250_000),
            ("-1.5", -second - second / 2),
        ];
        for (text, nanos) in cases {
            let time: Timestamp = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(time.unix_nanos(), nanos, "{text}");
            assert_eq!(time.as_str(), text);
        }
    }

    #[test]
    fn what_names_no_time_is_refused() {
        let long = "1".repeat(65);
        for text in [
            "",
            "now",
            "2026-06-14",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-06-31T00:00:00Z",
            "2026-06-14T24:00:00Z",
            "2026-06-14T10:60:00Z",
            "2026-06-14T10:00:61Z",
            "2026-06-14T10:00:00.Z",
            "2026-06-14T10:00:00+25:00",
            "2026-06-14T10:00:00Zx",
            "2026-06-14T10:00:00+04:00x",
            "2026-06-14T10:00:00+04:",
            "1e3",
            ".5",
            "5.",
            "-",
            "1.-5",
            "inf",
            "nan",
            "1.2.3",
            "99999999999999999999",
            long.as_str(),
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_taken_as_epoch_seconds_or_milliseconds() {
        for json in [
            "1781431200",
            "1781431200000",
            "1781431200.0",
            "\"2026-06-14T10:00:00Z\"",
        ] {
            let time: Timestamp = serde_json::from_str(json).unwrap();
            assert_eq!(
                time.unix_nanos(),
                1_781_431_200 * NANOS_PER_SECOND,
                "{json}"
            );
        }
        for json in ["null", "true", "[]", "1e300", "\"x\""] {
            assert!(serde_json::from_str::<Timestamp>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_id_that_could_name_another_resource_is_refused() {
        assert_eq!(ConversationId::new(""), Err(InvalidId::Empty));
        assert_eq!(ConversationId::new(".."), Err(InvalidId::DotSegment));
        assert_eq!(
            ConversationId::new("x".repeat(1025)),
            Err(InvalidId::TooLong)
        );
        assert!(ConversationId::new("x".repeat(1024)).is_ok());
        assert!(ConversationId::new("a/../b").is_ok());
    }

    #[test]
    fn a_visitor_reference_counts_characters_not_bytes() {
        assert!(VisitorRef::new("ա".repeat(200)).is_ok());
        let refused = VisitorRef::new("ա".repeat(201)).unwrap_err();
        assert_eq!(refused.into_inner().chars().count(), 201);
    }
}
