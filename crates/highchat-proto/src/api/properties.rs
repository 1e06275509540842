//! Property tests: what this crate reads is what serde_json reads from the same text.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;

use super::{ErrorBody, Event, Page, oracle};
use crate::json::Value;
use crate::sse::Decoder;

/// The text of a value: valid, or nearly so.
fn value() -> impl Strategy<Value = String> {
    let texts = [
        "\"Բարև 👋\"",
        "\"\"",
        "\"bot\"",
        "\"user\"",
        "\"m1\"",
        "\"..\"",
        "\"a\\n\\u0562\\\"\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00 x\"",
        "\"ա\tբ\"",
        "\"\\\t\"",
        "\"2026-06-14T10:00:00.000Z\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"",
    ];
    let others = [
        "null",
        "true",
        "false",
        "nul",
        "1",
        "-0",
        "0",
        "01",
        "-",
        "1.5",
        "1.",
        "1e3",
        "1E+3",
        "1e",
        "1e999",
        "1781431200.5",
        "17814312000e-1",
        "1781431200000",
        "18446744073709551616",
        "1e-3",
        "[]",
        "{}",
        "[",
        "]",
        "[1,]",
        "[,]",
        "[1 2]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "[[[[]]]]",
        "[}",
        "{]",
        "",
        "\u{FEFF}1",
        "1\u{A0}",
    ];
    let leaf = prop_oneof![
        6 => select(texts.to_vec()).prop_map(String::from),
        4 => select(others.to_vec()).prop_map(String::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" , "))),
            object(inner),
        ]
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec![
        "text",
        "conversation_id",
        "message_id",
        "state",
        "ts",
        "message",
        "messages",
        "id",
        "role",
        "content",
        "created_at",
        "error",
        "code",
        "te\\u0078t",
        "\\ud83d",
        "\\ud83d\\ude00",
        "x",
        "",
    ])
}

/// An object with fields of the API and others.
fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec((name(), value), 0..5).prop_map(|fields| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", fields.join(",\n"))
    })
}

/// A message that is whole, apart from its time.
fn message(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    value.prop_map(|value| {
        format!(
            " {{\"id\":\"m\",\"role\":\"user\",\"created_at\":{value},\"content\":\"Բարև 👋\"}} "
        )
    })
}

/// Text that is JSON, or was before one character of it was lost, changed or doubled.
fn text() -> impl Strategy<Value = String> {
    let page = prop::collection::vec(prop_oneof![message(value()), value()], 0..4)
        .prop_map(|entries| format!("{{\"messages\":[{}],\"state\":\"bot\"}}", entries.join(",")));
    let whole = prop_oneof![4 => object(value()), 1 => value(), 2 => page];
    let change = prop::option::weighted(
        0.3,
        (
            any::<Index>(),
            select(vec!["", "\"", "\\", "}", "]", ",", ":", "0", "\u{1}", " "]),
            any::<bool>(),
        ),
    );
    (whole, change).prop_map(|(whole, change)| {
        let Some((at, by, keeps)) = change else {
            return whole;
        };
        let places: Vec<_> = whole.char_indices().collect();
        if places.is_empty() {
            return whole;
        }
        let (at, c) = *at.get(&places);
        let kept = if keeps { at } else { at + c.len_utf8() };
        format!("{}{by}{}", &whole[..at], &whole[kept..])
    })
}

