//! The conversation, as it goes.

use core::time::Duration;
use std::io;

use highchat_proto::{Message, Rating, State, Update};
use highchat_ureq::Session;

use super::command::{Command, HELP};
use super::interrupts::Interrupts;
use super::keyboard::Keyboard;
use super::typed::Typed;
use crate::exit::Exit;
use crate::follow;
use crate::run::Run;
use crate::thread::Thread;

/// Moves between what is typed and what the service says.
pub(super) struct Talk<'a> {
    run: &'a Run,
    thread: Thread,
    session: Session,
    keyboard: Keyboard,
    interrupts: Interrupts,
    /// A line is asked for, and was not typed yet.
    is_asked: bool,
    is_turning: bool,
    is_rating: bool,
    /// The last thing typed was a Ctrl-C on an empty line.
    is_leaving: bool,
    /// How the last thing that failed did.
    failure: Option<Exit>,
}

impl<'a> Talk<'a> {
    pub(super) const fn new(
        run: &'a Run,
        thread: Thread,
        session: Session,
        keyboard: Keyboard,
        interrupts: Interrupts,
    ) -> Self {
        Self {
            run,
            thread,
            session,
            keyboard,
            interrupts,
            is_asked: false,
            is_turning: false,
            is_rating: false,
            is_leaving: false,
            failure: None,
        }
    }

    /// Talks until the user leaves; fails only where nothing can be told any more.
    pub(super) fn until_it_ends(mut self) -> io::Result<Exit> {
        if self.keyboard.has_editor() {
            self.run.report().note("/help tells what can be typed");
        }
        loop {
            if !self.is_asked && !self.is_waiting() {
                self.ask();
            }
            let is_idle = !self.is_awaiting() && !self.session.conversation().is_polling();
            let is_told = self.step(is_idle)?;
            let typed = if is_idle && is_told {
                Some(self.keyboard.wait())
            } else {
                self.is_asked.then(|| self.keyboard.check()).flatten()
            };
            let Some(typed) = typed else {
                continue;
            };
            self.is_asked = false;
            self.run.screen.lower_prompt()?;
            if let Some(exit) = self.handle(typed)? {
                return Ok(exit);
            }
        }
    }

    /// Whether the next line has to wait. A script's waits for its rating as well, so
    /// that the status is that of what was tried.
    fn is_waiting(&self) -> bool {
        self.is_turning || (self.is_rating && !self.keyboard.has_editor())
    }

    /// Whether the end of something is still to be told.
    const fn is_awaiting(&self) -> bool {
        self.is_turning || self.is_rating
    }

    fn ask(&mut self) {
        self.is_asked = true;
        self.interrupts.finish();
        if self.keyboard.has_editor() {
            self.run.screen.raise_prompt();
        }
        self.keyboard.ask();
    }

    /// Waits for what the service says next, or for something to be typed; where nothing
    /// can come, only tells what is left. Returns whether nothing was.
    fn step(&mut self, is_idle: bool) -> io::Result<bool> {
        let update = if is_idle {
            self.session.next_timeout(Duration::ZERO)
        } else {
            self.session.next()
        };
        let Some(update) = update.update() else {
            return Ok(true);
        };
        let ended = self.run.update(&update)?;
        match &update {
            Update::State(state) => note_state(self.run, state),
            Update::TurnEnded { .. } => self.is_turning = false,
            Update::Rated { .. } | Update::RatingFailed { .. } => self.is_rating = false,
            _ => {}
        }
        if let Some(exit) = ended {
            self.note_failure(exit);
        }
        Ok(false)
    }

    fn note_failure(&mut self, exit: Exit) {
        if !matches!(exit, Exit::Complete | Exit::Interrupted) {
            self.failure = Some(exit);
        }
    }

    /// Does what was typed; returns how the program ends where it does.
    fn handle(&mut self, typed: Typed) -> io::Result<Option<Exit>> {
        let was_leaving = core::mem::take(&mut self.is_leaving);
        match typed {
            Typed::Line(line) if line.is_empty() => {}
            Typed::Line(line) => return self.obey(Command::parse(line)),
            Typed::Refused(problem) => self.refuse(problem)?,
            Typed::Unreadable(problem) => {
                return self.run.report().invalid_message(problem).map(Some);
            }
            Typed::Lost => return Ok(Some(Exit::Other)),
            Typed::Interrupt { was_empty: false } => {}
            Typed::Interrupt { was_empty: true } if was_leaving => {
                return Ok(Some(Exit::Interrupted));
            }
            Typed::Interrupt { was_empty: true } => {
                self.is_leaving = true;
                let report = self.run.report();
                report.note("Ctrl-C again leaves, and so does Ctrl-D; /help tells more");
            }
            Typed::End => return Ok(Some(self.leave())),
        }
        Ok(None)
    }

    fn obey(&mut self, command: Command) -> io::Result<Option<Exit>> {
        match command {
            Command::Say(text) => self.say(text)?,
            Command::Rate(rating, comment) => self.rate(rating, comment)?,
            Command::New => self.begin_again(),
            Command::Id => match self.session.conversation().id() {
                Some(id) => self.run.report().note(&format!("the conversation {id}")),
                None => self.run.report().note("the conversation has not begun yet"),
            },
            Command::Help => self.run.report().note(HELP),
            Command::Quit => return Ok(Some(self.leave())),
            Command::Unclear(usage) => self.refuse(usage)?,
        }
        Ok(None)
    }

    fn say(&mut self, text: String) -> io::Result<()> {
        let message = match Message::new(text) {
            Ok(message) => message,
            Err(invalid) => return self.refuse(invalid.to_string()),
        };
        if self.interrupts.is_asked() {
            self.run.report().note("stopped; the message was not sent");
            return Ok(());
        }
        self.run.report().begin_turn();
        // A line is asked for only where the turn before it is over.
        self.is_turning = self.session.send(message).is_ok();
        if self.interrupts.is_asked() {
            self.session.cancel();
        }
        Ok(())
    }

    fn rate(&mut self, rating: Rating, comment: Option<String>) -> io::Result<()> {
        match self.session.commands().rate(rating, comment) {
            Ok(_) => self.is_rating = true,
            Err(error) => self.refuse(error.to_string())?,
        }
        Ok(())
    }

    /// Tells what is wrong with a line.
    fn refuse(&mut self, problem: impl Into<String>) -> io::Result<()> {
        let exit = self.run.report().invalid_message(problem)?;
        self.note_failure(exit);
        Ok(())
    }

    fn begin_again(&mut self) {
        self.thread.conversation = None;
        self.session = self.thread.session(self.run.client.clone());
        self.interrupts.set_canceller(self.session.canceller());
        (self.is_turning, self.is_rating) = (false, false);
        let mut report = self.run.report();
        report.begin_conversation();
        report.note("with the next message another conversation begins");
    }

    fn leave(&self) -> Exit {
        if self.session.conversation().is_polling() && !self.run.connection.is_private() {
            follow::note(&self.session, self.run);
        }
        match self.failure {
            Some(failure) if !self.keyboard.has_editor() => failure,
            _ => Exit::Complete,
        }
    }
}

fn note_state(run: &Run, state: &State) {
    let report = run.report();
    match state {
        State::PendingHuman => report.note("a person was asked for; what they write appears here"),
        State::Human => {
            report.note("a person answers from here; you can write to them at any time")
        }
        State::Bot => report.note_end_of_handoff(),
        State::Closed => {
            report.note_end_of_handoff();
            report.note("was it helpful? /rate up or /rate down, with a comment if you like");
        }
        State::Other(_) => {}
        _ => {}
    }
}
