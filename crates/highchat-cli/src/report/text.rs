//! Standard output as text: the reply and what a person writes, nothing else.

use std::io;

use highchat_proto::Update;

use super::StandardOutput;
use super::reply_text::ReplyText;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

/// The reply as it grows, and each message of a person on lines of its own.
pub(super) struct Text {
    screen: Screen,
    reply: ReplyText,
    /// A reply is awaited or growing: what ends it ends a line.
    is_reply_open: bool,
    /// Whose line it is, before each message of a person that polling found.
    label: String,
}

impl Text {
    pub(super) fn new(screen: Screen, label: String) -> Self {
        Self {
            screen,
            reply: ReplyText::default(),
            is_reply_open: false,
            label,
        }
    }

    fn push(&mut self, text: &str) -> io::Result<()> {
        self.screen.out(&self.reply.push(text))
    }

    /// The reply is whole: it ends its line, though it may have no text.
    fn close_reply(&mut self) -> io::Result<()> {
        if core::mem::take(&mut self.is_reply_open) {
            self.reply.open();
        }
        self.close()
    }

    fn close(&mut self) -> io::Result<()> {
        self.screen.out(self.reply.close())
    }

    /// Shows what a person wrote, or that one took over: a line, or more.
    fn show_message(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.close()?;
        if text.is_empty() {
            return Ok(());
        }
        let mut message = ReplyText::default();
        let mut shown = message.push(text);
        shown.push_str(message.close());
        shown.insert_str(0, label);
        self.screen.out(&shown)
    }
}

impl StandardOutput for Text {
    fn begin_turn(&mut self) {
        self.is_reply_open = true;
    }

    fn update(&mut self, update: &Update<'_>) -> io::Result<()> {
        match update {
            Update::Delta { text } => self.push(text),
            Update::Done { .. } => self.close_reply(),
            Update::Recovered { missing, .. } => {
                self.push(missing)?;
                self.close_reply()
            }
            Update::Human { message, .. } => {
                self.is_reply_open = false;
                match message {
                    Some(message) => self.show_message("", message),
                    None => Ok(()),
                }
            }
            Update::Message(message) if !message.role.is_user() => {
                let label = self.label.clone();
                self.show_message(&label, &message.content)
            }
            Update::TurnEnded { .. } => {
                self.is_reply_open = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn problem(&mut self, _problem: &Problem) -> io::Result<()> {
        self.close()
    }

    fn end(&mut self, _exit: Exit, _conversation: Option<&str>, _state: &str) -> io::Result<()> {
        self.close()
    }

    fn is_amid_line(&self) -> bool {
        self.reply.is_open()
    }
}
