//! One turn: what is said to a message, how fast, and how it ends.

use crate::api::state::State;
use crate::bot::command::{Command, DAMAGED, help, long_text};
use crate::bot::memory::Memory;
use crate::bot::topics;
use crate::fault::list;

/// What is to be said to a message, and how it ends.
#[derive(Debug)]
pub(crate) struct Turn {
    /// What comes in deltas, word by word.
    pub(crate) text: String,
    pub(crate) tempo: Tempo,
    pub(crate) ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tempo {
    Usual,
    /// With pauses long enough for a ping.
    Slow,
    /// Line by line.
    Lines,
}

/// The event that ends a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Done(Next),
    /// The words of a `human` event.
    Human(&'static str),
    /// The words of an `error` event.
    Error(&'static str),
}

/// What a reply makes of its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    GoesOn,
    Pending,
    Closes,
}

/// How a scripted reply ends, as a script writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ends {
    Bot,
    Pending,
    Closed,
    Human,
    Error,
}

const JOINED: &str = "Զրույցին միացավ մեր աշխատակիցը։ Նա շուտով կպատասխանի ձեզ։";
/// What to write in place of a `/fault` that cannot be understood.
const MISTAKE: &str = "Անուններից հետո կարող է գալ միայն այլ հրաման, որը սկսվում է /-ով, \
    օրինակ՝ /fault cut,cr-lf /long 100։ Անունների ցանկը՝ /fault։ Ոչինչ չի վնասվել։";
const BROKE_OFF: &str = "Պատասխանը չհաջողվեց ավարտել։ Փորձեք մի փոքր ուշ։";

impl Turn {
    /// The turn that `message` begins, in a conversation with this state, whose memory
    /// has heard it.
    pub(crate) fn of(state: State, memory: &Memory, message: &str) -> Self {
        let command = Command::parse(message);
        match (state, command) {
            // A way out where no person ever hands back.
            (_, Some(command @ Command::Close)) => Self::shows(command),
            (State::Human, _) => Self::says(
                "",
                Ending::Human("Հաղորդագրությունը փոխանցված է մեր աշխատակցին։ Սպասեք պատասխանի։"),
            ),
            (State::Bot | State::PendingHuman | State::Closed, Some(command)) => {
                Self::shows(command)
            }
            (State::Bot | State::PendingHuman | State::Closed, None) => {
                Self::says(topics::reply(memory, message), Ending::Done(Next::GoesOn))
            }
        }
    }

    /// With another text, another end, or both. What is said while a person has the
    /// conversation stays.
    pub(crate) fn scripted(self, text: Option<&str>, ends: Option<Ends>) -> Self {
        if matches!(self.ending, Ending::Human(_)) || text.is_none() && ends.is_none() {
            return self;
        }
        let ending = match ends {
            None | Some(Ends::Bot) => Ending::Done(Next::GoesOn),
            Some(Ends::Pending) => Ending::Done(Next::Pending),
            Some(Ends::Closed) => Ending::Done(Next::Closes),
            Some(Ends::Human) => Ending::Human(JOINED),
            Some(Ends::Error) => Ending::Error(BROKE_OFF),
        };
        Self::says(text.unwrap_or(&self.text), ending)
    }

    fn shows(command: Command) -> Self {
        match command {
            Command::Help => Self {
                tempo: Tempo::Lines,
                ..Self::says(help(), Ending::Done(Next::GoesOn))
            },
            Command::Fault => Self::says(DAMAGED, Ending::Done(Next::GoesOn)),
            Command::FaultList => Self {
                tempo: Tempo::Lines,
                ..Self::says(
                    format!("Վնասվածքների անունները.{}", list()),
                    Ending::Done(Next::GoesOn),
                )
            },
            Command::Mistake(why) => {
                Self::says(format!("{why} {MISTAKE}"), Ending::Done(Next::GoesOn))
            }
            Command::Error => Self::says("Մի վայրկյան, փնտրում եմ ", Ending::Error(BROKE_OFF)),
            Command::Slow => Self {
                tempo: Tempo::Slow,
                ..Self::says("Մտածում եմ, սպասեք։", Ending::Done(Next::GoesOn))
            },
            Command::Long(words) => Self::says(long_text(words), Ending::Done(Next::GoesOn)),
            Command::Human => Self::says("", Ending::Human(JOINED)),
            Command::Pending => Self::says(
                "Ձեր հարցը կփոխանցեմ մեր աշխատակցին։ Նա շուտով կպատասխանի ձեզ այստեղ։",
                Ending::Done(Next::Pending),
            ),
            Command::Close => Self::says(
                "Զրույցը փակեցի։ Եթե նորից գրեք, այն կբացվի։",
                Ending::Done(Next::Closes),
            ),
        }
    }

    fn says(text: impl Into<String>, ending: Ending) -> Self {
        Self {
            text: text.into(),
            tempo: Tempo::Usual,
            ending,
        }
    }
}
