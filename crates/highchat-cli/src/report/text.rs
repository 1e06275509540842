//! Standard output as text: the reply and a person's messages, nothing else.

use std::io;

use highchat_proto::Update;

use super::StandardOutput;
use super::reply_text::ReplyText;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

/// Prints the reply as it streams, and each message of a person on lines of its own.
pub(super) struct Text {
    screen: Screen,
    reply: ReplyText,
    /// Whether a reply is awaited or streaming. Its end then ends a line.
    is_reply_open: bool,
    /// The label before each message of a person.
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

    /// The reply is complete. It ends its line, even if it has no text.
    fn close_reply(&mut self) -> io::Result<()> {
        if core::mem::take(&mut self.is_reply_open) {
            self.reply.open();
        }
        self.close()
    }

    fn close(&mut self) -> io::Result<()> {
        self.screen.out(self.reply.close())
    }

    /// Prints a message of a person, or that a person has taken over, on lines of its own.
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

    fn has_open_line(&self) -> bool {
        self.reply.is_open()
    }
}
