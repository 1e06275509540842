//! Random scripts for a conversation: what the user does, what the service and the network
//! answer, and how time passes. Most steps make sense, so that every state is reached, but
//! any step may occur anywhere.

use core::fmt::Write;
use core::time::Duration;

use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::{Config, Rating};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::oracles::cuts::Bytes;
use crate::oracles::streams::{cuts, place};
use crate::player::scripted::{PING, at, delta, done, human, meta};
use crate::player::steps::{Head, Part, Step, Target, Time};

/// A script of fewer than `steps` steps.
pub fn script(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..steps)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Send),
        1 => select(vec![Rating::Up, Rating::Down]).prop_map(Step::Rate),
        1 => Just(Step::Cancel),
        1 => Just(Step::CheckNow),
        10 => chat().prop_map(|parts| Step::Comes(Target::Chat, parts)),
        6 => (place(), messages())
            .prop_map(|(index, parts)| Step::Comes(Target::Messages(index), parts)),
        1 => rating().prop_map(|parts| Step::Comes(Target::Rating, parts)),
        1 => (place(), parts())
            .prop_map(|(index, parts)| Step::Comes(Target::Any(index), parts)),
        2 => (place(), parts())
            .prop_map(|(index, parts)| Step::Comes(Target::Dead(index), parts)),
        9 => time().prop_map(Step::Time),
    ]
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        5 => Just(Time::Due(0)),
        2 => (1..90_000_u64).prop_map(Time::Due),
        1 => (0..100_u32).prop_map(Time::Early),
        1 => (0..200_000_u64).prop_map(Time::Sleep),
        1 => (0..200_000_u64).prop_map(Time::Away),
    ]
}

/// An answer to a message, or a part of it.
fn chat() -> impl Strategy<Value = Vec<Part>> {
    prop_oneof![
        8 => (head_of_stream(), reply(), ending())
            .prop_map(|(head, body, end)| [vec![head, body], end].concat()),
        4 => (reply(), ending()).prop_map(|(body, end)| [vec![body], end].concat()),
        2 => (refusal(), ending()).prop_map(|(head, end)| [vec![head], end].concat()),
        2 => failure().prop_map(|failure| vec![failure]),
        2 => Just(vec![rate_limited(&[]), Part::End]),
        1 => Just(vec![rate_limited(&[("retry-after", "0")])]),
        1 => parts(),
    ]
}

/// An answer to a poll, or a part of it.
fn messages() -> impl Strategy<Value = Vec<Part>> {
    prop_oneof![
        10 => page().prop_map(|page| vec![json(200), page, Part::End]),
        1 => (page(), ending()).prop_map(|(page, end)| [vec![json(200), page], end].concat()),
        2 => (refusal(), ending()).prop_map(|(head, end)| [vec![head], end].concat()),
        1 => failure().prop_map(|failure| vec![failure]),
        1 => parts(),
    ]
}

fn rating() -> impl Strategy<Value = Vec<Part>> {
    prop_oneof![
        3 => select(vec![200, 204]).prop_map(|status| vec![json(status), Part::End]),
        2 => (refusal(), ending()).prop_map(|(head, end)| [vec![head], end].concat()),
        1 => failure().prop_map(|failure| vec![failure]),
        1 => parts(),
    ]
}

/// Any parts in any order.
fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        2 => head_of_stream(),
        2 => refusal(),
        3 => reply(),
        2 => page(),
        1 => (vec(any::<u8>(), 0..40), cuts())
            .prop_map(|(noise, cuts)| Part::Body(Bytes(noise), cuts)),
        1 => Just(Part::End),
        1 => failure(),
    ];
    vec(part, 1..4)
}

/// The end of an exchange, or no end yet.
fn ending() -> impl Strategy<Value = Vec<Part>> {
    prop_oneof![
        3 => Just(Vec::new()),
        3 => Just(vec![Part::End]),
        1 => failure().prop_map(|failure| vec![failure]),
    ]
}

fn failure() -> impl Strategy<Value = Part> {
    select(vec![
        TransportFailure::NotSent(Cause::UNKNOWN),
        TransportFailure::Interrupted(Cause::UNKNOWN),
        TransportFailure::Withdrawn,
    ])
    .prop_map(Part::Failure)
}

fn head_of_stream() -> impl Strategy<Value = Part> {
    select(vec![
        "text/event-stream",
        "Text/Event-Stream; charset=utf-8",
    ])
    .prop_map(|content_type| head(200, &[("content-type", content_type)]))
}

