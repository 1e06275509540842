//! Timestamps of the service.

use alloc::boxed::Box;
use alloc::string::String;
#[cfg(feature = "serde")]
use alloc::string::ToString;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

#[cfg(feature = "serde")]
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};

use crate::json::Value;

/// A time of the service. It keeps the text that the service wrote, and is sent back as that
/// text.
///
/// The form is RFC 3339 (the API's samples). These forms are also accepted (our decision):
///
/// - a space or `t` for `T`, and `z` for `Z`;
/// - any number of fraction digits, of which the first nine count, and a comma before them;
/// - an offset without a colon or without minutes, and no offset at all (UTC);
/// - a number of seconds since 1970, or of milliseconds if it is 100 000 000 000 or more.
///
/// Two timestamps are compared by the moments that they name, not by their texts.
///
/// ```
/// use highchat_proto::Timestamp;
///
/// let utc: Timestamp = "2026-06-14T10:00:00.000Z".parse()?;
/// let local: Timestamp = "2026-06-14T14:00:00+04:00".parse()?;
/// assert_eq!(utc, local);
/// assert_eq!(local.as_str(), "2026-06-14T14:00:00+04:00");
/// # Ok::<(), highchat_proto::api::InvalidTimestamp>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timestamp(Shared<Moment>);

// A conversation keeps the same time in several places, so they share it. A target without
// atomics has no `Arc`; there each place has a copy.
#[cfg(not(target_has_atomic = "ptr"))]
use Box as Shared;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc as Shared;

#[derive(Clone, Debug)]
struct Moment {
    text: Box<str>,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    nanos: i128,
}

/// The error for a string that is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp(());

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time like 2026-06-14T10:00:00.000Z")
    }
}

impl core::error::Error for InvalidTimestamp {}

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// The smallest number that counts milliseconds instead of seconds since 1970. In seconds it
/// would be after the year 5000; in milliseconds it is in 1973.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

impl Timestamp {
    /// The maximum length of the text, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The time in a string or number of JSON; `None` if it is not a time.
    pub(crate) fn read(json: Value<'_>) -> Option<Self> {
        match json.number() {
            Some(number) => plain_decimal(number)?.parse().ok(),
            None => json.text()?.text.parse().ok(),
        }
    }

    /// The text that the service wrote.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The time as nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_nanos(&self) -> i128 {
        self.0.nanos
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
            .map(|nanos| {
                let text = text.into();
                Self(Shared::new(Moment { text, nanos }))
            })
            .ok_or(InvalidTimestamp(()))
    }
}

/// A number of JSON without an exponent and without zeros that say nothing. `None` if it would be
/// too long for a time. Digits of a fraction that would be too long are left out.
fn plain_decimal(number: &str) -> Option<String> {
    let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    // An exponent that is too large for the type is as good as any that is very large.
    let shift = exponent.trim_start_matches(['+', '-']).parse::<u64>();
    let shift = i64::from(shift.map_or(u32::MAX, |shift| u32::try_from(shift).unwrap_or(u32::MAX)));
    let exponent = if exponent.starts_with('-') {
        -shift
    } else {
        shift
    };
    let magnitude = number.trim_start_matches('-');
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let mut digits = String::from(whole);
    digits.push_str(fraction);
    let significant = digits.trim_start_matches('0');
    // How many of the significant digits are before the point; fewer than none if zeros are
    // between the point and them.
    let point = whole.len() as i64 + exponent;
    let point = point - (digits.len() - significant.len()) as i64;
    let significant = significant.trim_end_matches('0');
    let longest = Timestamp::MAX_LEN as i64;
    let mut decimal = String::from(if magnitude == number { "" } else { "-" });
    let zeros = |decimal: &mut String, count: i64| (0..count).for_each(|_| decimal.push('0'));
    if significant.is_empty() || point < -longest {
        decimal.push('0');
    } else if point > longest {
        return None;
    } else if point <= 0 {
        decimal.push_str("0.");
        zeros(&mut decimal, -point);
        decimal.push_str(significant);
    } else if let Some((whole, fraction)) = significant.split_at_checked(point as usize) {
        decimal.push_str(whole);
        if !fraction.is_empty() {
            decimal.push('.');
            decimal.push_str(fraction);
        }
    } else {
        decimal.push_str(significant);
        zeros(&mut decimal, point - significant.len() as i64);
    }
    decimal.truncate(Timestamp::MAX_LEN);
    Some(decimal)
}

