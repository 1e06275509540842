//! Reads the script of a conversation from an input. A byte chooses each action, and most choices
//! are valid ones, as in the scripts of the tests.

use core::time::Duration;

use arbitrary::{Result, Unstructured};
use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::{Config, Rating};
use highchat_testing::oracles::cuts::{Bytes, Cuts, Place};
use highchat_testing::player::scripted::{PING, delta, done, human, meta, page};
use highchat_testing::player::steps::{Head, Part, Step, Target, Time};

/// Reads steps up to the end of the input, at most `most`.
pub(crate) fn steps(input: &mut Unstructured<'_>, most: usize) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    while steps.len() < most && !input.is_empty() {
        steps.push(step(input)?);
    }
    Ok(steps)
}

fn step(input: &mut Unstructured<'_>) -> Result<Step> {
    Ok(match byte(input)? % 16 {
        0..=2 => Step::Send,
        3 => Step::Rate(*input.choose(&[Rating::Up, Rating::Down])?),
        4 => Step::Cancel,
        5 => Step::CheckNow,
        6..=8 => Step::Comes(Target::Chat, parts(input)?),
        9 | 10 => Step::Comes(Target::Messages(place(input)?), parts(input)?),
        11 => Step::Comes(Target::Rating, parts(input)?),
        12 => Step::Comes(Target::Any(place(input)?), parts(input)?),
        13 => Step::Comes(Target::Dead(place(input)?), parts(input)?),
        _ => Step::Time(match byte(input)? % 8 {
            0..=3 => Time::Due(0),
            4 => Time::Due(millis(input)?),
            5 => Time::Early(u32::from(byte(input)? % 100)),
            6 => Time::Sleep(millis(input)?),
            _ => Time::Away(millis(input)?),
        }),
    })
}

/// Reads parts of a response: a head with a body and an end, some of these, or any parts in any
/// order.
fn parts(input: &mut Unstructured<'_>) -> Result<Vec<Part>> {
    let stream = || head(200, &[("content-type", "text/event-stream")]);
    let json = || head(200, &[("content-type", "application/json")]);
    Ok(match byte(input)? % 16 {
        0..=3 => vec![stream(), reply(input)?],
        4 => vec![stream(), reply(input)?, Part::End],
        5 => vec![reply(input)?],
        6 => vec![reply(input)?, Part::End],
        7 | 8 => vec![json(), messages(input)?, Part::End],
        9 => vec![refusal(input)?, Part::End],
        10 => vec![Part::End],
        11 => vec![failure(input)?],
        12 => vec![reply(input)?, failure(input)?],
        13 => vec![head(429, &[]), Part::End],
        _ => {
            let mut parts = Vec::new();
            for _ in 0..=byte(input)? % 3 {
                parts.push(match byte(input)? % 6 {
                    0 => stream(),
                    1 => refusal(input)?,
                    2 => reply(input)?,
                    3 => messages(input)?,
                    4 => Part::End,
                    _ => failure(input)?,
                });
            }
            parts
        }
    })
}

fn failure(input: &mut Unstructured<'_>) -> Result<Part> {
    let all = [TransportFailure::NotSent, TransportFailure::Interrupted];
    Ok(Part::Failure(input.choose(&all)?(Cause::UNKNOWN)))
}

fn refusal(input: &mut Unstructured<'_>) -> Result<Part> {
    let status = [
        200, 204, 206, 301, 307, 400, 401, 403, 404, 409, 429, 429, 500, 503,
    ];
    let headers: [&[(&str, &str)]; 7] = [
        &[],
        &[("content-type", "application/json")],
        &[
            ("content-type", "text/event-stream"),
            ("content-encoding", "gzip"),
        ],
        &[("retry-after", "0")],
        &[("retry-after", "7")],
        &[("retry-after", "121")],
        &[
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:07 GMT"),
        ],
    ];
    Ok(head(*input.choose(&status)?, input.choose(&headers)?))
}

fn head(status: u16, headers: &[(&'static str, &'static str)]) -> Part {
    Part::Head(Head {
        status,
        headers: headers.to_vec(),
    })
}

/// Reads a piece of a reply, which is sometimes cut or has random bytes in it.
fn reply(input: &mut Unstructured<'_>) -> Result<Part> {
    let mut stream = Vec::new();
    let count = byte(input)? % 6;
    for _ in 0..count {
        stream.extend(event(input)?);
    }
    if count == 5 {
        stream.truncate(place(input)?.index(stream.len() + 1));
    }
    Ok(Part::Body(Bytes(stream), cuts(input)?))
}