/// The event with these data, with and without a buffer.
fn parse(name: &str, data: &str) -> Option<Event<'static>> {
    let mut stream = format!("event: {name}\n");
    for line in data.split('\n') {
        stream += &format!("data: {line}\n");
    }
    stream += "\n";
    let mut decoder = Decoder::new();
    let frame = decoder.decode(&mut stream.as_bytes()).unwrap().unwrap();
    let parsed = Event::parse(frame);
    let mut buffer = String::new();
    assert_eq!(Event::parse_with(frame, &mut buffer), parsed);
    if let Err(error) = &parsed {
        assert_eq!(error.event(), name);
        // Both sentences are public, and the right one is given.
        let escaped = oracle::escape_controls(data);
        let is_json = serde_json::from_str::<&RawValue>(&escaped).is_ok();
        assert_eq!(
            error.to_string().ends_with("is not JSON"),
            !is_json,
            "{data}"
        );
    }
    parsed.ok().map(Event::into_owned)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_event_is_read_as_serde_json_reads_its_data(
        name in select(vec!["meta", "delta", "done", "human", "error"]),
        data in text(),
    ) {
        // A line end would change the data on the way.
        let data = data.replace('\r', "");
        prop_assert_eq!(parse(name, &data), oracle::event(name, &data), "{}", data);
    }

    #[test]
    fn a_page_and_an_error_body_are_read_as_serde_json_reads_them(json in text()) {
        let page = Value::read(&json).ok().and_then(Page::read).map(|page| oracle::Page {
            state: page.state,
            messages: page
                .messages
                .into_iter()
                .map(|message| (message.id, message.role, message.content, message.created_at))
                .collect(),
            ts: page.ts,
            unreadable: page.unreadable,
        });
        prop_assert_eq!(page, oracle::page(&json), "{}", json);
        let error = Value::read(&json).ok().and_then(ErrorBody::read);
        let error = error.map(|error| (error.code.map(Into::into), error.message.map(Into::into)));
        prop_assert_eq!(error, oracle::error_body(&json), "{}", json);
    }

    #[test]
    fn any_text_is_json_if_serde_json_accepts_it_with_its_control_characters_escaped(
        json in prop_oneof![text(), ".{0,8}", "[\\[\\]{}:,\" \\\\u0-9a-f.eE+-]{0,12}"],
    ) {
        let escaped = oracle::escape_controls(&json);
        let accepted = serde_json::from_str::<&RawValue>(&escaped).is_ok();
        match Value::read(&json) {
            Ok(_) => prop_assert!(accepted, "{}", json),
            Err(invalid) => {
                prop_assert!(!accepted, "{}", json);
                prop_assert!(invalid.at <= json.len());
            }
        }
    }
}

#[test]
fn a_number_is_the_time_that_serde_json_would_read() {
    for number in [
        "0",
        "-0",
        "-0.0",
        "0e5",
        "1781431200",
        "1781431200.0",
        "1781431200.50",
        "-1.5",
        "1e-7",
        "1e-9",
        "1.781431200e9",
        "178143120000e-2",
        "17814312e2",
        "1E+3",
        "1e17",
        "1e18",
        "1e300",
        "1e999",
        "-1e-5",
        "0.000000001",
        "123456789012345678",
        "1234567890123456789",
        "12.5e0",
        "1e-400",
        "0.1e1",
        "10e-1",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e99999999999999999999",
    ] {
        let json = format!("{{\"ts\":{number}}}");
        let read = parse("human", &json);
        let expected = oracle::event("human", &json);
        assert_eq!(read, expected, "{number}");
        let text = |event: &Option<Event<'_>>| match event {
            Some(Event::Human { ts: Some(ts), .. }) => Some(String::from(ts.as_str())),
            _ => None,
        };
        // A number below the smallest of serde_json keeps its zeros.
        if !number.starts_with("1e-4") && !number.contains("e-99") {
            assert_eq!(text(&read), text(&expected), "{number}");
        }
    }
    // More digits than serde_json keeps.
    let json = "{\"ts\":1781431200.123456789}";
    let Some(Event::Human { ts: Some(ts), .. }) = parse("human", json) else {
        panic!("it is a time");
    };
    assert_eq!(ts.as_str(), "1781431200.123456789");
}

#[test]
fn a_value_may_be_nested_as_deeply_as_its_text_is_long() {
    for depth in [1, 63, 64, 65, 127, 128, 129, 1000, 100_000] {
        let mixed = format!("{}1{}", "[{\"ա\":".repeat(depth), "}]".repeat(depth));
        assert!(Value::read(&mixed).is_ok(), "{depth}");
        let crossed = format!("{}1{}", "[{\"ա\":".repeat(depth), "]}".repeat(depth));
        assert!(Value::read(&crossed).is_err(), "{depth}");
        let open = "[".repeat(depth);
        assert_eq!(Value::read(&open).unwrap_err().at, depth);
    }
}
