//! What a run tells: the reply on standard output, all else on standard error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use highchat_proto::event::Event;
use highchat_proto::failure::Failure;
use highchat_proto::id::ConversationId;
use highchat_proto::response::{ApiError, ResponseError};
use highchat_proto::state::State;

use crate::exit::Exit;
use crate::ndjson::Line;
use crate::options::{Color, OutputOptions};
use crate::sanitise::{Sanitiser, sanitise};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The two outputs of one run, and what is known so far.
///
/// Every method may fail because standard output is gone, which ends the run quietly.
pub(crate) struct Report {
    form: Form,
    color: ColorChoice,
    conversation_id: Option<ConversationId>,
    state: State,
    has_ended: bool,
}

enum Form {
    Text(Bubble),
    Json,
}

/// The text of the bubble that is growing on standard output.
#[derive(Default)]
struct Bubble {
    sanitiser: Sanitiser,
    is_open: bool,
    /// Newlines that were not printed yet: the last ones of a reply never are.
    newlines: usize,
}

impl Bubble {
    fn push(&mut self, text: &str) -> io::Result<()> {
        let mut shown = String::with_capacity(text.len());
        self.sanitiser.push(text, &mut shown);
        let kept = shown.trim_end_matches('\n');
        self.is_open = true;
        if kept.is_empty() {
            self.newlines += shown.len();
            return Ok(());
        }
        let behind = shown.len() - kept.len();
        let mut stdout = io::stdout().lock();
        for _ in 0..core::mem::replace(&mut self.newlines, behind) {
            stdout.write_all(b"\n")?;
        }
        stdout.write_all(kept.as_bytes())?;
        stdout.flush()
    }

    /// Ends the line, where something was begun.
    fn close(&mut self) -> io::Result<()> {
        if core::mem::take(self).is_open {
            let mut stdout = io::stdout().lock();
            stdout.write_all(b"\n")?;
            stdout.flush()?;
        }
        Ok(())
    }
}

/// A failure as it is told.
struct Told {
    kind: &'static str,
    message: String,
    hint: Option<String>,
}

impl Report {
    pub(crate) fn new(options: &OutputOptions, conversation_id: Option<ConversationId>) -> Self {
        Self {
            form: if options.json {
                Form::Json
            } else {
                Form::Text(Bubble::default())
            },
            color: color_choice(options.color),
            conversation_id,
            state: State::Bot,
            has_ended: false,
        }
    }

    /// Tells an event, and returns how the run ends where it does with it.
    pub(crate) fn event(&mut self, event: &Event<'_>) -> io::Result<Option<Exit>> {
        if let Form::Json = self.form {
            if let Some(line) = Line::of(event) {
                print(&line)?;
            }
        }
        match event {
            Event::Meta {
                conversation_id: Some(id),
            } => self.conversation_id = Some(id.clone()),
            Event::Delta { text } => {
                if let Form::Text(bubble) = &mut self.form {
                    bubble.push(text)?;
                }
            }
            Event::Done { state, .. } => {
                if let Form::Text(bubble) = &mut self.form {
                    bubble.is_open = true;
                }
                self.set_state(state)?;
                return Ok(Some(Exit::Complete));
            }
            Event::Human { message, .. } => {
                if let Form::Text(bubble) = &mut self.form {
                    bubble.close()?;
                    bubble.push(message)?;
                }
                self.set_state(&State::Human)?;
                return Ok(Some(Exit::Complete));
            }
            Event::Error { message } => {
                self.tell(
                    &Told {
                        kind: "failed",
                        message: message.to_string(),
                        hint: None,
                    },
                    None,
                )?;
                return Ok(Some(Exit::ServiceFailed));
            }
            _ => {}
        }
        Ok(None)
    }

    fn set_state(&mut self, state: &State) -> io::Result<()> {
        if self.state == *state {
            return Ok(());
        }
        self.state = state.clone();
        if let Form::Json = self.form {
            print(&Line::State {
                state: state.as_str(),
            })?;
        }
        Ok(())
    }

    /// Tells why there is no reply, or no whole one.
    pub(crate) fn failure(&mut self, failure: &Failure) -> io::Result<Exit> {
        let exit = Exit::from(failure);
        let (kind, message) = match failure {
            Failure::Refused(ResponseError::Api(error)) => ("refused", api_message(error)),
            Failure::Refused(error) => ("not_a_reply", error.to_string()),
            Failure::NotSent(_) => ("unreachable", failure.to_string()),
            Failure::Cut(_) => ("incomplete", failure.to_string()),
            _ => ("no_answer", failure.to_string()),
        };
        let api = match failure {
            Failure::Refused(error) => Some(error),
            _ => None,
        };
        let told = Told {
            kind,
            message,
            hint: self.hint(failure),
        };
        self.tell(&told, api)?;
        Ok(exit)
    }

