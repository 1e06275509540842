//! Compares the reader of `Retry-After` with the crate httpdate.

use core::time::Duration;
use std::time::SystemTime;

use arbitrary::Arbitrary;
use highchat_proto::Config;
use highchat_proto::failure::ResponseError;
use highchat_proto::http::Answer;
use highchat_testing::player::scripted::endpoint;
use http::HeaderValue;

/// The headers `Retry-After` and `Date`.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    retry_after: Form,
    date: Form,
    /// The values of forms that are `Raw`: `Retry-After` up to the first LF, and `Date` after it.
    raw: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Form {
    Raw,
    Missing,
    Seconds(u64),
    /// A date like `Sun, 06 Nov 1994 08:49:37 GMT`, in seconds since 1970.
    Imf(u32),
    /// A date like `Sunday, 06-Nov-94 08:49:37 GMT`, in seconds since 1970.
    Rfc850(u32),
    /// A date like `Sun Nov  6 08:49:37 1994`, in seconds since 1970.
    Asctime(u32),
}

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The start of 2070, which is the first year that two digits cannot name, in seconds since 1970.
const END_OF_RFC_850: u32 = 3_155_760_000;

impl Form {
    fn value(self, raw: &[u8]) -> Option<Vec<u8>> {
        let at = |second: u32| SystemTime::UNIX_EPOCH + Duration::from_secs(second.into());
        let imf = |second| httpdate::fmt_http_date(at(second));
        Some(match self {
            Self::Raw => raw.to_vec(),
            Self::Missing => return None,
            Self::Seconds(seconds) => seconds.to_string().into_bytes(),
            Self::Imf(second) => imf(second).into_bytes(),
            Self::Rfc850(second) => {
                let date = imf(second % END_OF_RFC_850);
                let words: Vec<_> = date.split([' ', ',']).collect();
                let [day, _, date, month, year, time, zone] = words[..] else {
                    unreachable!("{date}");
                };
                let day = DAYS
                    .iter()
                    .find(|name| name.starts_with(day))
                    .expect("a day");
                format!("{day}, {date}-{month}-{} {time} {zone}", &year[2..]).into_bytes()
            }
            Self::Asctime(second) => {
                let date = imf(second);
                let words: Vec<_> = date.split([' ', ',']).collect();
                let [day, _, date, month, year, time, _] = words[..] else {
                    unreachable!("{date}");
                };
                let date = date.strip_prefix('0').unwrap_or(date);
                format!("{day} {month} {date:>2} {time} {year}").into_bytes()
            }
        })
    }
}

/// Checks that a number of seconds is read unchanged, and that two dates that the crate httpdate
/// reads give the time between them, or zero if the wait is already over.
pub fn hold(input: &Input<'_>) {
    let lf = input.raw.iter().position(|byte| *byte == b'\n');
    let (first, second) = input.raw.split_at(lf.unwrap_or(input.raw.len()));
    let retry_after = input.retry_after.value(first);
    let date = input
        .date
        .value(second.strip_prefix(b"\n").unwrap_or_default());
    let mut head = http::Response::builder().status(429);
    let mut sent = [None, None];
    let headers = [("retry-after", &retry_after), ("date", &date)];
    for ((name, value), sent) in headers.into_iter().zip(&mut sent) {
        let value = value
            .as_deref()
            .and_then(|value| HeaderValue::from_bytes(value).ok());
        if let Some(value) = value {
            *sent = value.to_str().ok().map(|value| value.trim().to_owned());
            head = head.header(name, value);
        }
    }
    let (head, ()) = head.body(()).expect("valid headers").into_parts();
    let (endpoint, config) = (endpoint(), Config::default());
    let asked = |error| match error {
        ResponseError::Api(error) => error.retry_after,
        other => panic!("{other:?}"),
    };
    let page = Answer::to_messages(&head, &endpoint, &config).into_page();
    let wait = asked(page.expect_err("a 429 is not a page"));
    let chat = Answer::to_chat(&head, &endpoint, &config).expect("a 429 is not a reply");
    assert_eq!(
        asked(chat.into_chat_error()),
        wait,
        "the same for a message"
    );

    let [retry_after, date] = &sent;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let moment = |text: &str| httpdate::parse_http_date(text).ok();
    match (retry_after.as_deref(), date.as_deref()) {
        (None, _) => assert_eq!(wait, None),
        (Some(number), _) if is_number(number) => {
            let seconds = number.parse().unwrap_or(u64::MAX);
            assert_eq!(wait, Some(Duration::from_secs(seconds)));
        }
        (Some(_), None) => assert_eq!(wait, None),
        (Some(until), Some(date)) => match (moment(until), moment(date)) {
            (Some(until), Some(date)) => {
                let left = until.duration_since(date).unwrap_or_default();
                let is_date = sent.iter().flatten().all(|text| has_separators(text));
                if wait.is_some() || is_date {
                    assert_eq!(wait, Some(left));
                }
            }
            _ => {
                let longest = Duration::from_secs(10_000 * 366 * 24 * 60 * 60);
                assert!(
                    wait.is_none_or(|wait| wait < longest),
                    "years have four digits"
                );
            }
        },
    }
}

/// Whether the separators of a date are right. The crate httpdate checks only some of them; it
/// accepts "06-Nov-94)08:49:37 GMT".
fn has_separators(date: &str) -> bool {
    let separators = date.replace(|char: char| char.is_ascii_alphanumeric(), "");
    [",    :: ", ", -- :: ", "   :: ", "    :: "].contains(&separators.as_str())
}
