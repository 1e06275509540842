use core::time::Duration;

use highchat_proto::{
    Answered, AskError, Config, Endpoint, Message, Rating, Saved, TurnEnd, Update,
};
use highchat_sandbox::{Request, Sandbox};

use super::seen::Seen;
use super::trial::{Course, Trial};
use crate::standing::Standing;

/// A session of one of the adapters, with a blocking interface for tests.
pub trait Talk: Sized {
    /// The conversation of the session, or what stands for it.
    type Conversation: Standing;

    /// Makes a session for a new conversation.
    fn begin(endpoint: Endpoint, config: Config) -> Self;

    /// Makes a session that continues a saved conversation.
    fn resume(endpoint: Endpoint, config: Config, saved: Saved) -> Self;

    /// Sends a message. The turn before must be over.
    fn send(&mut self, message: Message);

    /// Cancels the turn in progress.
    fn cancel(&mut self);

    /// Rates the conversation. The conversation must have an id.
    fn rate(&mut self, rating: Rating, comment: &str);

    /// Waits for the next update and passes it to `show`. Returns `false` if there is nothing to
    /// wait for.
    fn next(&mut self, show: impl FnOnce(&Update<'_>)) -> bool;

    /// The conversation of the session.
    fn conversation(&self) -> &Self::Conversation;

    /// Sends a message and waits for the complete answer.
    ///
    /// # Errors
    ///
    /// There is no complete answer.
    fn ask(&mut self, message: Message) -> Result<Answered, AskError>;

    /// Sends a text.
    fn say(&mut self, text: &str) {
        self.send(Message::new(text).expect("a text that can be sent"));
    }

    /// The next update in short form, or `None` if there is nothing to wait for.
    fn word(&mut self) -> Option<String> {
        let mut shown = None;
        self.next(|update| shown = Some(word(update)));
        shown
    }

    /// All updates in short form, until there is nothing to wait for.
    fn run(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.word()).collect()
    }

    /// Sends a text. Returns the text of the reply and how the turn ended.
    fn turn(&mut self, text: &str) -> (String, TurnEnd) {
        self.say(text);
        let (mut reply, mut ended) = (String::new(), None);
        while ended.is_none() {
            let goes_on = self.next(|update| match update {
                Update::Delta { text } => reply.push_str(text),
                Update::TurnEnded { end, .. } => ended = Some(end.clone().into_owned()),
                _ => {}
            });
            assert!(goes_on, "the turn did not end");
        }
        (reply, ended.expect("as the loop says"))
    }
}

/// Sends the messages of a trial and follows each to its end. This is the function that
/// [`hold`](super::hold) needs.
///
/// # Panics
///
/// The session does not work with the sandbox.
pub fn converse<T: Talk>(trial: &Trial, sandbox: &Sandbox) -> Seen {
    converse_at::<T>(trial, sandbox, &sandbox.endpoint())
}

/// Does the same as [`converse`] over another endpoint, such as a proxy before the sandbox.
///
/// # Panics
///
/// The session does not work with the sandbox.
pub fn converse_at<T: Talk>(trial: &Trial, sandbox: &Sandbox, endpoint: &Endpoint) -> Seen {
    let mut talk = T::begin(endpoint.clone(), trial.config());
    let mut messages = trial.messages();
    let last = messages.pop().expect("a trial has a message");
    for message in messages {
        let mut seen = Seen::default();
        talk.say(&message);
        if let Course::AfterACancel(begun) = trial.course {
            hear(&mut talk, begun, &mut seen);
            sandbox.note_cancel();
            talk.cancel();
        }
        while talk.next(|update| seen.note(update)) {}
    }
    if trial.course == Course::ById {
        let id = talk.conversation().id().expect("it has begun");
        talk = T::resume(endpoint.clone(), trial.config(), Saved::new(id));
    }
    until_all_ended(sandbox);

    let mut seen = Seen::default();
    talk.say(&last);
    if let Course::Restarted(begun) = trial.course {
        hear(&mut talk, begun, &mut seen);
        let saved = talk.conversation().save();
        drop(talk);
        until_all_ended(sandbox);
        talk = T::resume(endpoint.clone(), trial.config(), saved);
    }
    while talk.next(|update| seen.note(update)) {}
    seen
}

/// Does the same as [`converse`], but sends each message with [`Talk::ask`]. It is not for a
/// trial in which the client restarts or cancels.
///
/// # Panics
///
/// The session does not work with the sandbox, or an earlier message has no complete answer.
pub fn converse_by_ask<T: Talk>(trial: &Trial, sandbox: &Sandbox) -> Seen {
    let mut talk = T::begin(sandbox.endpoint(), trial.config());
    let mut messages = trial.messages().into_iter();
    let last = messages.next_back().expect("a trial has a message");
    let message = |text| Message::new(text).expect("a text that can be sent");
    for earlier in messages {
        talk.ask(message(earlier)).expect("it is answered");
        while talk.next(|_| ()) {}
    }
    until_all_ended(sandbox);

    let asked = talk.ask(message(last));
    let mut seen = Seen::of(asked, trial.outcome);
    seen.state = talk.conversation().state().to_string();
    while talk.next(|update| seen.note(update)) {}
    seen
}

/// Follows a reply until this part of its text has come.
pub(crate) fn hear<T: Talk>(talk: &mut T, begun: &str, seen: &mut Seen) {
    while seen.text.len() < begun.len() {
        let goes_on = talk.next(|update| seen.note(update));
        assert!(goes_on && seen.outcome.is_none(), "{seen:?}");
    }
    assert_eq!(seen.text, begun);
}

/// Waits until the service has noticed the end of each exchange. It has stored each reply then.
pub(crate) fn until_all_ended(sandbox: &Sandbox) {
    let have_all_ended =
        |requests: &[Request]| requests.iter().all(|request| request.ended.is_some());
    let patience = Duration::from_secs(30);
    assert!(sandbox.wait_until(patience, have_all_ended));
}

/// A configuration with short delays, so that tests are fast.
#[must_use]
pub fn brisk() -> Config {
    let mut config = Config::default();
    config.poll_interval = Duration::from_millis(50);
    config.recovery_delays = [Duration::from_millis(10); 4];
    config.not_sent_delays = [Duration::from_millis(10); 2];
    config
}

/// An update in short form.
#[must_use]
pub fn word(update: &Update<'_>) -> String {
    match update {
        Update::Meta { .. } => "meta".into(),
        Update::Delta { text } => format!("delta {text}"),
        Update::Done { .. } => "done".into(),
        Update::Human { message, .. } => {
            format!("human {}", message.as_deref().unwrap_or_default())
        }
        Update::State(state) => format!("state {state}"),
        Update::Message(message) => format!("{}: {}", message.role, message.content),
        Update::Recovering { error } => format!("recovering: {error}"),
        Update::Recovered { missing, .. } => format!("recovered {missing}"),
        Update::TurnEnded { end, .. } => match &**end {
            TurnEnd::Failed(error) => format!("failed: {error}"),
            end => format!("{end:?}"),
        },
        Update::Delayed { what, reason, .. } => format!("{what:?} delayed: {reason:?}"),
        Update::HandoffFailed { error } => format!("handoff failed: {error}"),
        Update::Rated { .. } => "rated".into(),
        Update::RatingFailed { error, .. } => format!("rating failed: {error}"),
        other => format!("{other:?}"),
    }
}
