//! What a run reports: the reply on standard output, all else on standard error.

mod json;
mod reply_text;
mod text;

use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::{ConversationId, State, Timestamp, TurnEnd, Update};
use highchat_sanitise::sanitise;

use crate::exit::Exit;
use crate::options::{Color, OutputOptions};
use crate::problem::Problem;
use crate::purpose::Purpose;
use crate::screen::Screen;
use crate::shell::quoted;
use crate::standard;

use json::Json;
use text::Text;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const PERSON: Style = AnsiColor::Green.on_default().bold();

/// What a run prints on standard output.
///
/// Every method may fail because standard output is gone, which ends the run quietly.
trait StandardOutput {
    /// A message is on its way.
    fn begin_turn(&mut self);

    /// Prints what is new, if it belongs there.
    fn update(&mut self, update: &Update<'_>) -> io::Result<()>;

    /// Prints a failure, or makes room for it on standard error.
    fn problem(&mut self, problem: &Problem) -> io::Result<()>;

    /// Prints what comes last.
    fn end(&mut self, exit: Exit, conversation: Option<&str>, state: &str) -> io::Result<()>;

    /// Whether the last line has no end yet.
    fn is_amid_line(&self) -> bool;
}

/// The two outputs of one run, and what is known so far.
///
/// Every method may fail because standard output is gone, which ends the run quietly.
pub(crate) struct Report {
    screen: Screen,
    output: Box<dyn StandardOutput + Send>,
    is_coloured: bool,
    purpose: Purpose,
    conversation_id: Option<ConversationId>,
    state: State,
    has_ended: bool,
}

impl Report {
    pub(crate) fn new(
        options: &OutputOptions,
        purpose: Purpose,
        screen: Screen,
        conversation_id: Option<ConversationId>,
    ) -> Self {
        let is_coloured = is_coloured(options.color);
        let output: Box<dyn StandardOutput + Send> = if options.json {
            Box::new(Json::new(screen.clone()))
        } else {
            // Between the lines of a conversation it must be seen whose line it is.
            let label = if purpose == Purpose::Chat && Screen::is_terminal() {
                format!("{}: ", styled(is_coloured, PERSON, "person"))
            } else {
                String::new()
            };
            Box::new(Text::new(screen.clone(), label))
        };
        Self {
            screen,
            output,
            is_coloured,
            purpose,
            conversation_id,
            state: State::Bot,
            has_ended: false,
        }
    }

    /// A message is on its way.
    pub(crate) fn begin_turn(&mut self) {
        self.output.begin_turn();
    }

    /// What comes belongs to another conversation from here on.
    pub(crate) fn begin_conversation(&mut self) {
        self.conversation_id = None;
        self.state = State::Bot;
    }

