use core::time::Duration;

use highchat_proto::{
    Answered, AskError, Config, Conversation, Endpoint, Message, Rating, Saved, TurnEnd, Update,
};
use highchat_sandbox::{Request, Sandbox};

use super::seen::Seen;
use super::trial::{Course, Trial};

/// A blocking session of an adapter, for tests.
pub trait Talk: Sized {
    /// Starts a new conversation.
    fn begin(endpoint: Endpoint, config: Config) -> Self;

    /// Continues a saved conversation.
    fn resume(endpoint: Endpoint, config: Config, saved: Saved) -> Self;

    /// Sends a message. The turn before it must be over.
    fn send(&mut self, message: Message);

    /// Cancels the turn in progress.
    fn cancel(&mut self);

    /// Rates the conversation, which must have begun.
    fn rate(&mut self, rating: Rating, comment: &str);

    /// Waits for the next update and shows it. Returns `false` if the session waits for
    /// nothing.
    fn next(&mut self, show: impl FnOnce(&Update<'_>)) -> bool;

    /// The state of the conversation.
    fn conversation(&self) -> &Conversation;

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

    /// The next update as a short text.
    fn word(&mut self) -> Option<String> {
        let mut shown = None;
        self.next(|update| shown = Some(word(update)));
        shown
    }

    /// All further updates as short texts.
    fn run(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.word()).collect()
    }

    /// Sends a text. Returns the reply and how the turn ended.
    fn turn(&mut self, text: &str) -> (String, TurnEnd) {
        self.say(text);
        let (mut reply, mut ended) = (String::new(), None);
        while ended.is_none() {
            let has_update = self.next(|update| match update {
                Update::Delta { text } => reply.push_str(text),
                Update::TurnEnded { end, .. } => ended = Some(end.clone().into_owned()),
                _ => {}
            });
            assert!(has_update, "the turn did not end");
        }
        (reply, ended.expect("the loop ends with it"))
    }
}

/// Sends the messages of a trial and follows each to its end. Use it with
/// [`hold`](super::hold).
///
/// # Panics
///
/// The sandbox cannot be reached.
pub fn converse<T: Talk>(trial: &Trial, sandbox: &Sandbox) -> Seen {
    converse_at::<T>(trial, sandbox, &sandbox.endpoint())
}

/// The same as [`converse`] with another endpoint, for example a proxy in front of the
/// sandbox.
///
/// # Panics
///
/// The same as for [`converse`].
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
        let id = talk.conversation().id().expect("it has begun").clone();
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

/// The same as [`converse`], with [`Talk::ask`] for each message. It does not support trials in which
/// the client restarts or cancels.
///
/// # Panics
///
/// The same as for [`converse`], and if an earlier message gets no complete answer.
pub fn converse_by_ask<T: Talk>(trial: &Trial, sandbox: &Sandbox) -> Seen {
    let mut talk = T::begin(sandbox.endpoint(), trial.config());
    let mut messages = trial.messages().into_iter();
    let last = messages.next_back().expect("a trial has a message");
    let message = |text| Message::new(text).expect("a text that can be sent");
    for earlier in messages {
        talk.ask(message(earlier)).expect("the message is answered");
        while talk.next(|_| ()) {}
    }
    until_all_ended(sandbox);

    let asked = talk.ask(message(last));
    let mut seen = Seen::of(asked, trial.outcome);
    seen.state = talk.conversation().state().to_string();
    while talk.next(|update| seen.note(update)) {}
    seen
}

/// Follows a reply until this text has arrived.
pub(crate) fn hear<T: Talk>(talk: &mut T, begun: &str, seen: &mut Seen) {
    while seen.text.len() < begun.len() {
        let has_update = talk.next(|update| seen.note(update));
        assert!(has_update && seen.outcome.is_none(), "{seen:?}");
    }
    assert_eq!(seen.text, begun);
}

/// Waits until the service has noticed the end of each exchange. It has then stored each
/// reply.
pub(crate) fn until_all_ended(sandbox: &Sandbox) {
    let have_all_ended =
        |requests: &[Request]| requests.iter().all(|request| request.ended.is_some());
    let patience = Duration::from_secs(30);
    assert!(sandbox.wait_until(patience, have_all_ended));
}

/// A configuration with short times, so that tests do not wait long.
#[must_use]
pub fn brisk() -> Config {
    let mut config = Config::default();
    config.poll_interval = Duration::from_millis(50);
    config.recovery_delays = [Duration::from_millis(10); 4];
    config.not_sent_delays = [Duration::from_millis(10); 2];
    config
}

/// An update as a short text.
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
