//! The table of trials for the method `ask` of a session.

use core::time::Duration;

use highchat_proto::{Answered, AnsweredBy, AskError, Config, Endpoint, Message, Saved, TurnEnd};
use highchat_sandbox::{Request, Sandbox};

use super::{Check, Course, Driver, IN_A_THREAD, Outcome, Seen, TRIALS, Trial};

/// The time limit for the end of an exchange at the service.
const PATIENCE: Duration = Duration::from_secs(30);

/// A session that sends a message and waits for the complete answer.
pub trait Ask: Driver {
    /// Sends a message and waits for the complete answer.
    ///
    /// # Errors
    ///
    /// There is no complete answer.
    fn ask(&mut self, message: Message) -> Result<Answered, AskError>;
}

/// Judges what `ask` returns for each fault: the whole answer, a person, or the error with the
/// text that arrived. A client that asks neither restarts nor cancels.
pub fn check_by_ask<D: Ask + 'static>(
    open: impl Fn(Endpoint, Config, Option<Saved>) -> D + Send + Sync + 'static,
) -> Check {
    let is_asked = |trial: &&Trial| matches!(trial.course, Course::First | Course::InAThread);
    let trials = TRIALS.iter().chain(IN_A_THREAD).filter(is_asked);
    Check::function(move |trial, sandbox| converse_by_ask(&open, trial, sandbox))
        .with_trials(trials.copied())
        .only("fault/")
}

/// Sends each message of a trial with [`Ask::ask`].
fn converse_by_ask<D: Ask>(
    open: impl Fn(Endpoint, Config, Option<Saved>) -> D,
    trial: &Trial,
    sandbox: &Sandbox,
) -> Seen {
    let mut session = open(sandbox.endpoint(), trial.config(), None);
    let mut messages = trial.messages().into_iter();
    let last = messages.next_back().expect("a trial has a message");
    let message = |text| Message::new(text).expect("a text that can be sent");
    for earlier in messages {
        session.ask(message(earlier)).expect("it is answered");
        while session.next().is_some() {}
    }
    // It has stored each reply then.
    let have_all_ended =
        |requests: &[Request]| requests.iter().all(|request| request.ended.is_some());
    assert!(sandbox.wait_until(PATIENCE, have_all_ended));

    let asked = session.ask(message(last));
    let mut seen = seen(asked, trial.outcome);
    seen.state = session.status().state.to_string();
    while let Some(update) = session.next() {
        seen.note(&update);
    }
    seen
}

/// The result of [`Ask::ask`]. It does not say whether the reply was recovered, so a complete
/// reply counts as `Recovered` if `expected` is `Recovered`.
fn seen(asked: Result<Answered, AskError>, expected: Outcome) -> Seen {
    let (text, outcome, heard) = match asked {
        Ok(answered) => {
            let outcome = match (&answered.by, expected) {
                (AnsweredBy::Human { .. }, _) => Outcome::HandedOver,
                (AnsweredBy::Bot, Outcome::Recovered) => Outcome::Recovered,
                _ => Outcome::Whole,
            };
            (answered.text, outcome, answered.messages)
        }
        Err(AskError::Failed { text, error }) => {
            (text, Outcome::of(&TurnEnd::Failed(error)), Vec::new())
        }
        Err(error) => (error.text().to_owned(), Outcome::Other, Vec::new()),
    };
    let mut seen = Seen::default();
    seen.text = text;
    seen.outcome = Some(outcome);
    seen.heard = heard.iter().map(|it| it.content.to_string()).collect();
    seen
}
