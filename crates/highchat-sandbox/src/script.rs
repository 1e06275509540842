//! Scripts: what the bot says to which message, and what goes wrong.

mod file;

use crate::bot::turn::{Ends, Turn};
use crate::conversation::person::Person;
use crate::fault::Faults;

pub use file::InvalidScript;

/// What the bot says to which message, what goes wrong then, and who answers once a
/// conversation is handed over.
///
/// For each message the first rule that fits holds; where none does, the bot answers as
/// without a script. Command messages go on to work, unless a rule fits them. Written as a
/// file, it is JSON: see [`parse`](Self::parse).
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
    /// One that says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule after the others.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Who answers once a conversation is handed over, in place of the builder's.
    pub fn person(mut self, person: Person) -> Self {
        self.person = Some(person);
        self
    }

    pub(crate) fn take_person(&mut self) -> Option<Person> {
        self.person.take()
    }

    /// The rule for a message, the `turn`th of its conversation.
    pub(crate) fn find(&self, turn: u64, message: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(turn, message))
    }
}

/// One rule of a [`Script`]: to which messages, and what then.
///
/// Where it has several conditions, all of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rule {
    turn: Option<u64>,
    text: Option<String>,
    contains: Option<String>,
    faults: Faults,
    reply: Option<String>,
    ends: Option<Ends>,
}

impl Rule {
    /// To the message with that number in its conversation, counted from 1.
    pub fn turn(number: u64) -> Self {
        Self {
            turn: Some(number),
            ..Self::default()
        }
    }

    /// To the message with exactly this text, white space around it aside.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// To messages in which this text stands.
    pub fn contains(text: impl Into<String>) -> Self {
        Self {
            contains: Some(text.into()),
            ..Self::default()
        }
    }

    /// What goes wrong: with the reply, before it and in the polls after it.
    pub fn fails(mut self, faults: impl Into<Faults>) -> Self {
        self.faults.extend(faults.into());
        self
    }

    /// What the bot says.
    pub fn replies(mut self, text: impl Into<String>) -> Self {
        self.reply = Some(text.into());
        self
    }

    /// The reply ends in `human`.
    pub fn hands_over(mut self) -> Self {
        self.ends = Some(Ends::Human);
        self
    }

    /// The reply ends in `done` with `pending_human`.
    pub fn pends(mut self) -> Self {
        self.ends = Some(Ends::Pending);
        self
    }

    /// The reply ends in `done` with `closed`.
    pub fn closes(mut self) -> Self {
        self.ends = Some(Ends::Closed);
        self
    }

    /// The reply ends in `error`.
    pub fn breaks_off(mut self) -> Self {
        self.ends = Some(Ends::Error);
        self
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What is said instead of what would be.
    pub(crate) fn apply(&self, turn: Turn) -> Turn {
        turn.scripted(self.reply.as_deref(), self.ends)
    }

    fn fits(&self, turn: u64, message: &str) -> bool {
        self.turn.is_none_or(|number| number == turn)
            && (self.text.as_ref()).is_none_or(|text| text.trim() == message.trim())
            && (self.contains.as_ref()).is_none_or(|text| message.contains(text))
    }
}
