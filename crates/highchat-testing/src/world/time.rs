//! Writes and reads the times of the service.

use core::fmt::Write;

/// Milliseconds since the life began, on one of the clocks.
pub(crate) type Millis = i64;

/// 06:00, so that a clock that is two hours off shows the same day.
const BEGIN: Millis = 6 * 3_600_000;

/// Writes a time as RFC 3339.
pub(crate) fn write(into: &mut String, at: Millis, in_seconds: bool) {
    let at = BEGIN + at;
    let (day, of_day) = (14 + at.div_euclid(86_400_000), at.rem_euclid(86_400_000));
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, milli) = (of_day / 1000 % 60, of_day % 1000);
    let date = write!(into, "2026-06-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let rest = if in_seconds {
        write!(into, "Z")
    } else {
        write!(into, ".{milli:03}Z")
    };
    date.and(rest).expect("a string takes all");
}

/// Reads a time that [`write`] wrote.
pub(crate) fn read(text: &str) -> Option<Millis> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<Millis>().ok();
    let seconds = ((number(8, 10)? - 14) * 24 + number(11, 13)?) * 3600
        + number(14, 16)? * 60
        + number(17, 19)?;
    let millis = if text.as_bytes().get(19) == Some(&b'.') {
        number(20, 23)?
    } else {
        0
    };
    Some(seconds * 1000 + millis - BEGIN)
}