fn event(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let texts = [
        "a",
        "bc ",
        "Բարև ",
        "\\u0562",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\ude00",
        "",
    ];
    let states = ["bot", "pending_human", "human", "closed", "asleep"];
    Ok(match byte(input)? % 16 {
        0..=6 => delta(input.choose(&texts)?),
        7 => meta(input.choose(&["c", "c", "c", "d", ""])?),
        8 | 9 => {
            let (id, state) = (byte(input)? % 8, input.choose(&states)?);
            done(&format!("m{id}"), state, second(input)?)
        }
        10 => human("h", second(input)?),
        11 => "event: error\ndata: {\"message\":\"e\"}\n\n".to_owned(),
        12 => PING.to_owned(),
        13 => ": comment\n\n".to_owned(),
        14 => "event: typing\ndata: x\n\n".to_owned(),
        _ => {
            let len = byte(input)? % 24;
            let len = usize::from(len).min(input.len());
            return Ok(input.bytes(len)?.to_vec());
        }
    }
    .into_bytes())
}

/// Reads a page of messages with known and unknown ids and times in any order. Most pages are
/// valid.
fn messages(input: &mut Unstructured<'_>) -> Result<Part> {
    let roles = ["assistant", "assistant", "user", "agent"];
    let contents = ["", "a", "@", "@ and the rest", "else"];
    let broken = ["", "{", "{}", "[]", r#"{"state":"bot"}"#];
    let states = ["human", "pending_human", "bot", "closed", "asleep"];
    let mut all = Vec::new();
    let count = byte(input)? % 8;
    for _ in 0..count {
        let id = format!("m{}", byte(input)? % 12);
        let (role, content) = (*input.choose(&roles)?, *input.choose(&contents)?);
        all.push((id, role, content, second(input)?));
    }
    let page = if count == 7 {
        (*input.choose(&broken)?).to_owned()
    } else {
        let all: Vec<_> = all
            .iter()
            .map(|(id, role, content, second)| (&**id, *role, *content, *second))
            .collect();
        // One of the times has another form.
        page(input.choose(&states)?, &all)
            .replace("2026-06-14T10:00:05.000Z", "2026-06-14T14:00:05+04:00")
    };
    Ok(Part::Body(Bytes(page.into_bytes()), cuts(input)?))
}

fn cuts(input: &mut Unstructured<'_>) -> Result<Cuts> {
    Ok(match byte(input)? % 8 {
        7 => Cuts::EachByte,
        count => {
            let places = (0..count / 2).map(|_| place(input));
            Cuts::At(places.collect::<Result<_>>()?)
        }
    })
}

/// Reads a configuration in which some durations and limits are very small, or `None` for the
/// default one.
pub(crate) fn config(input: &mut Unstructured<'_>) -> Result<Option<Config>> {
    if byte(input)? % 4 != 0 {
        return Ok(None);
    }
    let mut config = Config::default();
    config.seed = Some(u64::from(byte(input)?));
    config.attempts = u32::from(byte(input)? % 5);
    for limit in [
        &mut config.event_limit,
        &mut config.page_limit,
        &mut config.error_limit,
        &mut config.reply_limit,
    ] {
        let chosen = byte(input)?;
        if chosen % 2 == 1 {
            *limit = usize::from(chosen);
        }
    }
    let durations = [
        &mut config.settle_timeout,
        &mut config.retry_after_limit,
        &mut config.poll_interval,
        &mut config.poll_backoff_limit,
        &mut config.response_timeout,
        &mut config.idle_timeout,
        &mut config.progress_timeout,
    ];
    for duration in durations
        .into_iter()
        .chain(&mut config.rate_limit_delays)
        .chain(&mut config.not_sent_delays)
        .chain(&mut config.recovery_delays)
    {
        match byte(input)? % 8 {
            0 => *duration = Duration::ZERO,
            1 => *duration = Duration::from_nanos(1),
            2 => *duration = Duration::from_millis(u64::from(byte(input)?)),
            _ => {}
        }
    }
    Ok(Some(config))
}

/// Reads how many outputs are taken at once each time.
pub(crate) fn taken(input: &mut Unstructured<'_>) -> Result<Vec<usize>> {
    let mut taken = Vec::new();
    for _ in 0..=byte(input)? % 8 {
        taken.push(*input.choose(&[0, 0, 0, 1, 2, usize::MAX])?);
    }
    Ok(taken)
}

fn byte(input: &mut Unstructured<'_>) -> Result<u8> {
    input.arbitrary()
}

fn second(input: &mut Unstructured<'_>) -> Result<u32> {
    Ok(u32::from(byte(input)? % 8))
}

fn millis(input: &mut Unstructured<'_>) -> Result<u64> {
    Ok(u64::from(input.arbitrary::<u16>()?) * 3)
}

fn place(input: &mut Unstructured<'_>) -> Result<Place> {
    Ok(Place(u64::from(input.arbitrary::<u16>()?) << 48))
}
