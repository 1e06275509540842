//! What a run tells: the reply on standard output, all else on standard error.

use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use highchat_proto::conversation::{DelayReason, Delayed};
use highchat_proto::{ConversationId, Failure, State, Timestamp, TurnEnd, Update};

use crate::bubble::Bubble;
use crate::exit::Exit;
use crate::ndjson::Line;
use crate::options::{Color, OutputOptions};
use crate::sanitise::sanitise;
use crate::screen::Screen;
use crate::shell::quoted;
use crate::standard;
use crate::told::{Purpose, Told};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const PERSON: Style = AnsiColor::Green.on_default().bold();

/// The two outputs of one run, and what is known so far.
///
/// Every method may fail because standard output is gone, which ends the run quietly.
pub(crate) struct Report {
    screen: Screen,
    form: Form,
    is_coloured: bool,
    purpose: Purpose,
    conversation_id: Option<ConversationId>,
    state: State,
    /// A reply is awaited or growing: what ends it ends a line.
    is_reply_open: bool,
    has_ended: bool,
}

enum Form {
    Text(Bubble),
    Json,
}

impl Report {
    pub(crate) fn new(
        options: &OutputOptions,
        purpose: Purpose,
        screen: Screen,
        conversation_id: Option<ConversationId>,
    ) -> Self {
        Self {
            screen,
            form: if options.json {
                Form::Json
            } else {
                Form::Text(Bubble::default())
            },
            is_coloured: is_coloured(options.color),
            purpose,
            conversation_id,
            state: State::Bot,
            is_reply_open: false,
            has_ended: false,
        }
    }

    /// A message is on its way.
    pub(crate) const fn begin_turn(&mut self) {
        self.is_reply_open = true;
    }

    /// What comes belongs to another conversation from here on.
    pub(crate) fn begin_conversation(&mut self) {
        self.conversation_id = None;
        self.state = State::Bot;
    }

