//! What a line asks for.

use highchat_proto::Rating;

/// The commands, as `/help` tells them.
pub(super) const HELP: &str = "\
/rate up|down [COMMENT]   say whether it was helpful
/new                      begin another conversation
/id                       show the id of this one
/quit, Ctrl-D             leave; Ctrl-C stops a reply
Any other line is sent, one that begins with a space too.";

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Say(String),
    Rate(Rating, Option<String>),
    New,
    Id,
    Help,
    Quit,
    /// One of ours, but not as it is used.
    Unclear(&'static str),
}

impl Command {
    /// Whatever is no command of ours is for the service, which may have its own.
    pub(super) fn parse(line: String) -> Self {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        match (word, rest.trim()) {
            ("/new", "") => Self::New,
            ("/id", "") => Self::Id,
            ("/help", "") => Self::Help,
            ("/quit", "") => Self::Quit,
            ("/rate", rest) => rate(rest),
            _ => Self::Say(line),
        }
    }
}

fn rate(rest: &str) -> Command {
    let (word, comment) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let rating = match word {
        "up" | "1" => Rating::Up,
        "down" | "0" => Rating::Down,
        _ => return Command::Unclear("/rate up or /rate down, with a comment if you like"),
    };
    let comment = Some(comment.trim()).filter(|comment| !comment.is_empty());
    Command::Rate(rating, comment.map(String::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_of_ours_is_said() {
        let say = |line: &str| Command::Say(line.into());
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
                Command::Unclear("/rate up or /rate down, with a comment if you like"),
            ),
            (" /help", say(" /help")),
            ("/help me", say("/help me")),
            ("/human", say("/human")),
            ("/newer", say("/newer")),
            (" ", say(" ")),
        ] {
            assert_eq!(Command::parse(line.into()), command, "{line:?}");
        }
    }
}
