//! Property tests of events. The reader of deltas of the usual form must agree with
//! the reader of JSON, also for strings that are nearly JSON.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::api::text::{Joiner, Text};
use crate::api::{ConversationId, Event, InvalidEvent, MessageId, State, Timestamp};
use crate::sse::{Decoder, Frame};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Calls `run` with the frame of a `delta` event that has this data. The data has no line end.
fn with_frame<T>(data: &[u8], run: impl FnOnce(Frame<'_>) -> T) -> T {
    let stream = [b"event: delta\ndata: ", data, b"\n\n"].concat();
    let mut decoder = Decoder::new();
    let frame = decoder.decode(&mut &*stream).expect("it is short");
    run(frame.expect("a whole frame"))
}

/// Describes an event, with the text that a [`Joiner`] returns for it and the half that it
/// holds back.
fn shown(event: Result<Event<'_>, InvalidEvent>) -> String {
    match event {
        Ok(Event::Delta { text }) => {
            let mut joiner = Joiner::default();
            let joined = joiner.join(text.clone());
            format!("{text:?}, joined {joined:?}, then {:?}", joiner.finish())
        }
        other => format!("{other:?}"),
    }
}

fn compare(data: &[u8], buffer: &mut String) -> Result<(), TestCaseError> {
    let expected = with_frame(data, |frame| shown(Event::parse(frame)));
    let got = with_frame(data, |frame| shown(Event::parse_with(frame, buffer)));
    prop_assert_eq!(got, expected, "\"{}\"", data.escape_ascii());
    Ok(())
}

/// A piece of the text between the quotes, valid or not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let any_escape = any::<u16>().prop_map(|unit| format!("\\u{unit:04x}").into_bytes());
    let known = select(alloc::vec![
        &b"a"[..],
        b"word ",
        "Բարև".as_bytes(),
        "😀".as_bytes(),
        b"\\n",
        b"\\\\",
        b"\\\"",
        b"\\/",
        b"\\b\\f\\r\\t",
        b"\\u0562",
        b"\\uD83D\\uDE00",
        b"\\ud83d",
        b"\\ude00",
        b"\\u00",
        b"\\u+123",
        b"\\x",
        b"\\",
        b"\"",
        b"\",\"text\":\"",
        b"\",\"more\":\"",
        b"\x01",
        b"\t",
        b"\x7F",
        b"\xFF",
        b"\xD5",
        b"\xED\xA0\x80",
        b"}",
    ])
    .prop_map(<[u8]>::to_vec);
    prop_oneof![6 => known, 1 => any_escape, 1 => vec(any::<u8>(), 0..4)]
}

/// Data of a delta in the usual form or nearly in it.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let before = select(alloc::vec![
        &b"{\"text\":\""[..],
        b"{\"text\":\"",
        b"{\"text\":\"",
        b"{\"text\": \"",
        b" {\"text\":\"",
        b"{\"n\":1,\"text\":\"",
        b"{\"text\":",
        b"\"",
        b"",
    ]);
    let after = select(alloc::vec![
        &b"\"}"[..],
        b"\"}",
        b"\"}",
        b"\"} ",
        b"\"",
        b"}",
        b"\",\"n\":1}",
        b"",
    ]);
    (before, vec(piece(), 0..8), after).prop_map(|(before, pieces, after)| {
        let mut data = [before, &pieces.concat(), after].concat();
        data.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        data
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_delta_is_read_as_the_json_parser_reads_it(first in data(), second in data()) {
        let mut buffer = String::new();
        compare(&first, &mut buffer)?;
        compare(&second, &mut buffer)?;
    }
}

#[test]
fn each_escape_is_read_as_the_json_parser_reads_it() {
    let mut buffer = String::new();
    for unit in 0..=u16::MAX {
        let data = format!("{{\"text\":\"a\\u{unit:04X}b\"}}");
        compare(data.as_bytes(), &mut buffer).expect("the same");
    }
    for kind in 0..=u8::MAX {
        if !matches!(kind, b'\r' | b'\n') {
            let data = [b"{\"text\":\"a\\", &[kind][..], b"b\"}"].concat();
            compare(&data, &mut buffer).expect("the same");
        }
    }
}

#[test]
fn a_delta_of_the_usual_form_borrows_from_the_frame_or_the_buffer() {
    let mut buffer = String::with_capacity(64);
    let in_buffer = buffer.as_ptr();
    let data = br#"{"text":"a\nb"}"#;
    with_frame(data, |frame| match Event::parse_with(frame, &mut buffer) {
        Ok(Event::Delta { text }) => {
            assert_eq!(text, "a\nb");
            assert_eq!(text.as_ptr(), in_buffer);
        }
        other => panic!("{other:?}"),
    });
    with_frame(br#"{"text":"ab"}"#, |frame| {
        match Event::parse_with(frame, &mut buffer) {
            Ok(Event::Delta { text }) => {
                assert!(frame.data().as_ptr_range().contains(&text.as_ptr()));
            }
            other => panic!("{other:?}"),
        }
    });
}

