//! Compares the decoder of events with the decoder of frames and the parser of events, on streams
//! that are mostly deltas of the usual form, or nearly so.

use highchat_proto::{Event, EventDecodeError, EventDecoder};
use highchat_testing::oracles::cuts::Bytes;
use highchat_testing::oracles::events::compare;
use highchat_testing::oracles::streams::{config, cuts};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::fast::{limit, odd};

/// A piece of a delta's text, valid or not.
fn piece() -> impl Strategy<Value = &'static [u8]> {
    let valid = select(vec![
        "a",
        " ",
        "Բարև",
        " ողջույն",
        "👋",
        "a word of some length",
        "{",
        "}",
        "'",
        "\u{7F}",
    ]);
    let escaped = select(vec![
        r"\n",
        r"\\",
        r#"\""#,
        r"\u0562",
        r"\uD83D\uDE00",
        r"\ud83d",
        r"\/",
        r#"\"}"#,
    ]);
    let invalid = select(vec![
        &b"\""[..],
        b"\",\"text\":\"",
        b"\"}",
        b"\"}\n\n",
        b"\\",
        b"\\x",
        b"\\u12",
        b"\t",
        b"\x01",
        b"\n",
        b"\r",
        b"\ndata: ",
        b"\xFF",
        b"\xD5",
        b"\xED\xA0\x80",
    ]);
    prop_oneof![
        12 => valid.prop_map(str::as_bytes),
        3 => escaped.prop_map(str::as_bytes),
        1 => invalid,
    ]
}

/// One of the values, mostly the first.
fn mostly(values: &'static [&'static str]) -> impl Strategy<Value = &'static [u8]> {
    let first = values[0];
    prop_oneof![9 => Just(first), 1 => select(values)].prop_map(str::as_bytes)
}

fn delta() -> impl Strategy<Value = Vec<u8>> {
    let start = mostly(&[
        "event: delta\ndata: {\"text\":\"",
        "event: delta\r\ndata: {\"text\":\"",
        "event: delta\rdata: {\"text\":\"",
        "event:delta\ndata: {\"text\":\"",
        "event: delta\ndata:{\"text\":\"",
        "event: delta\ndata: {\"text\": \"",
        "event: delta\ndata: {\"tekst\":\"",
        "event: deltas\ndata: {\"text\":\"",
        "data: {\"text\":\"",
        "id: 7\nevent: delta\ndata: {\"text\":\"",
    ]);
    let end = mostly(&[
        "\"}\n\n",
        "\"}\r\n\r\n",
        "\"}\n\r\n",
        "\"}\r\r",
        "\"}\n",
        "\"}\nid: 7\n\n",
        "\"}\ndata:\n\n",
        "\"}\nevent: ping\n\n",
        "\",\"n\":1}\n\n",
        "\" }\n\n",
        "\"\n\n",
        "\n\n",
    ]);
    (start, vec(piece(), 0..5), end)
        .prop_map(|(start, pieces, end)| [start, &pieces.concat(), end].concat())
}

/// Any other event of the API.
fn other() -> impl Strategy<Value = Vec<u8>> {
    select(vec![
        "event: meta\ndata: {\"conversation_id\":\"զ1 👋\"}\n\n",
        "event: done\ndata: {\"message_id\":\"m\",\"state\":\"bot\"}\n\n",
        "event: done\ndata: {\n\n",
        "event: ping\ndata: {}\n\n",
        "event: typing\ndata: {}\n\n",
    ])
    .prop_map(|event| event.as_bytes().to_vec())
}

fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(prop_oneof![8 => delta(), 1 => other(), 1 => odd()], 0..10)
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn the_events_are_those_of_the_frames(pieces in pieces(), cuts in cuts(), limit in limit()) {
        let stream = Bytes(pieces.concat());
        compare(&cuts.of(&stream.0), limit);
    }

    #[test]
    fn the_events_are_those_of_the_frames_in_chunks_of_one_event(
        pieces in pieces(), limit in limit(),
    ) {
        compare(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>(), limit);
    }

    #[test]
    fn the_events_are_those_of_the_frames_in_chunks_of_one_size(
        pieces in pieces(), size in 1..150_usize,
    ) {
        compare(&pieces.concat().chunks(size).collect::<Vec<_>>(), 64 * 1024);
    }
}

#[test]
fn a_delta_of_each_length_is_read_alone_and_before_another() {
    for letters in 0..70 {
        for text in [
            "ա".repeat(letters),
            "a".repeat(letters),
            "\\n".repeat(letters),
        ] {
            let delta = format!("event: delta\ndata: {{\"text\":\"{text}\"}}\n\n");
            for stream in [
                delta.clone(),
                delta.repeat(3),
                delta + "event: ping\ndata: \n\n",
            ] {
                compare(&[stream.as_bytes()], 1024);
                let (first, second) = stream.split_at(stream.len() - 1);
                compare(&[first.as_bytes(), second.as_bytes()], 1024);
            }
        }
    }
}

#[test]
fn two_cuts_at_any_places_change_no_event() {
    let stream = "event: delta\ndata: {\"text\":\"Բարև\"}\n\n\
                  event: delta\ndata: {\"text\":\"\\u0562 👋\"}\n\n\
                  event: done\ndata: {}\n\n"
        .as_bytes();
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            compare(
                &[&stream[..first], &stream[first..second], &stream[second..]],
                1024,
            );
        }
    }
}

/// The address range of some bytes.
fn is_in(bytes: &[u8], text: &str) -> bool {
    bytes.as_ptr_range().contains(&text.as_ptr())
}

#[test]
fn a_delta_without_escapes_borrows_from_the_chunk() {
    let delta = "event: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n";
    for stream in [delta.to_owned(), delta.repeat(2)] {
        let mut events = EventDecoder::new();
        let mut input = stream.as_bytes();
        while let Some(event) = events.decode(&mut input).unwrap() {
            let Event::Delta { text } = event else {
                panic!("{event:?}")
            };
            assert_eq!(text, "Բարև 👋");
            assert!(is_in(stream.as_bytes(), &text));
        }
    }
}

#[test]
fn an_invalid_event_is_an_error_and_the_next_one_is_read() {
    let mut events = EventDecoder::with_limit(100);
    let mut input =
        "event: delta\ndata: {\"text\":1}\n\nevent: delta\ndata: {\"text\":\"ա\"}\n\n".as_bytes();
    let error = events.decode(&mut input).unwrap_err();
    assert!(matches!(error, EventDecodeError::Event(invalid) if invalid.event() == "delta"));
    assert_eq!(
        error.to_string(),
        "the data of a `delta` event lacks a field, or has one of another type"
    );
    let next = events.decode(&mut input).unwrap();
    assert_eq!(next, Some(Event::Delta { text: "ա".into() }));

    let long = format!("data: {}\n\n", "b".repeat(101));
    for mut input in [long.as_bytes(), b"event: ping\n\n"] {
        let error = events.decode(&mut input).unwrap_err();
        assert!(matches!(error, EventDecodeError::Stream(_)));
        assert_eq!(
            error.to_string(),
            "an event of the stream is longer than the limit"
        );
    }
    events.reset();
    assert_eq!(
        events.decode(&mut &b"event: ping\ndata: \n\n"[..]),
        Ok(Some(Event::Ping))
    );
}