fn refusal() -> impl Strategy<Value = Part> {
    let status = select(vec![
        200, 204, 206, 301, 307, 400, 401, 403, 404, 409, 429, 429, 500, 503,
    ]);
    let headers: [&[(&str, &str)]; 8] = [
        &[],
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
    (status, select(headers.to_vec())).prop_map(|(status, headers)| head(status, headers))
}

fn rate_limited(headers: &[(&'static str, &'static str)]) -> Part {
    head(429, headers)
}

fn json(status: u16) -> Part {
    head(status, &[("content-type", "application/json")])
}

fn head(status: u16, headers: &[(&'static str, &'static str)]) -> Part {
    Part::Head(Head {
        status,
        headers: headers.to_vec(),
    })
}

/// A part of a reply: events, sometimes cut off or with noise between them.
fn reply() -> impl Strategy<Value = Part> {
    let rest = prop_oneof![
        8 => Just(None),
        1 => place().prop_map(Some),
    ];
    (vec(event(), 0..6), rest, cuts()).prop_map(|(events, rest, cuts)| {
        let mut stream = events.concat();
        if let Some(rest) = rest {
            stream.truncate(rest.index(stream.len() + 1));
        }
        Part::Body(Bytes(stream), cuts)
    })
}

fn event() -> impl Strategy<Value = Vec<u8>> {
    let text = select(vec![
        "a",
        "bc ",
        "Բարև ",
        "\\u0562",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\ude00",
        "",
    ]);
    let state = select(vec!["bot", "pending_human", "human", "closed", "asleep"]);
    let known = prop_oneof![
        4 => select(vec!["c", "c", "c", "c", "d", ""]).prop_map(meta),
        16 => text.prop_map(delta),
        3 => (0..8_u32, state, 0..8_u32).prop_map(|(id, state, second)| done(&format!("m{id}"), state, second)),
        2 => (0..8_u32).prop_map(|second| human("h", second)),
        1 => Just("event: error\ndata: {\"message\":\"e\"}\n\n".to_owned()),
        2 => Just(PING.to_owned()),
        1 => Just(": comment\n\n".to_owned()),
        1 => Just("event: typing\ndata: x\n\n".to_owned()),
    ];
    prop_oneof![
        40 => known.prop_map(String::into_bytes),
        1 => select(vec![
            &b"event: delta\ndata: {}\n\n"[..],
            b"event: meta\ndata: {\"conversation_id\":\"..\"}\n\n",
            b"event: done\ndata: \xFF\n\n",
            b"data: \xC3",
            b"\r\n\r",
            b"event: delta",
        ])
        .prop_map(<[u8]>::to_vec),
    ]
}

/// A page of messages with known and unknown ids and times in any order. Most pages are
/// valid.
fn page() -> impl Strategy<Value = Part> {
    let content = select(vec!["", "a", "@", "@", "@ and the rest", "else"]);
    let role = select(vec!["assistant", "assistant", "assistant", "user", "agent"]);
    let message = (0..12_u32, role, content, 0..8_u32).prop_map(|(id, role, content, second)| {
        // The same second in several formats.
        let at = match second {
            7 => "null".to_owned(),
            6 => "\"2026-06-14T14:00:05+04:00\"".to_owned(),
            second => format!("\"{}\"", at(second)),
        };
        format!(r#"{{"id":"m{id}","role":"{role}","content":"{content}","created_at":{at}}}"#)
    });
    let state = select(vec![
        "human",
        "human",
        "human",
        "pending_human",
        "bot",
        "closed",
        "asleep",
    ]);
    let whole = (state, vec(message, 0..6)).prop_map(|(state, messages)| {
        let mut page = format!(r#"{{"state":"{state}","messages":["#);
        for (index, message) in messages.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(page, "{comma}{message}").expect("a string takes all");
        }
        page + "]}"
    });
    let page = prop_oneof![
        12 => whole,
        1 => select(vec![
            "",
            "{",
            "{}",
            "[]",
            r#"{"state":"bot"}"#,
            r#"{"state":"human","messages":null}"#,
            r#"{"state":"human","messages":[{}]}"#,
            r#"{"error":{"code":"not_found","message":"m"}}"#,
        ])
        .prop_map(str::to_owned),
    ];
    (page, cuts()).prop_map(|(page, cuts)| Part::Body(Bytes(page.into_bytes()), cuts))
}

/// The default configuration with random changes, most often to very small values.
pub fn limits() -> impl Strategy<Value = Config> {
    let duration = || {
        prop_oneof![
            8 => Just(None),
            2 => Just(Some(Duration::ZERO)),
            1 => Just(Some(Duration::from_nanos(1))),
            1 => (1..100_u64).prop_map(|millis| Some(Duration::from_millis(millis))),
        ]
    };
    let durations = vec(duration(), 15);
    // For these, `Duration::MAX` ("never") cannot keep a turn from ending.
    let pauses = vec(
        prop_oneof![3 => duration(), 1 => Just(Some(Duration::MAX))],
        4,
    );
    let limit = |small: usize| {
        prop_oneof![
            3 => Just(None),
            1 => (0..small).prop_map(Some),
        ]
    };
    let limits = (limit(64), limit(200), limit(40), limit(8));
    let attempts = select(vec![0, 1, 2, 3, 3, 5]);
    let all = (durations, pauses, limits, attempts, any::<u64>());
    all.prop_map(|(durations, pauses, limits, attempts, seed)| {
        let mut config = Config::default();
        config.attempts = attempts;
        config.seed = Some(seed);
        let (event_limit, page_limit, error_limit, reply_limit) = limits;
        for (limit, changed) in [
            (&mut config.event_limit, event_limit),
            (&mut config.page_limit, page_limit),
            (&mut config.error_limit, error_limit),
            (&mut config.reply_limit, reply_limit),
        ] {
            *limit = changed.unwrap_or(*limit);
        }
        let all_pauses = [
            &mut config.settle_timeout,
            &mut config.retry_after_limit,
            &mut config.poll_interval,
            &mut config.poll_backoff_limit,
        ];
        let all_durations = [
            &mut config.response_timeout,
            &mut config.idle_timeout,
            &mut config.progress_timeout,
        ];
        let all = all_pauses
            .into_iter()
            .chain(all_durations)
            .chain(&mut config.rate_limit_delays)
            .chain(&mut config.not_sent_delays)
            .chain(&mut config.recovery_delays);
        for (found, changed) in all.zip(pauses.into_iter().chain(durations)) {
            *found = changed.unwrap_or(*found);
        }
        config
    })
}
