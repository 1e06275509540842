//! The events of a reply.

mod decoder;
mod delta;
#[cfg(test)]
mod properties;

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

#[cfg(feature = "serde")]
use serde::{Serialize, Serializer};
#[cfg(feature = "serde")]
use serde_json::value::RawValue;

pub use self::decoder::{EventDecodeError, EventDecoder};
use super::id::{ConversationId, MessageId};
use super::state::State;
use super::text::Text;
use super::timestamp::Timestamp;
use crate::json::{Content, Object, Value, to_string};
use crate::sse::Frame;

/// One event of a reply stream. It borrows its text from the frame if that is possible.
///
/// Names and fields are the API's. Fields that the API's text does not name are ignored.
/// Events that it does not name are [`Unknown`](Self::Unknown), so that a new service does
/// not break an old client (our decision).
///
/// ```
/// use highchat_proto::sse::Decoder;
/// use highchat_proto::Event;
///
/// let mut decoder = Decoder::new();
/// let mut input: &[u8] = b"event: delta\ndata: {\"text\":\"hello\"}\n\n";
/// let frame = decoder.decode(&mut input)?.expect("a whole frame");
/// let Event::Delta { text } = Event::parse(frame)? else { panic!() };
/// assert_eq!(text, "hello");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// A program that passes a reply on as an event stream writes [`name`](Self::name) as the event
/// type, and [`data`](Self::data) as the data. With the feature `serde`, the serialized event is
/// the same: the API's fields, without those that are `None`.
///
/// ```
/// use highchat_proto::Event;
///
/// let event = Event::Delta { text: "Բարև 👋".into() };
/// assert_eq!((event.name(), &*event.data()), ("delta", r#"{"text":"Բարև 👋"}"#));
/// # #[cfg(feature = "serde")]
/// assert_eq!(serde_json::to_string(&event)?, event.data());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// `meta`: the conversation that the reply belongs to. It is the first event of a reply.
    Meta {
        /// The id to send with the next message. `None` if it is missing or is not a valid
        /// [`ConversationId`].
        conversation_id: Option<ConversationId>,
    },
    /// `delta`: a piece of the reply's text.
    Delta {
        /// Text to append to the reply.
        text: Text<'a>,
    },
    /// `done`: the reply is complete.
    Done {
        /// The id of the reply. `None` if the service gave none.
        message_id: Option<MessageId>,
        /// The new state of the conversation. `None` if the service gave none; the state
        /// then stays as it was.
        state: Option<State>,
        /// The service's time. `None` if it is missing or cannot be read.
        ts: Option<Timestamp>,
    },
    /// `human`: a person took over, and the bot does not answer.
    Human {
        /// A sentence to show to the user. `None` if the service gave none.
        message: Option<Text<'a>>,
        /// The service's time. `None` if it is missing or cannot be read.
        ts: Option<Timestamp>,
    },
    /// `error`: the reply failed.
    Error {
        /// A sentence to show to the user. `None` if the service gave none.
        message: Option<Text<'a>>,
    },
    /// `ping`: the service is alive.
    Ping,
    /// An event that the API's text does not name.
    Unknown {
        /// The event type. Empty for the standard's default, `message`.
        event: Cow<'a, str>,
        /// The data, unparsed.
        data: Cow<'a, str>,
    },
}

/// An event with a known name whose data does not match the API's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEvent {
    event: Known,
    is_json: bool,
}

/// The events that have fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Meta,
    Delta,
    Done,
    Human,
    Error,
}

