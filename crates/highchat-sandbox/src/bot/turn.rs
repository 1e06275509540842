//! A turn: the reply to a message, its speed and its end.

use crate::api::state::State;
use crate::bot::command::{Command, DAMAGED, help, long_text};
use crate::bot::memory::Memory;
use crate::bot::topics;
use crate::fault::list;

/// The reply to a message and how it ends.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The text of the reply, which is sent in deltas.
    pub(crate) text: String,
    pub(crate) tempo: Tempo,
    pub(crate) ending: Ending,
}

/// How a reply is split into deltas and how fast they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tempo {
    /// Word by word.
    Normal,
    /// Word by word, with pauses long enough for a ping.
    Slow,
    /// Line by line.
    Lines,
}

/// The event that ends a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A `done` event.
    Done(Next),
    /// A `human` event with this message.
    Human(&'static str),
    /// An `error` event with this message.
    Error(&'static str),
}

/// What happens to the conversation after `done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    GoesOn,
    Pending,
    Closes,
}

/// The end of a scripted reply, with the names of the script file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScriptedEnding {
    Bot,
    Pending,
    Closed,
    Human,
    Error,
}

const JOINED: &str = "Զրույցին միացավ մեր աշխատակիցը։ Նա շուտով կպատասխանի ձեզ։";
/// The help for a `/fault` that cannot be parsed.
const MISTAKE: &str = "Անուններից հետո կարող է գալ միայն այլ հրաման, որը սկսվում է /-ով, \
    օրինակ՝ /fault cut,cr-lf /long 100։ Անունների ցանկը՝ /fault։ Ոչինչ չի վնասվել։";
const BROKE_OFF: &str = "Պատասխանը չհաջողվեց ավարտել։ Փորձեք մի փոքր ուշ։";

impl Turn {
    /// Returns the turn for a message in a conversation with this state. `memory` must already
    /// have the message.
    pub(crate) fn of(state: State, memory: &Memory, message: &str) -> Self {
        let command = Command::parse(message);
        match (state, command) {
            // `/close` always works, so that a user can leave a person who never hands back.
            (_, Some(command @ Command::Close)) => Self::of_command(command),
            (State::Human, _) => Self::new(
                "",
                Ending::Human("Հաղորդագրությունը փոխանցված է մեր աշխատակցին։ Սպասեք պատասխանի։"),
            ),
            (State::Bot | State::PendingHuman | State::Closed, Some(command)) => {
                Self::of_command(command)
            }
            (State::Bot | State::PendingHuman | State::Closed, None) => {
                Self::new(topics::reply(memory, message), Ending::Done(Next::GoesOn))
            }
        }
    }

    /// Replaces the text or the end, or both. A turn of a conversation that a person has stays
    /// as it is.
    pub(crate) fn scripted(self, text: Option<&str>, ends: Option<ScriptedEnding>) -> Self {
        if matches!(self.ending, Ending::Human(_)) || text.is_none() && ends.is_none() {
            return self;
        }
        let ending = match ends {
            None | Some(ScriptedEnding::Bot) => Ending::Done(Next::GoesOn),
            Some(ScriptedEnding::Pending) => Ending::Done(Next::Pending),
            Some(ScriptedEnding::Closed) => Ending::Done(Next::Closes),
            Some(ScriptedEnding::Human) => Ending::Human(JOINED),
            Some(ScriptedEnding::Error) => Ending::Error(BROKE_OFF),
        };
        Self::new(text.unwrap_or(&self.text), ending)
    }

    fn of_command(command: Command) -> Self {
        match command {
            Command::Help => Self {
                tempo: Tempo::Lines,
                ..Self::new(help(), Ending::Done(Next::GoesOn))
            },
            Command::Fault => Self::new(DAMAGED, Ending::Done(Next::GoesOn)),
            Command::FaultList => Self {
                tempo: Tempo::Lines,
                ..Self::new(
                    format!("Վնասվածքների անունները.{}", list()),
                    Ending::Done(Next::GoesOn),
                )
            },
            Command::Mistake(why) => {
                Self::new(format!("{why} {MISTAKE}"), Ending::Done(Next::GoesOn))
            }
            Command::Error => Self::new("Մի վայրկյան, փնտրում եմ ", Ending::Error(BROKE_OFF)),
            Command::Slow => Self {
                tempo: Tempo::Slow,
                ..Self::new("Մտածում եմ, սպասեք։", Ending::Done(Next::GoesOn))
            },
            Command::Long(words) => Self::new(long_text(words), Ending::Done(Next::GoesOn)),
            Command::Human => Self::new("", Ending::Human(JOINED)),
            Command::Pending => Self::new(
                "Ձեր հարցը կփոխանցեմ մեր աշխատակցին։ Նա շուտով կպատասխանի ձեզ այստեղ։",
                Ending::Done(Next::Pending),
            ),
            Command::Close => Self::new(
                "Զրույցը փակեցի։ Եթե նորից գրեք, այն կբացվի։",
                Ending::Done(Next::Closes),
            ),
        }
    }

    fn new(text: impl Into<String>, ending: Ending) -> Self {
        Self {
            text: text.into(),
            tempo: Tempo::Normal,
            ending,
        }
    }
}
