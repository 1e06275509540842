//! Compares typed events with a naive reader.

use arbitrary::Arbitrary;
use highchat_proto::reply::Reply;
use highchat_proto::sse::Decoder;
use highchat_proto::time::Instant;
use highchat_proto::{Config, Event, EventDecodeError, EventDecoder, Saved};
use serde_json::Value;

use crate::json::Json;
use crate::naive_event;

/// The name of an event and its data.
#[derive(Arbitrary, Debug)]
pub struct Input<'a> {
    name: u8,
    data: &'a [u8],
}

const NAMES: [&str; 8] = [
    "delta", "done", "meta", "human", "error", "ping", "typing", "",
];

/// Checks that an event is read or refused as the naive reader does it, that the naive JSON tree is
/// serde_json's, and that the halves of a surrogate pair in two deltas are joined.
pub fn hold(input: &Input<'_>) {
    let name = NAMES[usize::from(input.name) % NAMES.len()];
    let mut stream = format!("event: {name}\n").into_bytes();
    for line in input.data.split(|byte| matches!(byte, b'\r' | b'\n')) {
        stream.extend_from_slice(b"data: ");
        stream.extend_from_slice(line);
        stream.push(b'\n');
    }
    stream.push(b'\n');
    let mut decoder = Decoder::new();
    let frame = decoder.decode(&mut &stream[..]);
    let frame = frame.expect("there is room").expect("a whole frame");

    let expected = naive_event::read(frame.event(), frame.data());
    let (mut buffer, mut events) = (String::new(), EventDecoder::new());
    let decoded = match events.decode(&mut &stream[..]) {
        Ok(event) => Ok(event.expect("a whole event")),
        Err(EventDecodeError::Event(invalid)) => Err(invalid),
        Err(error) => panic!("there is room: {error}"),
    };
    let readers = [
        ("Event::parse", Event::parse(frame)),
        ("Event::parse_with", Event::parse_with(frame, &mut buffer)),
        ("EventDecoder", decoded),
    ];
    for (reader, event) in readers {
        assert_eq!(event.as_ref().ok(), expected.as_ref(), "{reader}");
        let owned = event.clone().map(Event::into_owned);
        assert_eq!(owned, event, "{reader}, owned");
        if let Err(error) = &event {
            assert_eq!(error.event(), name, "{reader}");
        }
    }
    if matches!(expected, Some(Event::Delta { .. })) {
        assert_eq!(twice(&stream), naive_twice(frame.data()), "joined");
    }
    if let Ok(data) = frame.data_str() {
        compare(data);
    }
}

/// The text of a reply that has this delta twice.
fn twice(delta: &[u8]) -> String {
    let body = delta.repeat(2);
    let (mut input, mut text) = (&body[..], String::new());
    let mut reply = Reply::new(&Config::default(), Instant::ORIGIN);
    let mut show = |event: Event<'_>| match event {
        Event::Delta { text: delta } => text.push_str(&delta),
        other => panic!("{other:?}"),
    };
    while let Some(ready) = reply.advance(&mut input, Instant::ORIGIN).expect("short") {
        show(
            reply
                .event(ready, Instant::ORIGIN)
                .expect("it was read before"),
        );
    }
    while let Ok(Some(event)) = reply.finish() {
        show(event);
    }
    text
}

fn naive_twice(data: &[u8]) -> String {
    let units = naive_event::delta_units(data).expect("it was read before");
    String::from_utf16_lossy(&[&units[..], &units].concat())
}

/// Compares the naive tree with serde_json's, if serde_json accepts the data. Compares a saved
/// conversation with serde's.
fn compare(data: &str) {
    if let (Ok(saved), false) = (Saved::from_json(data), data.contains(char::is_control)) {
        let other = serde_json::from_str::<Saved>(data).expect("what this crate reads");
        assert_eq!(other, saved, "saved");
        let json = saved.to_json();
        assert_eq!(serde_json::to_string(&saved).expect("plain data"), json);
        assert_eq!(Saved::from_json(&json), Ok(saved), "written");
    }
    let json = Json::read(data);
    let Ok(value) = serde_json::from_str::<Value>(data) else {
        // The naive reader also refuses the data, except for a few kinds that it accepts.
        let is_huge = |json: &Json| match json {
            Json::Number(literal) => literal.parse().is_ok_and(f64::is_infinite),
            _ => false,
        };
        let is_accepted = |json: &Json| {
            json.depth() > 127
                || json.texts().iter().any(|text| {
                    // A lone surrogate half, or an unescaped control character.
                    text.strict().is_none() || text.units.iter().any(|unit| *unit < 0x20)
                })
                || json.any(&is_huge)
        };
        assert!(json.as_ref().is_none_or(is_accepted), "{json:?}");
        return;
    };
    assert_eq!(json.map(to_value), Some(value), "the naive tree");
}

fn to_value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(is_true) => Value::Bool(is_true),
        Json::Number(literal) => serde_json::from_str(&literal).expect("a number"),
        Json::Text(text) => Value::String(text.lossy()),
        Json::Array(items) => items.into_iter().map(to_value).collect(),
        Json::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name.lossy(), to_value(value)))
            .collect(),
    }
}