    /// Reports what happened, and returns how the turn, the handoff or the rating ended
    /// if it ended with it.
    pub(crate) fn update(&mut self, update: &Update<'_>) -> io::Result<Option<Exit>> {
        self.output.update(update)?;
        match update {
            Update::Meta {
                conversation_id: Some(id),
                ..
            } => self.conversation_id = Some(id.clone().into_owned()),
            Update::State(state) => self.state = state.clone().into_owned(),
            Update::Recovering { error } => {
                let waits = if self.purpose == Purpose::Chat {
                    "; the next message waits"
                } else {
                    ""
                };
                self.note(&format!(
                    "{error}; looking whether the service has it, for some 20 s at most{waits}"
                ));
            }
            Update::Delayed {
                what,
                delay,
                reason,
            } => {
                let problem = match (what, reason) {
                    (Delayed::Poll, _) => "the person's messages cannot be read now",
                    (_, DelayReason::RateLimited) => "too many messages were sent",
                    (_, DelayReason::NotSent) => "the service could not be reached",
                    _ => "the service failed",
                };
                let seconds = delay.as_secs_f64();
                self.note(&format!("{problem}; trying again in {seconds:.1} s"));
            }
            Update::TurnEnded { end, .. } => {
                match &**end {
                    TurnEnd::Failed(error) => {
                        let id = self.conversation_id.as_ref();
                        self.problem(&Problem::of(error, self.purpose, id))?;
                    }
                    TurnEnd::Cancelled => self.cancelled()?,
                    _ => {}
                }
                return Ok(Some(Exit::from(&**end)));
            }
            Update::HandoffFailed { error } => {
                let id = self.conversation_id.as_ref();
                self.problem(&Problem::of(error, Purpose::Watch, id))?;
                return Ok(Some(Exit::from(&**error)));
            }
            Update::Rated { .. } => {
                self.note("the rating was taken");
                return Ok(Some(Exit::Complete));
            }
            Update::RatingFailed { error, .. } => {
                let id = self.conversation_id.as_ref();
                self.problem(&Problem::of(error, Purpose::Rate, id))?;
                return Ok(Some(Exit::from(&**error)));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Reports what is wrong with the input, which was therefore not sent.
    pub(crate) fn invalid_message(&mut self, message: impl Into<String>) -> io::Result<Exit> {
        self.problem(&Problem::new("invalid_message", message))?;
        Ok(Exit::Usage)
    }

    /// Notes that a person answers from here, and how to follow them.
    pub(crate) fn note_handoff(&self, after: Option<&Timestamp>, is_private: bool) {
        let Some(id) = self.conversation_id.as_ref().filter(|_| !is_private) else {
            return self.note(
                "from here a person answers; `ask --wait` and `chat` stay to show what they write",
            );
        };
        let id = quoted(id.as_str());
        let after = after.map_or(String::new(), |after| {
            format!(" --after {}", quoted(after.as_str()))
        });
        self.note(&format!(
            "from here a person answers; to follow them: highchat watch {id}{after}"
        ));
    }

    /// Notes that nobody but the bot answers from here, or nobody at all.
    pub(crate) fn note_end_of_handoff(&self) {
        match self.state {
            State::Closed => self.note("the conversation is closed"),
            _ => self.note("the bot is back"),
        }
    }

    /// Whether standard error is coloured.
    pub(crate) const fn is_coloured(&self) -> bool {
        self.is_coloured
    }

    /// A line for the person at the terminal.
    pub(crate) fn note(&self, text: &str) {
        self.notice(HINT, "note", text);
    }

    /// Ends the run: exactly once, whatever happens.
    pub(crate) fn end(&mut self, exit: Exit) -> io::Result<()> {
        if core::mem::replace(&mut self.has_ended, true) {
            return Ok(());
        }
        self.screen.lower_prompt()?;
        let conversation = self.conversation_id.as_ref().map(|id| id.as_str());
        self.output.end(exit, conversation, self.state.as_str())
    }

    fn problem(&mut self, problem: &Problem) -> io::Result<()> {
        self.output.problem(problem)?;
        let status = problem.status.map(|status| status.to_string());
        let known: Vec<_> = [problem.code.clone(), status]
            .into_iter()
            .flatten()
            .collect();
        let aside = if known.is_empty() {
            String::new()
        } else {
            format!(" ({})", known.join(", "))
        };
        self.notice(ERROR, "error", &format!("{}{aside}", problem.message));
        if let Some(hint) = &problem.hint {
            self.notice(HINT, "hint", hint);
        }
        Ok(())
    }

    /// A failure for a script, and none for the person who asked for it.
    fn cancelled(&mut self) -> io::Result<()> {
        let message = "stopped; the message may have been taken";
        self.output.problem(&Problem::new("cancelled", message))?;
        self.note(message);
        Ok(())
    }

    fn notice(&self, style: Style, label: &str, text: &str) {
        // A message may have several lines, and must not look like several messages.
        let text = sanitise(text).replace('\n', "\n    ");
        let label = styled(self.is_coloured, style, label);
        // The reply goes on behind it, but on a terminal it has to stand somewhere.
        let start = if self.output.is_amid_line() && Screen::is_terminal() {
            "\n"
        } else {
            ""
        };
        self.screen.err(&format!("{start}{label}: {text}\n"));
    }
}

fn styled(is_coloured: bool, style: Style, text: &str) -> String {
    if is_coloured {
        format!("{style}{text}{style:#}")
    } else {
        text.into()
    }
}

/// Reports what is wrong with the options, before there is anything to report on.
pub(crate) fn usage_error(color: Color, message: &str) -> Exit {
    let label = styled(is_coloured(color), ERROR, "error");
    standard::err(&format!("{label}: {message}\n"));
    Exit::Usage
}

/// Whether standard error takes colours.
fn is_coloured(color: Color) -> bool {
    match color {
        Color::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    }
}
