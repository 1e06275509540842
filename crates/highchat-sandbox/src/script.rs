//! Scripts: the bot's answers and the faults for certain messages.

mod file;

use crate::bot::turn::{ScriptedEnding, Turn};
use crate::conversation::person::Person;
use crate::fault::Faults;

pub use file::InvalidScript;

/// A script: the bot's answers and the faults for certain messages, and the built-in person.
///
/// For each message the first matching rule applies. If no rule matches, the bot answers as without
/// a script, and commands such as `/human` work. A script can be a JSON file: see
/// [`parse`](Self::parse).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use core::time::Duration;
/// use highchat_sandbox::{Fault, Person, Rule, Sandbox, Script};
///
/// let script = Script::new()
///     .rule(Rule::contains("գին").replies("Ամեն ինչ անվճար է։"))
///     .rule(Rule::turn(2).fails(Fault::Cut))
///     .rule(Rule::text("մարդ").replies("Կանչում եմ։").hands_over())
///     .person(Person::absent().says(Duration::from_secs(1), "Բարև ձեզ"));
/// let sandbox = Sandbox::builder().script(script).start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Script {
    rules: Vec<Rule>,
    person: Option<Person>,
}

impl Script {
    /// Creates a script without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule at the end.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets the built-in person. It replaces the person of the builder.
    pub fn person(mut self, person: Person) -> Self {
        self.person = Some(person);
        self
    }

    pub(crate) fn take_person(&mut self) -> Option<Person> {
        self.person.take()
    }

    /// Returns the rule for a message, which is the `turn`th of its conversation.
    pub(crate) fn find(&self, turn: u64, message: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.matches(turn, message))
    }
}

/// A rule of a [`Script`]: a condition for messages, and what happens then.
///
/// If a rule has several conditions, all of them must be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rule {
    turn: Option<u64>,
    text: Option<String>,
    contains: Option<String>,
    faults: Faults,
    reply: Option<String>,
    ends: Option<ScriptedEnding>,
}

impl Rule {
    /// Creates a rule for the message with this number in its conversation, counted from 1.
    pub fn turn(number: u64) -> Self {
        Self {
            turn: Some(number),
            ..Self::default()
        }
    }

    /// Creates a rule for messages with exactly this text. White space around it is ignored.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// Creates a rule for messages that contain this text.
    pub fn contains(text: impl Into<String>) -> Self {
        Self {
            contains: Some(text.into()),
            ..Self::default()
        }
    }

    /// Adds faults: refusals before the reply, faults of the reply, and faults of later polls.
    pub fn fails(mut self, faults: impl Into<Faults>) -> Self {
        self.faults.extend(faults.into());
        self
    }

    /// Sets the text of the reply.
    pub fn replies(mut self, text: impl Into<String>) -> Self {
        self.reply = Some(text.into());
        self
    }

    /// ScriptedEnding the reply with `human`.
    pub fn hands_over(mut self) -> Self {
        self.ends = Some(ScriptedEnding::Human);
        self
    }

    /// ScriptedEnding the reply with `done` and the state `pending_human`.
    pub fn pends(mut self) -> Self {
        self.ends = Some(ScriptedEnding::Pending);
        self
    }

    /// ScriptedEnding the reply with `done` and the state `closed`.
    pub fn closes(mut self) -> Self {
        self.ends = Some(ScriptedEnding::Closed);
        self
    }

    /// ScriptedEnding the reply with `error`.
    pub fn breaks_off(mut self) -> Self {
        self.ends = Some(ScriptedEnding::Error);
        self
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Applies the text and the end of the rule to a turn.
    pub(crate) fn apply(&self, turn: Turn) -> Turn {
        turn.scripted(self.reply.as_deref(), self.ends)
    }

    fn matches(&self, turn: u64, message: &str) -> bool {
        self.turn.is_none_or(|number| number == turn)
            && (self.text.as_ref()).is_none_or(|text| text.trim() == message.trim())
            && (self.contains.as_ref()).is_none_or(|text| message.contains(text))
    }
}
