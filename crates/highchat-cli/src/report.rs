//! Reports a run: the reply on standard output, everything else on standard error.

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

/// The standard output of a run, as text or as JSON.
///
/// Every method fails if standard output cannot be written. A closed pipe ends the run
/// quietly.
trait StandardOutput {
    /// A message was sent.
    fn begin_turn(&mut self);

    /// Prints an update, if it belongs on standard output.
    fn update(&mut self, update: &Update<'_>) -> io::Result<()>;

    /// Prints a failure, or ends the open line before standard error shows it.
    fn problem(&mut self, problem: &Problem) -> io::Result<()>;

    /// Prints the end of the run.
    fn end(&mut self, exit: Exit, conversation: Option<&str>, state: &str) -> io::Result<()>;

    /// Whether the last line is still open.
    fn has_open_line(&self) -> bool;
}

/// The report of one run: both outputs, the conversation and its state.
///
/// Every method fails if standard output cannot be written. A closed pipe ends the run
/// quietly.
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
            // In a conversation at a terminal, the label shows who wrote a line.
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

    /// A message was sent.
    pub(crate) fn begin_turn(&mut self) {
        self.output.begin_turn();
    }

    /// The next update belongs to another conversation.
    pub(crate) fn begin_conversation(&mut self) {
        self.conversation_id = None;
        self.state = State::Bot;
    }

    /// Reports an update. If the update ends the turn, the handoff or the rating, returns
    /// the exit status.
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
                    "; the next message has to wait"
                } else {
                    ""
                };
                self.note(&format!(
                    "{error}; checking for up to 20 s whether the service has the reply{waits}"
                ));
            }
            Update::Delayed {
                what,
                delay,
                reason,
            } => {
                let problem = match (what, reason) {
                    (Delayed::Poll, _) => "the person's messages cannot be read at the moment",
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

    /// Reports what is wrong with the input. It was not sent.
    pub(crate) fn invalid_message(&mut self, message: impl Into<String>) -> io::Result<Exit> {
        self.problem(&Problem::new("invalid_message", message))?;
        Ok(Exit::Usage)
    }

    /// Prints that a person answers now, and how to follow them.
    pub(crate) fn note_handoff(&self, after: Option<&Timestamp>, is_private: bool) {
        let Some(id) = self.conversation_id.as_ref().filter(|_| !is_private) else {
            return self.note(
                "a person answers now; `ask --wait` and `chat` stay and show what they write",
            );
        };
        let id = quoted(id.as_str());
        let after = after.map_or(String::new(), |after| {
            format!(" --after {}", quoted(after.as_str()))
        });
        self.note(&format!(
            "a person answers now; to follow them: highchat watch {id}{after}"
        ));
    }

    /// Prints that the bot is back, or that the conversation is closed.
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

    /// Prints a line for the person at the terminal.
    pub(crate) fn note(&self, text: &str) {
        self.notice(HINT, "note", text);
    }

    /// Ends the run. Only the first call has an effect.
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

    /// Reports that the user stopped the reply: as an error to scripts, as a note to
    /// people.
    fn cancelled(&mut self) -> io::Result<()> {
        let message = "stopped; the service may have taken the message";
        self.output.problem(&Problem::new("cancelled", message))?;
        self.note(message);
        Ok(())
    }

    fn notice(&self, style: Style, label: &str, text: &str) {
        // The lines of one message are indented, so that they do not look like several
        // messages.
        let text = sanitise(text).replace('\n', "\n    ");
        let label = styled(self.is_coloured, style, label);
        // The reply continues after the notice, but on a terminal the notice needs a line
        // of its own.
        let start = if self.output.has_open_line() && Screen::is_terminal() {
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

/// Reports what is wrong with the options before a run has begun. Returns the exit status.
pub(crate) fn usage_error(color: Color, message: &str) -> Exit {
    let label = styled(is_coloured(color), ERROR, "error");
    standard::err(&format!("{label}: {message}\n"));
    Exit::Usage
}

/// Whether standard error is coloured.
fn is_coloured(color: Color) -> bool {
    match color {
        Color::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    }
}
