//! Reads scripts from JSON.

use core::fmt;
use core::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Rule, Script};
use crate::bot::turn::ScriptedEnding;
use crate::conversation::person::Person;
use crate::fault::{Faults, Injection};

impl Script {
    /// Parses a script in JSON:
    ///
    /// ```
    /// # fn main() -> Result<(), highchat_sandbox::InvalidScript> {
    /// use highchat_sandbox::Script;
    ///
    /// let script = Script::parse(r#"{
    ///     "rules": [
    ///         { "contains": "գին", "reply": "Ամեն ինչ անվճար է։" },
    ///         { "turn": 2, "faults": ["429-seconds:3", "cut"] },
    ///         { "text": "մարդ", "reply": "Կանչում եմ։", "ends": "human" }
    ///     ],
    ///     "person": [
    ///         { "after": 1.5, "says": "Բարև ձեզ" },
    ///         { "after": 10, "hands_back": true }
    ///     ]
    /// }"#)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A rule can have the conditions `turn`, `text` and `contains`, and the actions `faults`,
    /// `reply` and `ends` (`bot`, `pending`, `closed`, `human` or `error`). `after` is the time
    /// in seconds since the handoff.
    ///
    /// # Errors
    ///
    /// The text is not JSON of this form, or a key or a fault is unknown. The error has the line
    /// and column.
    pub fn parse(json: &str) -> Result<Self, InvalidScript> {
        let file: File = serde_json::from_str(json).map_err(InvalidScript)?;
        Ok(Self {
            rules: file.rules.into_iter().map(Rule::from).collect(),
            person: file.person.map(person),
        })
    }
}

/// Why a script cannot be parsed, with the line and column.
#[derive(Debug)]
pub struct InvalidScript(serde_json::Error);

impl fmt::Display for InvalidScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for InvalidScript {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Vec<RuleJson>,
    person: Option<Vec<ActJson>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleJson {
    turn: Option<u64>,
    text: Option<String>,
    contains: Option<String>,
    #[serde(default, deserialize_with = "faults")]
    faults: Faults,
    reply: Option<String>,
    ends: Option<ScriptedEnding>,
}

impl From<RuleJson> for Rule {
    fn from(rule: RuleJson) -> Self {
        Self {
            turn: rule.turn,
            text: rule.text,
            contains: rule.contains,
            faults: rule.faults,
            reply: rule.reply,
            ends: rule.ends,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActJson {
    #[serde(deserialize_with = "seconds")]
    after: Duration,
    says: Option<String>,
    #[serde(default)]
    hands_back: bool,
}

fn person(acts: Vec<ActJson>) -> Person {
    acts.into_iter().fold(Person::absent(), |person, act| {
        let person = match act.says {
            Some(text) => person.says(act.after, text),
            None => person,
        };
        if act.hands_back {
            person.hands_back(act.after)
        } else {
            person
        }
    })
}

/// Parses a list of faults. Each is parsed separately, so that an error has its line.
fn faults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Faults, D::Error> {
    let names = Vec::<FaultName>::deserialize(deserializer)?;
    Ok(names
        .into_iter()
        .map(|FaultName(injection)| injection)
        .collect())
}

struct FaultName(Injection);

impl<'de> Deserialize<'de> for FaultName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(Self).map_err(D::Error::custom)
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn a_file_gives_the_same_script_as_rust() {
        let script = Script::parse(
            r#"{
                "rules": [
                    { "turn": 2, "contains": "x", "faults": ["429x2", "cut:9"], "ends": "error" },
                    { "text": "a", "reply": "b", "ends": "closed" }
                ],
                "person": [{ "after": 0.5, "says": "c", "hands_back": true }]
            }"#,
        );
        let person = Person::absent()
            .says(Duration::from_millis(500), "c")
            .hands_back(Duration::from_millis(500));
        let faults = [Injection::from(Fault::TooMany).times(2), Fault::Cut.with(9)];
        let mut first = Rule::turn(2).fails(faults).breaks_off();
        first.contains = Some("x".to_owned());
        let expected = Script::new()
            .rule(first)
            .rule(Rule::text("a").replies("b").closes())
            .person(person);

        assert_eq!(script.unwrap(), expected);
        assert_eq!(Script::parse("{}").unwrap(), Script::new());
    }

    #[test]
    fn an_error_in_a_file_has_its_line() {
        for (json, part, line) in [
            ("{\n\"rule\": []}", "unknown field `rule`", 2),
            (
                "{\"rules\": [\n\n{\"faults\": [\"cats\"]}]}",
                "\"cats\" is not a fault",
                3,
            ),
            ("{\"rules\": [{\"turn\": \"1\"}]}", "expected u64", 1),
            ("{\"rules\": [{\"ends\": \"x\"}]}", "unknown variant `x`", 1),
            (
                "{\"person\": [{\"says\": \"a\"}]}",
                "missing field `after`",
                1,
            ),
            ("{\"person\": [{\"after\": -1}]}", "negative", 1),
            ("", "EOF", 1),
        ] {
            let error = Script::parse(json).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert!(error.contains(&format!("at line {line} ")), "{error}");
        }
    }
}
