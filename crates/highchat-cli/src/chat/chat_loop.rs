//! The loop of `highchat chat`.

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

/// Passes typed lines to the session and its updates to the report.
pub(super) struct ChatLoop<'a> {
    run: &'a Run,
    thread: Thread,
    session: Session,
    keyboard: Keyboard,
    interrupts: Interrupts,
    /// A line was asked for and has not been typed yet.
    is_asked: bool,
    has_turn: bool,
    has_rating: bool,
    /// The last input was Ctrl-C on an empty line.
    is_leaving: bool,
    /// The exit status of the last failure.
    failure: Option<Exit>,
}

impl<'a> ChatLoop<'a> {
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
            has_turn: false,
            has_rating: false,
            is_leaving: false,
            failure: None,
        }
    }

    /// Runs until the user leaves. Fails only if standard output cannot be written.
    pub(super) fn run(mut self) -> io::Result<Exit> {
        if self.keyboard.has_editor() {
            self.run.report().note("/help lists the commands");
        }
        loop {
            if !self.is_asked && !self.must_wait() {
                self.ask();
            }
            let is_idle = !self.has_work() && !self.session.conversation().is_polling();
            let has_no_update = self.step(is_idle)?;
            let typed = if is_idle && has_no_update {
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

    /// Whether the next line must wait for the turn. Without an editor it also waits for
    /// the rating, so that the exit status includes the rating's.
    fn must_wait(&self) -> bool {
        self.has_turn || (self.has_rating && !self.keyboard.has_editor())
    }

    /// Whether a turn or a rating is running.
    const fn has_work(&self) -> bool {
        self.has_turn || self.has_rating
    }

    fn ask(&mut self) {
        self.is_asked = true;
        self.interrupts.finish();
        if self.keyboard.has_editor() {
            self.run.screen.raise_prompt();
        }
        self.keyboard.ask();
    }

    /// Waits for the next update or for a typed line, and reports the update. If nothing is
    /// running (`is_idle`), it does not wait. Returns whether there was no update.
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
            Update::TurnEnded { .. } => self.has_turn = false,
            Update::Rated { .. } | Update::RatingFailed { .. } => self.has_rating = false,
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

    /// Handles the input. Returns the exit status if it ends the program.
    fn handle(&mut self, typed: Typed) -> io::Result<Option<Exit>> {
        let was_leaving = core::mem::take(&mut self.is_leaving);
        match typed {
            Typed::Line(line) if line.is_empty() => {}
            Typed::Line(line) => return self.execute(Command::parse(line)),
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
                report.note("press Ctrl-C again, or Ctrl-D, to leave; /help lists the commands");
            }
            Typed::End => return Ok(Some(self.leave())),
        }
        Ok(None)
    }

    fn execute(&mut self, command: Command) -> io::Result<Option<Exit>> {
        match command {
            Command::Send(text) => self.send(text)?,
            Command::Rate(rating, comment) => self.rate(rating, comment)?,
            Command::New => self.begin_again(),
            Command::Id => match self.session.conversation().id() {
                Some(id) => self.run.report().note(&format!("conversation {id}")),
                None => self.run.report().note("the conversation has not begun yet"),
            },
            Command::Help => self.run.report().note(HELP),
            Command::Quit => return Ok(Some(self.leave())),
            Command::Misused(usage) => self.refuse(usage)?,
        }
        Ok(None)
    }

    fn send(&mut self, text: String) -> io::Result<()> {
        let message = match Message::new(text) {
            Ok(message) => message,
            Err(invalid) => return self.refuse(invalid.to_string()),
        };
        if self.interrupts.is_stop_requested() {
            self.run.report().note("stopped; the message was not sent");
            return Ok(());
        }
        self.run.report().begin_turn();
        // A line is asked for only after the turn before it is over.
        self.has_turn = self.session.send(message).is_ok();
        if self.interrupts.is_stop_requested() {
            self.session.cancel();
        }
        Ok(())
    }

    fn rate(&mut self, rating: Rating, comment: Option<String>) -> io::Result<()> {
        match self.session.commands().rate(rating, comment) {
            Ok(_) => self.has_rating = true,
            Err(error) => self.refuse(error.to_string())?,
        }
        Ok(())
    }

    /// Reports why a line is refused.
    fn refuse(&mut self, problem: impl Into<String>) -> io::Result<()> {
        let exit = self.run.report().invalid_message(problem)?;
        self.note_failure(exit);
        Ok(())
    }

    fn begin_again(&mut self) {
        self.thread.conversation = None;
        self.session = self.thread.session(self.run.client.clone());
        self.interrupts.set_canceller(self.session.canceller());
        (self.has_turn, self.has_rating) = (false, false);
        let mut report = self.run.report();
        report.begin_conversation();
        report.note("the next message begins another conversation");
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
        State::PendingHuman => report.note("a person was called; what they write appears here"),
        State::Human => report.note("a person answers now; you can write to them at any time"),
        State::Bot => report.note_end_of_handoff(),
        State::Closed => {
            report.note_end_of_handoff();
            report.note("was it helpful? /rate up or /rate down, with a comment if you like");
        }
        State::Other(_) => {}
        _ => {}
    }
}
