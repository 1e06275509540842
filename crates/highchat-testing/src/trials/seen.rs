use highchat_proto::failure::ResponseError;
use highchat_proto::{Answered, AnsweredBy, AskError, Failure, TurnEnd, Update};

/// What a client told of one message and, where it was handed over, of what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The text of the reply, what was read back included.
    pub text: String,
    /// How the turn ended.
    pub outcome: Option<Outcome>,
    /// What others than the user wrote, as polling found it.
    pub heard: Vec<String>,
    /// The last state told.
    pub state: String,
    /// Polling ended with an error.
    pub gave_up: bool,
}

/// How a turn ended, as its user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply came whole.
    Whole,
    /// It was cut, and read back whole.
    Recovered,
    /// It was cut: what came is not the whole of it.
    Incomplete,
    /// Nothing of it came; the message may have been taken.
    Unanswered,
    /// The service refused for now.
    RateLimited,
    /// The service answered something else than a reply.
    Failed,
    /// A person took over.
    HandedOver,
    /// What no row expects.
    Other,
}

impl Seen {
    /// What [`Talk::ask`](crate::Talk::ask) returned. That a reply was read back does not show
    /// in it: then it is whole all the same, as `expected` may say.
    pub(crate) fn of(asked: Result<Answered, AskError>, expected: Outcome) -> Self {
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
        Self {
            text,
            outcome: Some(outcome),
            heard: heard.iter().map(|it| it.content.to_string()).collect(),
            ..Self::default()
        }
    }

    /// Notes an update of a session.
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
    fn of(end: &TurnEnd) -> Self {
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
