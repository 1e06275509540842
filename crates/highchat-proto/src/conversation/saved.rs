//! A saved conversation, from which it can be resumed after a restart.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::history::{SavedHistory, optional};
use super::turn::SavedTurn;
use crate::api::{ConversationId, MessageId, State, Timestamp};
use crate::json::{Content, Invalid, Object, Value, to_string};

/// The version that is written. Version 1 can still be read; its missing fields count as
/// unknown.
const VERSION: u32 = 2;

/// A conversation saved for a restart: its id, its state, which messages were seen, and the
/// data that the search for a reply needs.
///
/// It contains no key. Of the user's messages it contains only hashes. But it contains the text
/// of cut replies, so keep it as private as the conversation itself. It is kept as JSON, with a
/// version number; with the feature `serde`, any format of serde can keep it. Source: our
/// decision.
///
/// ```
/// use highchat_proto::{ConversationId, Saved, State};
///
/// let saved = Saved::new(ConversationId::new("c1")?).with_state(State::Human);
/// assert_eq!(Saved::from_json(&saved.to_json())?, saved);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Deserialize, Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Form", into = "Form"))]
pub struct Saved {
    pub(crate) conversation_id: Option<ConversationId>,
    pub(crate) state: State,
    pub(crate) cursor: Option<Timestamp>,
    pub(crate) newest: Option<Timestamp>,
    pub(crate) seen: Vec<(MessageId, Option<Timestamp>)>,
    pub(crate) is_polling: bool,
    pub(crate) history: SavedHistory,
    pub(crate) turn: Option<SavedTurn>,
}

impl Saved {
    /// A conversation known by its id only. Its state is `bot`.
    ///
    /// The earlier messages are unknown, and may have the same texts as new ones. So a cut
    /// reply is not searched for, but reported as incomplete.
    #[must_use]
    pub fn new(conversation_id: ConversationId) -> Self {
        Self {
            conversation_id: Some(conversation_id),
            state: State::Bot,
            cursor: None,
            newest: None,
            seen: Vec::new(),
            is_polling: false,
            history: SavedHistory::default(),
            turn: None,
        }
    }

    /// Sets the state. With `human` or `pending_human`, polling begins at once.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Sets the timestamp of the newest known message. Polls ask for the messages after it.
    #[must_use]
    pub fn with_after(mut self, after: Timestamp) -> Self {
        self.newest = Some(after.clone());
        self.cursor = Some(after);
        self
    }

    /// The saved conversation as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_string(self)
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Fields with other names are ignored.
    ///
    /// # Errors
    ///
    /// The text is not JSON, has a version that this program cannot read, or a field of it is
    /// missing or not valid.
    pub fn from_json(json: &str) -> Result<Self, InvalidSaved> {
        let json = Value::read(json).map_err(|invalid| InvalidSaved(Reason::NotJson(invalid)))?;
        let fields = json.fields([
            "version",
            "conversation_id",
            "state",
            "cursor",
            "newest",
            "seen",
            "is_polling",
            "history",
            "turn",
        ]);
        let fields = fields.ok_or(InvalidSaved(Reason::Form))?;
        let version = fields[0].and_then(Value::unsigned);
        let version = version.ok_or(InvalidSaved(Reason::Field("version")))?;
        if !(1..=u64::from(VERSION)).contains(&version) {
            return Err(InvalidSaved(Reason::Version(version)));
        }
        let mut name = "";
        Self::read(fields, &mut name).ok_or(InvalidSaved(Reason::Field(name)))
    }