impl Known {
    /// The event with these data; `None` if they do not match the API's text.
    fn read(self, json: Value<'_>) -> Option<Event<'_>> {
        Some(match self {
            Self::Meta => {
                let [conversation_id] = json.fields(["conversation_id"])?;
                Event::Meta {
                    conversation_id: conversation_id.and_then(ConversationId::read),
                }
            }
            Self::Delta => {
                let [text] = json.fields(["text"])?;
                Event::Delta {
                    text: text?.text()?.into(),
                }
            }
            Self::Done => {
                let [message_id, state, ts] = json.fields(["message_id", "state", "ts"])?;
                Event::Done {
                    message_id: message_id.and_then(MessageId::read),
                    state: state.and_then(State::read),
                    ts: ts.and_then(Timestamp::read),
                }
            }
            Self::Human => {
                let [message, ts] = json.fields(["message", "ts"])?;
                Event::Human {
                    message: message.and_then(Value::text).map(Text::from),
                    ts: ts.and_then(Timestamp::read),
                }
            }
            Self::Error => {
                let [message] = json.fields(["message"])?;
                Event::Error {
                    message: message.and_then(Value::text).map(Text::from),
                }
            }
        })
    }
}

impl InvalidEvent {
    /// The name of the event.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        match self.event {
            Known::Meta => "meta",
            Known::Delta => "delta",
            Known::Done => "done",
            Known::Human => "human",
            Known::Error => "error",
        }
    }
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = if self.is_json {
            "lacks a field, or has one of another type"
        } else {
            "is not JSON"
        };
        write!(f, "the data of a `{}` event {problem}", self.event())
    }
}

impl core::error::Error for InvalidEvent {}

impl<'a> Event<'a> {
    /// The names of the events that the API's text names, as [`name`](Self::name) gives them.
    pub const NAMES: [&'static str; 6] = ["meta", "delta", "done", "human", "error", "ping"];

    /// Parses the event in a frame.
    ///
    /// The event borrows from the frame's data. It allocates only if the data is not valid
    /// UTF-8 or a string in it has an escape. The frame's id is ignored.
    ///
    /// # Errors
    ///
    /// The data of a known event is not a JSON object, or a `delta` has no `text` that is a
    /// string. The data of a `ping` does not matter. After this error the rest of the stream
    /// cannot be trusted, because text of the reply may be missing. Any other field that is
    /// missing, null or of another type is `None` (our decision).
    pub fn parse(frame: Frame<'a>) -> Result<Self, InvalidEvent> {
        match frame.data_lossy() {
            Cow::Borrowed(data) => Self::from_parts(frame.event(), data),
            Cow::Owned(data) => Event::from_parts(frame.event(), &data).map(Event::into_owned),
        }
    }

    /// Parses the event in a frame, with a buffer that can be used again.
    ///
    /// The result is the same as with [`parse`](Self::parse), but a `delta` with escapes
    /// borrows its text from `buffer`. Nothing is allocated once the buffer is as long as the
    /// longest such text. The old content of the buffer does not matter.
    ///
    /// This is several times faster than `parse`, because a `delta` of the usual form
    /// needs no JSON parser. It is fastest if the result is matched where it stands, because an
    /// `Event` is large to move.
    ///
    /// ```
    /// use highchat_proto::sse::Decoder;
    /// use highchat_proto::Event;
    ///
    /// let mut decoder = Decoder::new();
    /// let mut buffer = String::new();
    /// let mut input: &[u8] = b"event: delta\ndata: {\"text\":\"a\\nb\"}\n\n";
    /// while let Some(frame) = decoder.decode(&mut input)? {
    ///     let Event::Delta { text } = Event::parse_with(frame, &mut buffer)? else { panic!() };
    ///     assert_eq!(text, "a\nb");
    /// }
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`parse`](Self::parse).
    #[inline]
    pub fn parse_with(frame: Frame<'a>, buffer: &'a mut String) -> Result<Self, InvalidEvent> {
        match usual_delta(frame, buffer) {
            Some(text) => Ok(Event::Delta { text: text.into() }),
            None => Self::parse(frame),
        }
    }

    fn from_parts<'d>(event: &'d [u8], data: &'d str) -> Result<Event<'d>, InvalidEvent> {
        let known = match event {
            b"delta" => Known::Delta,
            b"ping" => return Ok(Event::Ping),
            b"meta" => Known::Meta,
            b"done" => Known::Done,
            b"human" => Known::Human,
            b"error" => Known::Error,
            unknown => {
                return Ok(Event::Unknown {
                    event: String::from_utf8_lossy(unknown),
                    data: data.into(),
                });
            }
        };
        let invalid = |is_json| InvalidEvent {
            event: known,
            is_json,
        };
        let json = Value::read(data).map_err(|_| invalid(false))?;
        known.read(json).ok_or(invalid(true))
    }