    /// Tells what is wrong with the message, which was therefore not sent.
    pub(crate) fn invalid_message(&mut self, message: String) -> io::Result<Exit> {
        self.tell(
            &Told {
                kind: "invalid_message",
                message,
                hint: None,
            },
            None,
        )?;
        Ok(Exit::Usage)
    }

    fn tell(&mut self, told: &Told, error: Option<&ResponseError>) -> io::Result<()> {
        let api = match error {
            Some(ResponseError::Api(api)) => Some(api),
            _ => None,
        };
        let status = error
            .and_then(ResponseError::status)
            .map(|status| status.as_u16());
        let code = api
            .and_then(|api| api.code.as_ref())
            .map(|code| code.as_str());
        match &mut self.form {
            Form::Json => print(&Line::Error {
                kind: told.kind,
                message: &told.message,
                status,
                code,
            })?,
            Form::Text(bubble) => bubble.close()?,
        }
        let known: Vec<_> = code
            .map(String::from)
            .into_iter()
            .chain(status.map(|s| s.to_string()))
            .collect();
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

    /// What to do next.
    fn hint(&self, failure: &Failure) -> Option<String> {
        let go_on = match &self.conversation_id {
            Some(id) => format!(" To go on: --conversation {id}"),
            None => String::new(),
        };
        Some(match (Exit::from(failure), failure) {
            (Exit::Unauthenticated, _) => "check the key or the slug, and that the bot's channel \
                                           is enabled"
                .into(),
            (
                Exit::RateLimited,
                Failure::Refused(ResponseError::Api(ApiError {
                    retry_after: Some(wait),
                    ..
                })),
            ) => format!(
                "the message was not taken; try again in {} s",
                wait.as_secs()
            ),
            (Exit::RateLimited, _) => "the message was not taken; try again in a minute".into(),
            (Exit::NotFound, _) => {
                "without --conversation (and HIGHCHAT_CONVERSATION) a new one begins".into()
            }
            (Exit::Unreachable, _) => "the message was not taken; check --base-url and the \
                                       network, and try again"
                .into(),
            (Exit::Incomplete, _) => {
                format!("the message was or may have been taken, and was not sent again.{go_on}")
            }
            (_, Failure::Refused(ResponseError::Redirect(_))) => {
                "check --base-url: it should be the address that the service redirects to".into()
            }
            (_, Failure::Refused(ResponseError::Api(error))) if error.status.is_server_error() => {
                format!("the message may have been taken, and was not sent again.{go_on}")
            }
            (_, Failure::Refused(ResponseError::Api(_))) => return None,
            _ => "check --base-url: is it a HighChat service that answers there?".into(),
        })
    }

    /// Ends the run: exactly once, whatever happens.
    pub(crate) fn end(&mut self, exit: Exit) -> io::Result<()> {
        if core::mem::replace(&mut self.has_ended, true) {
            return Ok(());
        }
        match &mut self.form {
            Form::Json => print(&Line::End {
                outcome: exit.outcome(),
                exit_code: exit.code(),
                conversation_id: self.conversation_id.as_ref().map(|id| id.as_str()),
                state: (exit == Exit::Complete).then_some(self.state.as_str()),
            })?,
            Form::Text(bubble) => bubble.close()?,
        }
        if exit == Exit::Complete && self.state.is_handoff() {
            let id = self.conversation_id.as_ref().map_or("", |id| id.as_str());
            self.notice(
                HINT,
                "note",
                &format!("from here a person answers, in the conversation {id}"),
            );
        }
        Ok(())
    }

    /// A line for the person at the terminal.
    fn notice(&self, style: Style, label: &str, text: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        // A message may have several lines, and must not look like several messages.
        let text = sanitise(text).replace('\n', "\n    ");
        // Nothing can be told any more when standard error is gone.
        let _ = writeln!(stderr, "{style}{label}{style:#}: {text}");
    }
}

/// What is wrong with the options, told before there is anything to report on.
pub(crate) fn usage_error(color: Color, message: &str) -> Exit {
    let mut stderr = AutoStream::new(io::stderr().lock(), color_choice(color));
    let _ = writeln!(stderr, "{ERROR}error{ERROR:#}: {message}");
    Exit::Usage
}

const fn color_choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// The service's own sentence, where there is one.
fn api_message(error: &ApiError) -> String {
    match &error.message {
        Some(message) => message.to_string(),
        None => format!("the service answered {}", error.status),
    }
}

fn print(line: &Line<'_>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line.to_bytes())?;
    stdout.flush()
}