    /// Reads the fields. `name` is then the one that was read last.
    fn read(fields: [Option<Value<'_>>; 9], name: &mut &'static str) -> Option<Self> {
        let [
            _,
            id,
            state,
            cursor,
            newest,
            seen,
            is_polling,
            history,
            turn,
        ] = fields;
        let mut at = |field| *name = field;
        at("conversation_id");
        let conversation_id = optional(id, ConversationId::read)?;
        at("state");
        let state = State::read(state?)?;
        at("cursor");
        let cursor = optional(cursor, Timestamp::read)?;
        at("newest");
        let newest = optional(newest, Timestamp::read)?;
        at("seen");
        let seen = seen?.list(read_seen)?;
        at("is_polling");
        let is_polling = is_polling.map_or(Some(false), Value::boolean)?;
        at("history");
        let history = match history {
            Some(history) => SavedHistory::read(history)?,
            None => SavedHistory::default(),
        };
        at("turn");
        let turn = optional(turn, SavedTurn::read)?;
        Some(Self {
            conversation_id,
            state,
            cursor,
            newest,
            seen,
            is_polling,
            history,
            turn,
        })
    }

    /// The id of the conversation; `None` if it had not begun.
    #[must_use]
    pub const fn conversation_id(&self) -> Option<&ConversationId> {
        self.conversation_id.as_ref()
    }
}

fn read_seen(json: Value<'_>) -> Option<(MessageId, Option<Timestamp>)> {
    let [id, ts] = json.pair()?;
    Some((MessageId::read(id)?, optional(Some(ts), Timestamp::read)?))
}

impl Object for Saved {
    fn fields(&self, put: &mut dyn FnMut(&'static str, Content<'_>)) {
        fn time(time: &Option<Timestamp>) -> Content<'_> {
            time.as_ref().map(Timestamp::as_str).into()
        }
        put("version", Content::Number(VERSION.into()));
        let id = self.conversation_id.as_ref().map(ConversationId::as_str);
        put("conversation_id", id.into());
        put("state", Content::Text(self.state.as_str()));
        put("cursor", time(&self.cursor));
        put("newest", time(&self.newest));
        let seen = &|put: &mut dyn FnMut(Content<'_>)| {
            for (id, ts) in &self.seen {
                put(Content::List(&|put| {
                    put(Content::Text(id.as_str()));
                    put(time(ts));
                }));
            }
        };
        put("seen", Content::List(seen));
        put("is_polling", Content::Bool(self.is_polling));
        put("history", Content::Object(&self.history));
        let turn = self.turn.as_ref();
        put(
            "turn",
            turn.map_or(Content::Null, |turn| Content::Object(turn)),
        );
    }
}

/// Why a text is not a saved conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSaved(Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NotJson(Invalid),
    Version(u64),
    /// It is not an object, or one of its fields occurs twice.
    Form,
    /// The name of a field that is missing or not valid.
    Field(&'static str),
}

impl fmt::Display for InvalidSaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::NotJson(invalid) => write!(f, "not a saved conversation: {invalid}"),
            Reason::Version(version) => write!(
                f,
                "a saved conversation has version {version}, which this program cannot read"
            ),
            Reason::Form => {
                f.write_str("a saved conversation is not an object with each field once")
            }
            Reason::Field(name) => write!(
                f,
                "a saved conversation lacks {name}, or has another value for it"
            ),
        }
    }
}

impl core::error::Error for InvalidSaved {}

/// The form that serde serialises.
#[cfg(feature = "serde")]
#[derive(Clone, Deserialize, Serialize)]
struct Form {
    version: u32,
    conversation_id: Option<ConversationId>,
    state: State,
    cursor: Option<Timestamp>,
    newest: Option<Timestamp>,
    seen: Vec<(MessageId, Option<Timestamp>)>,
    #[serde(default)]
    is_polling: bool,
    #[serde(default)]
    history: SavedHistory,
    #[serde(default)]
    turn: Option<SavedTurn>,
}

