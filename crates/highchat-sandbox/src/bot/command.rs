//! Messages that are commands: `/help`, `/human`, `/fault NAMES` and others.

use crate::fault::{FaultCommand, UnknownFault, list};

/// A command in a message, which makes the sandbox show a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Error,
    Slow,
    /// A reply with this number of words.
    Long(usize),
    Human,
    Pending,
    Close,
    /// A reply with faults.
    Fault,
    /// The list of all faults.
    FaultList,
    /// A `/fault` that cannot be parsed, and the reason. The reply has no faults.
    Mistake(String),
}

const HELP: &str = "\
Գրեք հետևյալներից մեկը, և կտեսնեք, թե ինչ է լինում.
/help — այս ցանկը
/error — պատասխանն ընդհատվում է սխալով
/slow — պատասխանը գալիս է դանդաղ, երկար դադարներով
/long N — պատասխանն ունի N բառ
/human — զրույցին միանում է մարդ
/pending — բոտը պատասխանում է և կանչում մարդու
/close — զրույցը փակվում է
/fault NAME — պատասխանը գալիս է վնասված, ըստ անվան. մի քանիսը՝ ստորակետով, և կարող է հաջորդել այլ հրաման, օրինակ՝ /fault stall,cr-lf /long 100

Վնասվածքների անունները.";

/// The text of a reply with faults, if no other command gives a text.
pub(crate) const DAMAGED: &str = "\
Այս պատասխանը վնասված է դիտմամբ։ Եթե այն կարդում եք ամբողջությամբ, ուրեմն ձեր ծրագիրը \
վնասվածքից չի վախենում։";

/// The most words of a `/long` reply: enough to fill all buffers on the way to a client.
const MAX_WORDS: usize = 10_000;

const SENTENCE: &str = "Սա երկար պատասխան է, որը ոչինչ չի ասում և գրված է միայն նրա համար, \
    որ տեսնեք, թե ինչպես է տեքստը գալիս բառ առ բառ։";

impl Command {
    /// Returns `None` for an ordinary message.
    pub(crate) fn parse(message: &str) -> Option<Self> {
        if let Some(command) = FaultCommand::parse(message) {
            return Some(Self::damaged(command));
        }
        let words: Vec<&str> = message.split_whitespace().collect();
        match words[..] {
            ["/help"] => Some(Self::Help),
            ["/error"] => Some(Self::Error),
            ["/slow"] => Some(Self::Slow),
            ["/long", count] => count
                .parse()
                .ok()
                .filter(|&count| count > 0)
                .map(|count: usize| Self::Long(count.min(MAX_WORDS))),
            ["/human"] => Some(Self::Human),
            ["/pending"] => Some(Self::Pending),
            ["/close"] => Some(Self::Close),
            _ => None,
        }
    }

    fn damaged(command: Result<Option<FaultCommand<'_>>, UnknownFault>) -> Self {
        let command = match command {
            Ok(Some(command)) => command,
            Ok(None) => return Self::FaultList,
            Err(unknown) => return Self::Mistake(unknown.sentence()),
        };
        match command.rest {
            Some(rest) => Self::parse(rest).unwrap_or(Self::Fault),
            None if command.is_of_polls() => Self::Human,
            None => Self::Fault,
        }
    }
}

/// Returns the reply to `/help`.
pub(crate) fn help() -> String {
    format!("{HELP}{}", list())
}

/// Returns a text with this number of words.
pub(crate) fn long_text(words: usize) -> String {
    let words: Vec<&str> = SENTENCE.split_whitespace().cycle().take(words).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_command_only_as_a_whole() {
        for (message, command) in [
            ("/help", Some(Command::Help)),
            (" /human\n", Some(Command::Human)),
            ("/long 7", Some(Command::Long(7))),
            ("/long 999999", Some(Command::Long(MAX_WORDS))),
            ("/long", None),
            ("/long 0", None),
            ("/long -1", None),
            ("/long many", None),
            ("/help me", None),
            ("/unknown", None),
            ("/fault cut", Some(Command::Fault)),
            ("/fault cut /long 7", Some(Command::Long(7))),
            ("/fault cut /dance", Some(Command::Fault)),
            ("/fault poll-500", Some(Command::Human)),
            ("/fault", Some(Command::FaultList)),
            ("/fault /long 7", Some(Command::FaultList)),
            ("help", None),
            ("", None),
        ] {
            assert_eq!(Command::parse(message), command, "{message}");
        }
    }

    #[test]
    fn a_long_text_has_the_requested_number_of_words() {
        for words in [1, 23, 500] {
            assert_eq!(long_text(words).split(' ').count(), words);
        }
    }
}