    /// The same event with owned text.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Meta { conversation_id } => Event::Meta { conversation_id },
            Self::Delta { text } => Event::Delta {
                text: text.into_owned(),
            },
            Self::Done {
                message_id,
                state,
                ts,
            } => Event::Done {
                message_id,
                state,
                ts,
            },
            Self::Human { message, ts } => Event::Human {
                message: message.map(Text::into_owned),
                ts,
            },
            Self::Error { message } => Event::Error {
                message: message.map(Text::into_owned),
            },
            Self::Ping => Event::Ping,
            Self::Unknown { event, data } => Event::Unknown {
                event: event.into_owned().into(),
                data: data.into_owned().into(),
            },
        }
    }

    /// The name of the event as the service writes it. An unknown event without a name has
    /// the standard's default, `message` (WHATWG HTML, section 9.2.6).
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Meta { .. } => "meta",
            Self::Delta { .. } => "delta",
            Self::Done { .. } => "done",
            Self::Human { .. } => "human",
            Self::Error { .. } => "error",
            Self::Ping => "ping",
            Self::Unknown { event, .. } if event.is_empty() => "message",
            Self::Unknown { event, .. } => event,
        }
    }

    /// The data of the event, for an event stream that also has its [`name`](Self::name).
    ///
    /// It is JSON in the form of the API's text. An [`Unknown`](Self::Unknown) event has the
    /// data that it came with. Parsing the data gives an equal event. A lone surrogate half is
    /// U+FFFD, as in [`Text`].
    #[must_use]
    pub fn data(&self) -> Cow<'_, str> {
        match self {
            Self::Unknown { data, .. } => Cow::Borrowed(data),
            known => to_string(known).into(),
        }
    }

    /// Whether this event ends the reply: `done`, `human` or `error`.
    #[must_use]
    pub const fn ends_reply(&self) -> bool {
        matches!(
            self,
            Self::Done { .. } | Self::Human { .. } | Self::Error { .. }
        )
    }
}

/// The data of a known event, with the fields in the order of the API's text.
impl Object for Event<'_> {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        let mut put = |name, text: Option<&str>| {
            if let Some(text) = text {
                put(name, Content::Text(text));
            }
        };
        match self {
            Self::Meta { conversation_id } => {
                let id = conversation_id.as_ref().map(ConversationId::as_str);
                put("conversation_id", id);
            }
            Self::Delta { text } => put("text", Some(text)),
            Self::Done {
                message_id,
                state,
                ts,
            } => {
                put("message_id", message_id.as_ref().map(MessageId::as_str));
                put("state", state.as_ref().map(State::as_str));
                put("ts", ts.as_ref().map(Timestamp::as_str));
            }
            Self::Human { message, ts } => {
                put("message", message.as_deref());
                put("ts", ts.as_ref().map(Timestamp::as_str));
            }
            Self::Error { message } => put("message", message.as_deref()),
            Self::Ping | Self::Unknown { .. } => {}
        }
    }
}

/// The data of the event, as a JSON object.
///
/// The data of an [`Unknown`](Event::Unknown) event is written unchanged if it is JSON, which
/// only `serde_json` can do, and as a string otherwise.
#[cfg(feature = "serde")]
impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown { data, .. } => match serde_json::from_str::<&RawValue>(data) {
                Ok(json) => json.serialize(serializer),
                Err(_) => serializer.serialize_str(data),
            },
            known => crate::json::as_object("Event", known, serializer),
        }
    }
}