/// Text that a service may send, with line ends.
fn text() -> impl Strategy<Value = Text<'static>> {
    let known = select(alloc::vec![
        "",
        "Բարև 👋",
        "a\nb\r\n",
        "\"\\\u{0}",
        "\u{FFFD}"
    ]);
    prop_oneof![known.prop_map(String::from), ".{0,12}"].prop_map(Text::from)
}

fn event() -> impl Strategy<Value = Event<'static>> {
    use proptest::option::of;
    let id = || of(".{1,9}".prop_filter("a path segment", |id| id != "." && id != ".."));
    let times = [
        "2026-06-14T10:00:00.000Z",
        "2026-06-14 14:00:00+04:00",
        "17",
    ];
    let ts = || of(select(times.to_vec()).prop_map(|time| time.parse::<Timestamp>().unwrap()));
    let state = of(select(alloc::vec![
        "bot",
        "pending_human",
        "human",
        "closed",
        "քնած 😴",
    ]));
    // The name of an unknown event, which must fit on one line of an event stream.
    let name = "[^\r\n\u{0}]{0,6}".prop_filter("a name that is not known", |name: &String| {
        !["meta", "delta", "done", "human", "error", "ping"].contains(&name.as_str())
            && !name.starts_with(' ')
    });
    let data = prop_oneof![
        "[^\r\u{0}]{0,12}",
        select(alloc::vec!["{\"a\": [1,\n2]}", " \"Բարև\"", "{"]).prop_map(String::from),
    ];
    prop_oneof![
        id().prop_map(|id| Event::Meta {
            conversation_id: id.map(|id| ConversationId::new(id).unwrap()),
        }),
        text().prop_map(|text| Event::Delta { text }),
        (id(), state, ts()).prop_map(|(id, state, ts)| Event::Done {
            message_id: id.map(|id| MessageId::new(id).unwrap()),
            state: state.map(State::from),
            ts,
        }),
        (of(text()), ts()).prop_map(|(message, ts)| Event::Human { message, ts }),
        of(text()).prop_map(|message| Event::Error { message }),
        Just(Event::Ping),
        (name, data).prop_map(|(event, data)| Event::Unknown {
            event: event.into(),
            data: data.into(),
        }),
    ]
}

proptest! {
    #[test]
    fn an_event_that_is_written_and_parsed_is_the_same_event(event in event()) {
        let name = match &event {
            // `name()` would be `message` if the name is empty.
            Event::Unknown { event, .. } => event,
            known => known.name(),
        };
        let mut stream = format!("event: {name}\n");
        for line in event.data().split('\n') {
            stream += &format!("data: {line}\n");
        }
        stream += "\n";
        let mut decoder = Decoder::new();
        let frame = decoder.decode(&mut stream.as_bytes()).unwrap().expect("a whole frame");
        prop_assert_eq!(Event::parse(frame).unwrap(), event.clone(), "{}", stream);
        // The data of a known event is its JSON. The data of an unknown one may be anything.
        #[cfg(feature = "serde")]
        if !matches!(event, Event::Unknown { .. }) {
            prop_assert_eq!(serde_json::to_string(&event).unwrap(), event.data());
        }
    }
}
