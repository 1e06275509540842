//! Reads the header `Retry-After` and the dates of HTTP (RFC 9110, sections 10.2.3 and 5.6.7).
//!
//! The crate httpdate reads the same dates, but into `std::time::SystemTime`, so it needs
//! `std`. A fuzz target compares this reader with it.

use core::time::Duration;

use crate::api::days_since_1970;

/// The value of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryAfter {
    /// The number of seconds to wait.
    Seconds(u64),
    /// The time to wait for, in seconds since 1970.
    Date(i64),
}

impl RetryAfter {
    /// Reads the value. It is `None` if the value is neither a number of seconds nor a date.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let seconds = value.trim_ascii();
        if !seconds.is_empty() && seconds.iter().all(u8::is_ascii_digit) {
            let seconds = core::str::from_utf8(seconds).ok()?;
            return Some(Self::Seconds(seconds.parse().unwrap_or(u64::MAX)));
        }
        unix_seconds(value).map(Self::Date)
    }

    /// How long to wait. `date` is the response's own `Date`, in seconds since 1970. If the
    /// response has none, a `Retry-After` with a date is `None`, because the protocol has no
    /// clock.
    pub(super) fn from(self, date: Option<i64>) -> Option<Duration> {
        let seconds = match self {
            Self::Seconds(seconds) => seconds,
            Self::Date(until) => u64::try_from(until - date?).unwrap_or(0),
        };
        Some(Duration::from_secs(seconds))
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a date and returns seconds since 1970. The three forms are `Sun, 06 Nov 1994 08:49:37
/// GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. The name of the day
/// is not checked.
pub(super) fn unix_seconds(date: &[u8]) -> Option<i64> {
    let date = core::str::from_utf8(date.trim_ascii()).ok()?;
    let mut words = date.split([' ', '-']).filter(|word| !word.is_empty());
    let (day, month, year, time) = match words.next()?.strip_suffix(',') {
        Some(_) => {
            let (day, month, year) = (words.next()?, words.next()?, words.next()?);
            let time = words.next()?;
            (words.next()? == "GMT").then_some((day, month, year, time))?
        }
        None => {
            let (month, day) = (words.next()?, words.next()?);
            let time = words.next()?;
            (day, month, words.next()?, time)
        }
    };
    if words.next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let year = match year.len() {
        // The form of RFC 850 has two digits. There is no clock here, so the century is chosen
        // as in POSIX: 70 to 99 are 1970 to 1999.
        2 => number(year, 2)? + if number(year, 2)? < 70 { 2000 } else { 1900 },
        _ => number(year, 4)?,
    };
    let day = number(day, 2)?;
    let mut clock = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let exists = (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && clock.next().is_none();
    exists.then(|| ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn number(digits: &str, max_len: usize) -> Option<i64> {
    let is_number =
        (1..=max_len).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_name_the_same_moment() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(unix_seconds(date.as_bytes()), Some(784_111_777), "{date}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_date_is_none() {
        for date in [
            "",
            "120",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 19945 08:49:37 GMT",
        ] {
            assert_eq!(unix_seconds(date.as_bytes()), None, "{date}");
        }
    }
}