/// The text of a frame that holds a `delta` of the usual form. Such a text has no lone
/// surrogate half. If it returns `None`, call [`Event::parse`].
#[inline]
fn usual_delta<'a>(frame: Frame<'a>, buffer: &'a mut String) -> Option<&'a str> {
    if frame.event() != b"delta" {
        return None;
    }
    delta::text(frame.data(), buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::Decoder;
    use alloc::format;
    use alloc::vec::Vec;

    fn parse(event: &str, data: &str) -> Result<Event<'static>, InvalidEvent> {
        let mut decoder = Decoder::new();
        let stream = format!("event: {event}\ndata: {data}\n\n");
        let frame = decoder.decode(&mut stream.as_bytes()).unwrap().unwrap();
        Event::parse(frame).map(Event::into_owned)
    }

    fn delta(text: &'static str) -> Result<Event<'static>, InvalidEvent> {
        Ok(Event::Delta { text: text.into() })
    }

    #[test]
    fn each_event_of_the_api_is_read() {
        let ts = || Some("2026-06-14T10:00:00.000Z".parse().unwrap());
        let cases = [
            (
                "meta",
                r#"{"conversation_id":"c1"}"#,
                Event::Meta {
                    conversation_id: Some(ConversationId::new("c1").unwrap()),
                },
            ),
            ("delta", r#"{"text":"a\u0562\n"}"#, delta("aբ\n").unwrap()),
            (
                "done",
                r#"{"message_id":"m","state":"pending_human","ts":"2026-06-14T10:00:00.000Z"}"#,
                Event::Done {
                    message_id: Some(MessageId::new("m").unwrap()),
                    state: Some(State::PendingHuman),
                    ts: ts(),
                },
            ),
            (
                "human",
                r#"{"message":"m","ts":"2026-06-14T10:00:00.000Z"}"#,
                Event::Human {
                    message: Some("m".into()),
                    ts: ts(),
                },
            ),
            (
                "error",
                r#"{"message":"m"}"#,
                Event::Error {
                    message: Some("m".into()),
                },
            ),
            ("ping", "{}", Event::Ping),
            ("ping", "not json", Event::Ping),
            (
                "typing",
                "not json",
                Event::Unknown {
                    event: "typing".into(),
                    data: "not json".into(),
                },
            ),
        ];
        for (name, data, event) in cases {
            assert_eq!(event.name(), name);
            assert_eq!(parse(name, data), Ok(event), "{name} {data}");
        }
    }

    #[test]
    fn an_unescaped_control_character_in_a_string_is_accepted() {
        assert_eq!(parse("delta", "{\"text\":\"ա\tբ\"}"), delta("ա\tբ"));
        let human = Event::Human {
            message: Some("ա\tբ".into()),
            ts: None,
        };
        assert_eq!(parse("human", "{\"message\":\"ա\tբ\"}"), Ok(human));
    }

    #[test]
    fn an_event_without_a_name_is_named_message() {
        assert_eq!(parse("", "Բարև").unwrap().name(), "message");
    }

    #[test]
    fn names_lists_each_event_except_unknown_ones() {
        /// How many kinds of events are named; a new kind is counted here.
        fn count(event: &Event<'_>) -> usize {
            match event {
                Event::Meta { .. }
                | Event::Delta { .. }
                | Event::Done { .. }
                | Event::Human { .. }
                | Event::Error { .. }
                | Event::Ping => 6,
                Event::Unknown { .. } => 0,
            }
        }
        for name in Event::NAMES {
            let event = parse(name, r#"{"text":"Բարև 👋"}"#).unwrap();
            assert_eq!((event.name(), count(&event)), (name, Event::NAMES.len()));
        }
        assert_eq!(count(&parse("typing", "{}").unwrap()), 0);
    }

    #[test]
    fn unknown_fields_and_states_are_accepted() {
        assert_eq!(
            parse("delta", r#"{"n":[1,{"text":2}],"text":"a","x":null}"#),
            delta("a")
        );
        assert!(matches!(
            parse("done", r#"{"message_id":"m","state":"asleep","ts":1781431200}"#),
            Ok(Event::Done { state: Some(State::Other(state)), ts: Some(_), .. }) if &*state == "asleep"
        ));
    }

    #[test]
    fn an_unreadable_timestamp_is_none() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        for ts in [
            "null",
            r#""soon""#,
            "{}",
            "[1]",
            "1e300",
            "1e999",
            r#""\ud83d""#,
            r#"[{"\ude00":-1e999}]"#,
            &deep,
        ] {
            let done = parse(
                "done",
                &format!(r#"{{"ts":{ts},"message_id":"m","state":"bot"}}"#),
            );
            assert!(matches!(done, Ok(Event::Done { ts: None, .. })), "{ts}");
            let human = parse("human", &format!(r#"{{"message":"m", "ts" : {ts} }}"#));
            assert!(matches!(human, Ok(Event::Human { ts: None, .. })), "{ts}");
        }
    }

    #[test]
    fn a_timestamp_that_is_not_json_makes_the_event_invalid() {
        for ts in ["", "01", "1e", "nul", "\"soon", "\"\\x\"", "[1"] {
            let error = parse("human", &format!(r#"{{"message":"m","ts":{ts}}}"#));
            assert!(!error.expect_err(ts).is_json, "{ts}");
        }
    }

    #[test]
    fn a_field_that_is_missing_null_or_of_another_type_is_none() {
        let too_long = format!("\"{}\"", "x".repeat(ConversationId::MAX_LEN + 1));
        for value in [
            None,
            Some("null"),
            Some("1"),
            Some("[\"Բարև\"]"),
            Some("{\"id\":\"c\"}"),
            Some("true"),
        ] {
            let data = |names: &[&str]| {
                let fields = names.iter().filter_map(|name| {
                    let value = value?;
                    // A number is a valid time, so `ts` needs another wrong type.
                    let value = if *name == "ts" && value == "1" {
                        "[1]"
                    } else {
                        value
                    };
                    Some(format!("\"{name}\":{value}"))
                });
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            };
            let meta = Event::Meta {
                conversation_id: None,
            };
            assert_eq!(parse("meta", &data(&["conversation_id"])), Ok(meta));
            let done = Event::Done {
                message_id: None,
                state: None,
                ts: None,
            };
            let fields = data(&["message_id", "state", "ts"]);
            assert_eq!(parse("done", &fields), Ok(done), "{fields}");
            let human = Event::Human {
                message: None,
                ts: None,
            };
            assert_eq!(parse("human", &data(&["message", "ts"])), Ok(human));
            let error = Event::Error { message: None };
            assert_eq!(parse("error", &data(&["message"])), Ok(error));
        }
        for id in ["\"\"", "\"..\"", &too_long] {
            let none = Event::Meta {
                conversation_id: None,
            };
            let data = format!("{{\"conversation_id\":{id}}}");
            assert_eq!(parse("meta", &data), Ok(none), "{data}");
        }
    }

    #[test]
    fn invalid_data_of_a_known_event_is_an_error() {
        let cases = [
            ("delta", "", false),
            ("delta", "{\"text\":\"a\"", false),
            ("delta", "{\"text\":\"a\"} x", false),
            ("delta", "{}", true),
            ("delta", "{\"text\":1}", true),
            ("delta", "{\"text\":null}", true),
            ("delta", "[\"a\"]", true),
            ("delta", "\"a\"", true),
            ("meta", "[]", true),
            ("done", "{\"state\":\"bot\",\"ts\":\"\"", false),
            ("done", "null", true),
            ("human", "{\"message\":Բարև}", false),
            ("error", "\"Բարև\"", true),
        ];
        for (event, data, is_json) in cases {
            let error = parse(event, data).expect_err(data);
            assert_eq!((error.event(), error.is_json), (event, is_json), "{data}");
        }
    }

    #[test]
    fn invalid_utf_8_in_data_becomes_replacement_characters() {
        let mut decoder = Decoder::new();
        let mut input: &[u8] = b"event: delta\ndata: {\"text\":\"a\xFFb\"}\n\n";
        let frame = decoder.decode(&mut input).unwrap().unwrap();
        assert_eq!(Event::parse(frame), delta("a\u{FFFD}b"));
    }
}