/// Reads a number of seconds or milliseconds since 1970.
fn epoch_nanos(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (negative, whole) = match whole.strip_prefix('-') {
        Some(whole) => (true, whole),
        None => (false, whole),
    };
    // Eighteen digits of either unit fit into the result.
    if whole.is_empty() || whole.len() > 18 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = i64::try_from(whole.parse::<u64>().ok()?).ok()?;
    let unit = match number {
        ..FIRST_MILLISECONDS => NANOS_PER_SECOND,
        _ => NANOS_PER_SECOND / 1000,
    };
    let fraction = fraction_of(unit, fraction.as_bytes())?;
    let nanos = i128::from(number) * i128::from(unit) + i128::from(fraction);
    Some(if negative { -nanos } else { nanos })
}

/// The value of the digits after the decimal point, for a number whose unit is `unit`
/// nanoseconds.
fn fraction_of(mut unit: i64, digits: &[u8]) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0, |nanos, digit| {
        unit /= 10;
        digit
            .is_ascii_digit()
            .then(|| nanos + unit * i64::from(digit - b'0'))
    })
}

/// Reads a date and time in RFC 3339 or one of the other forms that [`Timestamp`] accepts.
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
        let (read, after) = rest.split_at(len);
        fraction = fraction_of(NANOS_PER_SECOND, read)?;
        rest = after;
    }
    let offset_minutes = match *rest {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ref offset @ ..] => {
            rest = offset;
            let hours = digits(&mut rest, 2)?;
            let minutes = if rest.is_empty() {
                0
            } else {
                // The colon is required in RFC 3339, but not in ISO 8601.
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
    // Second 60 is a leap second.
    let exists = (1..=12).contains(&month)
        && (1..=days_in_month).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    let seconds = i128::from(minutes * 60 + second);
    exists.then(|| seconds * i128::from(NANOS_PER_SECOND) + i128::from(fraction))
}

/// The number of days from 1970-01-01 to a date of the Gregorian calendar, for years 0 to 9999.
pub(crate) const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // In years that begin in March, a leap day is the last day of its year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (read, after) = rest.split_at_checked(count)?;
    *rest = after;
    read.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn separator(rest: &mut &[u8], any_of: &[u8]) -> Option<()> {
    let (first, after) = rest.split_first()?;
    any_of.contains(first).then(|| *rest = after)
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.0.nanos == other.0.nanos
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
        self.0.nanos.cmp(&other.0.nanos)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.nanos.hash(state);
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimestampVisitor)
    }
}

#[cfg(feature = "serde")]
struct TimestampVisitor;

#[cfg(feature = "serde")]
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

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_accepted_form_names_the_right_moment() {
        let second = i128::from(NANOS_PER_SECOND);
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
    fn a_text_that_is_not_a_time_is_refused() {
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
    fn a_json_number_is_seconds_or_milliseconds_since_1970() {
        for json in [
            "1781431200",
            "1781431200000",
            "1781431200.0",
            "\"2026-06-14T10:00:00Z\"",
        ] {
            let time = Timestamp::read(Value::read(json).unwrap()).unwrap();
            assert_eq!(
                time.unix_nanos(),
                1_781_431_200 * i128::from(NANOS_PER_SECOND),
                "{json}"
            );
            #[cfg(feature = "serde")]
            assert_eq!(serde_json::from_str::<Timestamp>(json).unwrap(), time);
        }
        for json in ["null", "true", "[]", "1e300", "\"x\""] {
            assert!(
                Timestamp::read(Value::read(json).unwrap()).is_none(),
                "{json}"
            );
            #[cfg(feature = "serde")]
            assert!(serde_json::from_str::<Timestamp>(json).is_err(), "{json}");
        }
    }
}