#[cfg(feature = "serde")]
impl From<Saved> for Form {
    fn from(saved: Saved) -> Self {
        Self {
            version: VERSION,
            conversation_id: saved.conversation_id,
            state: saved.state,
            cursor: saved.cursor,
            newest: saved.newest,
            seen: saved.seen,
            is_polling: saved.is_polling,
            history: saved.history,
            turn: saved.turn,
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Form> for Saved {
    type Error = InvalidSaved;

    fn try_from(form: Form) -> Result<Self, InvalidSaved> {
        if !(1..=VERSION).contains(&form.version) {
            return Err(InvalidSaved(Reason::Version(form.version.into())));
        }
        Ok(Self {
            conversation_id: form.conversation_id,
            state: form.state,
            cursor: form.cursor,
            newest: form.newest,
            seen: form.seen,
            is_polling: form.is_polling,
            history: form.history,
            turn: form.turn,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_unknown_version_is_refused() {
        let saved = Saved::new(ConversationId::new("c").unwrap());
        let json = saved.to_json();
        for version in [0, 3] {
            let other = json.replacen("\"version\":2", &alloc::format!("\"version\":{version}"), 1);
            let expected = alloc::format!("has version {version}, which");
            let error = Saved::from_json(&other).unwrap_err();
            assert!(error.to_string().contains(&expected), "{error}");
            #[cfg(feature = "serde")]
            {
                let error = serde_json::from_str::<Saved>(&other).unwrap_err();
                assert!(error.to_string().contains(&expected), "{error}");
            }
        }
    }

    #[cfg(feature = "serde")]
    mod beside_serde {
        use super::*;
        use alloc::string::String;
        use proptest::prelude::*;
        use proptest::sample::{Index, select};

        /// A saved conversation, with a value, a name or a character that may be another one.
        fn text() -> impl Strategy<Value = String> {
            let whole = r#"{"version":2,"conversation_id":"զ1 👋","state":"human","cursor":"2026-06-14T10:00:00Z","newest":null,"seen":[["m1",null],["m2","17"]],"is_polling":true,"history":{"is_known":true,"is_pending":false,"repeats":false,"newest":{"text":14695981039346656037,"after":"2026-06-14T10:00:00Z"},"sent":[1,18446744073709551615],"unplaced":[["cut","Բարև \n👋"],["whole",""]],"appeared":[["failed","Այո"]]},"turn":{"progress":"begun","so_far":"Ողջույն \"","is_too_long":false}}"#;
            let words = select(
                whole
                    .split([',', ':', '[', ']', '{', '}'])
                    .collect::<Vec<_>>(),
            );
            let others = select(alloc::vec![
                "null",
                "true",
                "0",
                "3",
                "-1",
                "1.0",
                "1e3",
                "\"sent\"",
                "\"failed\"",
                "\"x\"",
                "{}",
                "\"\\ud83d\"",
                "\"..\"",
                "18446744073709551616",
                "\"turn\"",
                "\"x\":1,\"turn\"",
                "",
            ]);
            let word = prop::option::weighted(0.8, (words, others));
            let character = prop::option::weighted(0.2, any::<Index>());
            (word, character).prop_map(move |(word, character)| {
                let mut text = String::from(whole);
                if let Some((word, other)) = word {
                    text = text.replacen(word, other, 1);
                }
                if let Some(index) = character {
                    let places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
                    text.remove(*index.get(&places));
                }
                text
            })
        }

        proptest! {
            #![proptest_config(ProptestConfig {
                cases: 1024,
                failure_persistence: None,
                ..ProptestConfig::default()
            })]

            #[test]
            fn what_is_saved_is_read_and_written_as_serde_does_it(text in text()) {
                let read = Saved::from_json(&text).ok();
                prop_assert_eq!(&read, &serde_json::from_str::<Saved>(&text).ok(), "{}", text);
                if let Some(saved) = read {
                    prop_assert_eq!(saved.to_json(), serde_json::to_string(&saved).unwrap());
                    prop_assert_eq!(Saved::from_json(&saved.to_json()), Ok(saved));
                }
            }
        }
    }

    #[test]
    fn the_error_names_the_field_or_the_place() {
        for (json, sentence) in [
            (
                "{\"version\":2,}",
                "not a saved conversation: it is not JSON from byte 13 on",
            ),
            ("[2]", "a saved conversation is not an object"),
            ("{\"version\":\"2\"}", "a saved conversation lacks version"),
            (
                "{\"version\":2,\"state\":\"bot\"}",
                "a saved conversation lacks seen",
            ),
        ] {
            let error = Saved::from_json(json).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
        }
    }
}
