//! The commands that a user can type in `highchat chat`.

use highchat_proto::Rating;

/// The list of commands that `/help` prints.
pub(super) const HELP: &str = "\
/rate up|down [COMMENT]   rate the conversation
/new                      begin another conversation
/id                       show the id of this conversation
/quit, Ctrl-D             leave; Ctrl-C stops a reply
Any other line is sent to the bot, also one that begins with a space.";

/// A parsed line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Send(String),
    Rate(Rating, Option<String>),
    New,
    Id,
    Help,
    Quit,
    /// A known command with wrong arguments, and its usage.
    Misused(&'static str),
}

impl Command {
    /// Parses a line. A line that is no command of this program is sent as it is, because
    /// the service may have commands of its own.
    pub(super) fn parse(line: String) -> Self {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        match (word, rest.trim()) {
            ("/new", "") => Self::New,
            ("/id", "") => Self::Id,
            ("/help", "") => Self::Help,
            ("/quit", "") => Self::Quit,
            ("/rate", rest) => rate(rest),
            _ => Self::Send(line),
        }
    }
}

fn rate(rest: &str) -> Command {
    let (word, comment) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let rating = match word {
        "up" | "1" => Rating::Up,
        "down" | "0" => Rating::Down,
        _ => return Command::Misused("/rate up or /rate down, with a comment if you like"),
    };
    let comment = Some(comment.trim()).filter(|comment| !comment.is_empty());
    Command::Rate(rating, comment.map(String::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_command_is_sent() {
        let send = |line: &str| Command::Send(line.into());
        for (line, command) in [
            ("/new", Command::New),
            ("/id ", Command::Id),
            ("/help", Command::Help),
            ("/quit", Command::Quit),
            ("/rate up", Command::Rate(Rating::Up, None)),
            ("/rate 0", Command::Rate(Rating::Down, None)),
            (
                "/rate down  շատ երկար էր ",
                Command::Rate(Rating::Down, Some("շատ երկար էր".into())),
            ),
            (
                "/rate",
                Command::Misused("/rate up or /rate down, with a comment if you like"),
            ),
            (" /help", send(" /help")),
            ("/help me", send("/help me")),
            ("/human", send("/human")),
            ("/newer", send("/newer")),
            (" ", send(" ")),
        ] {
            assert_eq!(Command::parse(line.into()), command, "{line:?}");
        }
    }
}
