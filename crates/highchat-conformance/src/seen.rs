use highchat_proto::failure::ResponseError;
use highchat_proto::{Failure, TurnEnd, Update};

/// What a client showed for one message, and for the handoff after it if there was one.
///
/// A driver in Rust lets [`note`](Self::note) collect it. Anything else begins with
/// `Seen::default()` and sets the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The text of the reply, with its recovered part.
    pub text: String,
    /// How the turn ended.
    pub outcome: Option<Outcome>,
    /// The messages that polling found, except the user's.
    pub heard: Vec<String>,
    /// The last state that the client reported.
    pub state: String,
    /// Whether polling ended with an error.
    pub gave_up: bool,
}

/// How a turn ended, as its user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The reply is complete.
    Whole,
    /// The reply was cut, and then recovered completely.
    Recovered,
    /// The reply was cut, and only a part of it is known.
    Incomplete,
    /// No part of the reply came. The service may have accepted the message.
    Unanswered,
    /// The service refused the message because of its rate limit.
    RateLimited,
    /// The service sent an error or another response that is not a reply.
    Failed,
    /// A person took over.
    HandedOver,
    /// Any other end. No trial in the table expects it.
    Other,
}

impl Seen {
    /// Records an update of a session.
    pub fn note(&mut self, update: &Update<'_>) {
        match update {
            Update::Delta { text } => self.text.push_str(text),
            Update::Recovered { missing, .. } => self.text.push_str(missing),
            Update::Message(message) if !message.role.is_user() => {
                self.heard.push(message.content.to_string());
            }
            Update::State(state) => self.state = state.to_string(),
            Update::HandoffFailed { .. } => self.gave_up = true,
            Update::TurnEnded { end, .. } => self.outcome = Some(Outcome::of(end)),
            _ => {}
        }
    }
}

impl Outcome {
    /// The outcome of a turn that ended like this.
    #[must_use]
    pub fn of(end: &TurnEnd) -> Self {
        match end {
            TurnEnd::Done => Self::Whole,
            TurnEnd::Human => Self::HandedOver,
            TurnEnd::Recovered => Self::Recovered,
            TurnEnd::Failed(Failure::Cut(_)) => Self::Incomplete,
            TurnEnd::Failed(Failure::Unanswered(_) | Failure::TimedOut) => Self::Unanswered,
            TurnEnd::Failed(Failure::Refused(ResponseError::Api(error))) if error.status == 429 => {
                Self::RateLimited
            }
            TurnEnd::Failed(Failure::Refused(_) | Failure::Service(_)) => Self::Failed,
            _ => Self::Other,
        }
    }
}