    /// Tells what happened, and returns how the turn, the handoff or the rating ended
    /// where it did with it.
    pub(crate) fn update(&mut self, update: &Update<'_>) -> io::Result<Option<Exit>> {
        if let Form::Json = self.form {
            if let Some(line) = Line::of(update) {
                self.print(&line)?;
            }
        }
        match update {
            Update::Meta {
                conversation_id: Some(id),
                ..
            } => self.conversation_id = Some(id.clone().into_owned()),
            Update::Delta { text } => self.push(text)?,
            Update::Done { .. } => self.close_reply()?,
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
            Update::Recovered { missing, .. } => {
                self.push(missing)?;
                self.close_reply()?;
            }
            Update::Human { message, .. } => {
                self.is_reply_open = false;
                if let Some(message) = message {
                    self.show_message(message, None)?;
                }
            }
            Update::Message(message) if !message.role.is_user() => {
                // Between the lines of a conversation it must be seen whose line it is.
                let is_mixed = self.purpose == Purpose::Chat && Screen::is_terminal();
                self.show_message(&message.content, is_mixed.then_some("person"))?;
            }
            Update::State(state) => self.state = state.clone().into_owned(),
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
                self.is_reply_open = false;
                match &**end {
                    TurnEnd::Failed(error) => self.tell_turn(error)?,
                    TurnEnd::Cancelled => self.tell_cancelled()?,
                    _ => {}
                }
                return Ok(Some(Exit::from(&**end)));
            }
            Update::HandoffFailed { error } => {
                let id = self.conversation_id.as_ref();
                self.tell(&Told::turn(error, Purpose::Watch, id))?;
                return Ok(Some(Exit::from(&**error)));
            }
            Update::Rated { .. } => {
                self.note("the rating was taken");
                return Ok(Some(Exit::Complete));
            }
            Update::RatingFailed { error, .. } => {
                let id = self.conversation_id.as_ref();
                self.tell(&Told::turn(error, Purpose::Rate, id))?;
                return Ok(Some(Exit::from(&**error)));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Tells what is wrong with the input, which was therefore not sent.
    pub(crate) fn invalid_message(&mut self, message: impl Into<String>) -> io::Result<Exit> {
        self.tell(&Told::plain("invalid_message", message))?;
        Ok(Exit::Usage)
    }

    /// Tells that a person answers from here, and how to follow them.
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

    /// Tells that nobody but the bot answers from here, or nobody at all.
    pub(crate) fn note_end_of_handoff(&self) {
        match self.state {
            State::Closed => self.note("the conversation is closed"),
            _ => self.note("the bot is back"),
        }
    }

    /// Whether what is told is coloured.
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
        if let Form::Text(_) = self.form {
            return self.close();
        }
        self.print(&Line::End {
            outcome: exit.outcome(),
            exit_code: exit.code(),
            conversation_id: self.conversation_id.as_ref().map(|id| id.as_str()),
            state: (exit == Exit::Complete).then_some(self.state.as_str()),
        })
    }

    /// Tells a failure.
    pub(crate) fn tell(&mut self, told: &Told) -> io::Result<()> {
        if let Form::Json = self.form {
            self.print(&Line::Error {
                kind: told.kind,
                message: &told.message,
                status: told.status,
                code: told.code.as_deref(),
            })?;
        }
        self.close()?;
        let status = told.status.map(|status| status.to_string());
        let known: Vec<_> = [told.code.clone(), status].into_iter().flatten().collect();
        let aside = if known.is_empty() {
            String::new()
        } else {
            format!(" ({})", known.join(", "))
        };
        self.notice(ERROR, "error", &format!("{}{aside}", told.message));
        if let Some(hint) = &told.hint {
            self.notice(HINT, "hint", hint);
        }
        Ok(())
    }

    fn tell_turn(&mut self, error: &Failure) -> io::Result<()> {
        self.tell(&Told::turn(
            error,
            self.purpose,
            self.conversation_id.as_ref(),
        ))
    }

    fn tell_cancelled(&mut self) -> io::Result<()> {
        if let Form::Json = self.form {
            let message = "stopped; the message may have been taken";
            self.print(&Line::Error {
                kind: "cancelled",
                message,
                status: None,
                code: None,
            })?;
        }
        self.close()?;
        self.note("stopped; the message may have been taken");
        Ok(())
    }

    fn push(&mut self, text: &str) -> io::Result<()> {
        match &mut self.form {
            Form::Text(bubble) => self.screen.out(&bubble.push(text)),
            Form::Json => Ok(()),
        }
    }

    /// The reply is whole: it ends its line, though it may have no text.
    fn close_reply(&mut self) -> io::Result<()> {
        if core::mem::take(&mut self.is_reply_open) {
            if let Form::Text(bubble) = &mut self.form {
                bubble.open();
            }
        }
        self.close()
    }

    fn close(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Text(bubble) => self.screen.out(bubble.close()),
            Form::Json => Ok(()),
        }
    }

    /// Shows what a person wrote, or that one took over: a line, or more.
    fn show_message(&mut self, text: &str, label: Option<&str>) -> io::Result<()> {
        self.close()?;
        if matches!(self.form, Form::Json) || text.is_empty() {
            return Ok(());
        }
        let mut bubble = Bubble::default();
        let mut shown = bubble.push(text);
        shown.push_str(bubble.close());
        if let Some(label) = label {
            shown.insert_str(0, &format!("{}: ", self.styled(PERSON, label)));
        }
        self.screen.out(&shown)
    }

    fn notice(&self, style: Style, label: &str, text: &str) {
        // A message may have several lines, and must not look like several messages.
        let text = sanitise(text).replace('\n', "\n    ");
        let label = self.styled(style, label);
        // The reply goes on behind it, but on a terminal it has to stand somewhere.
        let is_amid = matches!(&self.form, Form::Text(bubble) if bubble.is_open());
        let start = if is_amid && Screen::is_terminal() {
            "\n"
        } else {
            ""
        };
        self.screen.err(&format!("{start}{label}: {text}\n"));
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.is_coloured {
            format!("{style}{text}{style:#}")
        } else {
            text.into()
        }
    }

    fn print(&self, line: &Line<'_>) -> io::Result<()> {
        self.screen.out(&line.to_text())
    }
}

/// What is wrong with the options, told before there is anything to report on.
pub(crate) fn usage_error(color: Color, message: &str) -> Exit {
    let (start, end) = if is_coloured(color) {
        (ERROR.render().to_string(), ERROR.render_reset().to_string())
    } else {
        Default::default()
    };
    standard::err(&format!("{start}error{end}: {message}\n"));
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
