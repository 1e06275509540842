//! Collects updates or events into the whole answer to one message.

use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, mem};

use crate::api::{ChatMessage, Event, Message, MessageId};
use crate::conversation::{SendError, TurnEnd, TurnId, Update};
use crate::failure::Failure;

/// The whole answer to one message.
///
/// It is never partial: a reply that was cut and not found again is an [`AskError`]. Its
/// [`Display`](fmt::Display) text is the reply, followed by a line with the service's sentence
/// about a person who takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answered {
    /// The reply. It is often empty if a person took over. Untrusted text.
    pub text: String,
    /// Who answers the message.
    pub by: AnsweredBy,
    /// The id of the reply, if it is known.
    pub message_id: Option<MessageId>,
    /// Messages that polls found during the reply, except the user's own. During a handoff, a
    /// person may write at any time.
    pub messages: Vec<ChatMessage>,
}

/// Who answers the message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnsweredBy {
    /// The bot answered.
    Bot,
    /// A person took over. Their answer comes later, as [`Update::Message`].
    Human {
        /// The service's sentence about this, if it sent one. Untrusted text.
        message: Option<String>,
    },
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.by {
            AnsweredBy::Human {
                message: Some(message),
            } if self.text.is_empty() => f.write_str(message),
            AnsweredBy::Human {
                message: Some(message),
            } => write!(f, "\n{message}"),
            AnsweredBy::Human { message: None } | AnsweredBy::Bot => Ok(()),
        }
    }
}

/// Why there is no whole answer.
///
/// A part of a reply is never reported as the whole. It is in `text`, beside the error.
///
/// | what happened | what `ask` returns |
/// | --- | --- |
/// | `done` came, or the reply was cut and a search found it | [`Answered`], by the bot |
/// | `human` came | [`Answered`], by a person |
/// | the stream was cut, silent or invalid, and the search did not find the reply | [`Failed`](Self::Failed) with [`Failure::Cut`] |
/// | an `error` event | [`Failed`](Self::Failed) with [`Failure::Service`] |
/// | 401, 404, 5xx, a redirect, no event stream, or 429 after the last attempt | [`Failed`](Self::Failed) with [`Failure::Refused`] |
/// | the connection was lost, or a timeout passed, before an answer | [`Failed`](Self::Failed) with [`Failure::Unanswered`] or [`Failure::TimedOut`] |
/// | the service could not be reached in the last attempt | [`Failed`](Self::Failed) with [`Failure::NotSent`] |
/// | the application cancelled the turn | [`Cancelled`](Self::Cancelled) |
/// | the previous turn is not over | [`InProgress`](Self::InProgress) |
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskError {
    /// The previous turn is not over. The error contains the message that was not sent.
    InProgress(Message),
    /// The turn failed.
    Failed {
        /// The part of the reply that came; often empty.
        text: String,
        /// Why the turn failed, and whether the message may have been taken.
        error: Failure,
    },
    /// The turn was cancelled. The message may have been taken.
    Cancelled {
        /// The part of the reply that came.
        text: String,
    },
}

impl AskError {
    /// The part of the reply that came; empty if none did.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::InProgress(_) => "",
            Self::Failed { text, .. } | Self::Cancelled { text } => text,
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProgress(_) => f.write_str("the reply to the previous message is not over yet"),
            Self::Failed { error, .. } => error.fmt(f),
            Self::Cancelled { .. } => f.write_str("the reply was cancelled"),
        }
    }
}

/// There is no source, because the text already includes it.
impl core::error::Error for AskError {}

impl From<SendError> for AskError {
    fn from(error: SendError) -> Self {
        Self::InProgress(error.into_message())
    }
}

/// Collects the updates of one turn into the whole answer.
///
/// The adapters' `Session::ask` uses it. You can use it in your own loop.
///
/// ```
/// use highchat_proto::session::Collector;
/// use highchat_proto::{Conversation, Output, TurnId};
///
/// # fn drive(conversation: &mut Conversation, turn: TurnId) {
/// // After `let turn = conversation.send(message, now)?`:
/// let mut collector = Collector::new(turn);
/// loop {
///     match conversation.poll_output() {
///         Output::Update => {
///             let ended = conversation.update().and_then(|it| collector.handle_update(&it));
///             if let Some(answered) = ended {
///                 match answered {
///                     Ok(answered) => println!("{answered}"),
///                     Err(error) => println!("{error}; so far: {}", error.text()),
///                 }
///                 break;
///             }
///         }
///         // The other outputs, as in any driver.
/// #       _ => break,
///     }
/// }
/// # }
/// ```
///
/// Other updates (a state, a rating, a failed handoff) are ignored. Memory: all texts of the
/// turn, without a limit.
#[derive(Clone, Debug)]
pub struct Collector {
    turn: TurnId,
    answered: Answered,
}

impl Collector {
    /// Creates a collector for the turn that [`send`](crate::Conversation::send) began.
    #[must_use]
    pub const fn new(turn: TurnId) -> Self {
        Self {
            turn,
            answered: EMPTY,
        }
    }

    /// Handles an update. Returns the answer when the turn ends. Updates must come in order.
    pub fn handle_update(&mut self, update: &Update<'_>) -> Option<Result<Answered, AskError>> {
        match update {
            Update::Done { message_id, .. } => {
                self.answered.message_id = message_id.as_deref().cloned();
            }
            Update::Human { message, .. } => self.answered.hand_over(message.as_deref()),
            Update::Recovered { message, missing } => {
                self.answered.text.push_str(missing);
                self.answered.message_id = Some(message.id.clone());
            }
            Update::Message(message) if !message.role.is_user() => {
                self.answered.messages.push((**message).clone());
            }
            Update::TurnEnded { turn, end } if *turn == self.turn => return Some(self.end(end)),
            // The updates so far belong to an earlier turn, which nobody read.
            Update::TurnEnded { .. } => {
                let messages = mem::take(&mut self.answered.messages);
                self.answered = Answered { messages, ..EMPTY };
            }
            Update::Delta { text } => self.answered.text.push_str(text),
            _ => {}
        }
        None
    }

    fn end(&mut self, end: &TurnEnd) -> Result<Answered, AskError> {
        let answered = mem::replace(&mut self.answered, EMPTY);
        match end {
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered => Ok(answered),
            TurnEnd::Failed(error) => Err(AskError::Failed {
                text: answered.text,
                error: error.clone(),
            }),
            TurnEnd::Cancelled => Err(AskError::Cancelled {
                text: answered.text,
            }),
        }
    }
}

/// Collects the events of one reply into the whole answer: a [`Collector`] without a
/// conversation. The adapters' `Reply::collect_text` uses it.
///
/// ```
/// use highchat_proto::Event;
/// use highchat_proto::session::ReplyCollector;
///
/// let mut collector = ReplyCollector::default();
/// assert_eq!(collector.handle_event(Ok(Some(Event::Delta { text: "Բարև 👋".into() }))), None);
/// # let (message_id, state, ts) = (None, None, None);
/// collector.handle_event(Ok(Some(Event::Done { message_id, state, ts })));
/// let answered = collector.handle_event(Ok(None)).expect("the reply is over")?;
/// assert_eq!(answered.text, "Բարև 👋");
/// # Ok::<(), highchat_proto::AskError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReplyCollector {
    answered: Answered,
    failed: Option<Failure>,
}

impl Default for ReplyCollector {
    fn default() -> Self {
        Self {
            answered: EMPTY,
            failed: None,
        }
    }
}

impl ReplyCollector {
    /// Handles a result of an adapter's `Reply::next_event`. Returns the answer when the reply
    /// is over or cut.
    pub fn handle_event(
        &mut self,
        event: Result<Option<Event<'_>>, Failure>,
    ) -> Option<Result<Answered, AskError>> {
        match event {
            Ok(Some(Event::Delta { text })) => self.answered.text.push_str(&text),
            Ok(Some(Event::Done { message_id, .. })) => self.answered.message_id = message_id,
            Ok(Some(Event::Human { message, .. })) => self.answered.hand_over(message.as_deref()),
            Ok(Some(Event::Error { message })) => {
                self.failed = Some(Failure::of_error_event(message.as_deref()));
            }
            Ok(Some(Event::Meta { .. } | Event::Ping | Event::Unknown { .. })) => {}
            Ok(None) => return Some(self.end()),
            Err(failure) => {
                self.failed = Some(failure);
                return Some(self.end());
            }
        }
        None
    }

    fn end(&mut self) -> Result<Answered, AskError> {
        let Self { answered, failed } = mem::take(self);
        match failed {
            None => Ok(answered),
            Some(error) => Err(AskError::Failed {
                text: answered.text,
                error,
            }),
        }
    }
}

const EMPTY: Answered = Answered {
    text: String::new(),
    by: AnsweredBy::Bot,
    message_id: None,
    messages: Vec::new(),
};

impl Answered {
    fn hand_over(&mut self, message: Option<&str>) {
        self.by = AnsweredBy::Human {
            message: message.map(String::from),
        };
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow::Borrowed;
    use alloc::boxed::Box;
    use alloc::format;

    use super::*;
    use crate::api::{State, Timestamp};
    use crate::failure::Cut;
    use crate::json::Value;

    fn message(role: &str, content: &str) -> ChatMessage {
        let json = format!(r#"{{"id":"m1","role":"{role}","content":"{content}"}}"#);
        ChatMessage::read(Value::read(&json).unwrap()).unwrap()
    }

    fn turn(number: u64) -> TurnId {
        TurnId::from_u64(number)
    }

    /// What is made of these updates and of that end.
    fn collect(updates: &[Update<'_>], end: &TurnEnd) -> Result<Answered, AskError> {
        let mut collector = Collector::new(turn(7));
        for update in updates {
            assert_eq!(collector.handle_update(update), None);
        }
        let turn = turn(7);
        let ended = collector.handle_update(&Update::TurnEnded {
            turn,
            end: Borrowed(end),
        });
        ended.expect("the turn ended")
    }

    const HELLO: Update<'_> = Update::Delta {
        text: Borrowed("Բարև"),
    };

    #[test]
    fn a_recovered_reply_is_its_deltas_and_the_missing_text() {
        let hand = Update::Delta {
            text: " 👋".into()
        };
        let answered = collect(&[HELLO, hand], &TurnEnd::Done).unwrap();
        assert_eq!(answered.text, "Բարև 👋");
        assert_eq!(answered.by, AnsweredBy::Bot);

        let message = message("assistant", "Բարև 👋");
        let recovered = Update::Recovered {
            message: Borrowed(&message),
            missing: " 👋".into(),
        };
        let answered = collect(&[HELLO, recovered], &TurnEnd::Recovered).unwrap();
        assert_eq!(format!("{answered}"), "Բարև 👋");
        assert_eq!(answered.message_id, Some(message.id));
    }

    #[test]
    fn the_answer_says_whether_a_bot_or_a_person_answers() {
        let human = |message| Update::Human { message, ts: None };
        let coming = human(Some("Օպերատորը կգա 👩".into()));
        let answered = collect(&[HELLO, coming.clone()], &TurnEnd::Human).unwrap();
        let message = Some("Օպերատորը կգա 👩".into());
        assert_eq!(answered.text, "Բարև");
        assert_eq!(answered.by, AnsweredBy::Human { message });
        assert_eq!(format!("{answered}"), "Բարև\nՕպերատորը կգա 👩");
        let answered = collect(&[coming], &TurnEnd::Human).unwrap();
        assert_eq!(format!("{answered}"), "Օպերատորը կգա 👩");
        let answered = collect(&[human(None)], &TurnEnd::Human).unwrap();
        assert_eq!(answered.by, AnsweredBy::Human { message: None });
        assert_eq!(format!("{answered}"), "");
    }

    #[test]
    fn messages_of_a_person_during_the_reply_are_collected_separately() {
        let (person, user) = (message("operator", "Ողջույն 👩"), message("user", "ես"));
        let updates = [
            Update::Message(Borrowed(&person)),
            HELLO,
            Update::Message(Borrowed(&user)),
        ];
        let answered = collect(&updates, &TurnEnd::Done).unwrap();
        assert_eq!(answered.text, "Բարև");
        assert_eq!(answered.messages, [person]);
    }

    #[test]
    fn a_partial_reply_is_an_error_with_the_text_so_far() {
        let error = Failure::Cut(Cut::Truncated);
        let failed = collect(&[HELLO], &TurnEnd::Failed(error.clone()));
        let text = "Բարև".into();
        assert_eq!(failed, Err(AskError::Failed { text, error }));
        let cancelled = collect(&[HELLO], &TurnEnd::Cancelled).unwrap_err();
        assert_eq!(cancelled.text(), "Բարև");
    }

    #[test]
    fn unread_updates_of_an_earlier_turn_are_not_part_of_the_answer() {
        let person = message("operator", "Ողջույն 👩");
        let earlier = Update::TurnEnded {
            turn: turn(6),
            end: Borrowed(&TurnEnd::Cancelled),
        };
        let old = Update::Delta {
            text: "հին".into()
        };
        let updates = [old, Update::Message(Borrowed(&person)), earlier, HELLO];
        let answered = collect(&updates, &TurnEnd::Done).unwrap();
        assert_eq!(answered.text, "Բարև");
        assert_eq!(answered.messages, [person]);
    }

    #[test]
    fn events_give_the_same_answer_as_updates() {
        let collect = |events: Vec<Event<'static>>, end: Result<(), Failure>| {
            let mut collector = ReplyCollector::default();
            for event in events {
                assert_eq!(collector.handle_event(Ok(Some(event))), None);
            }
            collector.handle_event(end.map(|()| None)).unwrap()
        };
        let hello = || Event::Delta {
            text: "Բարև 👋".into(),
        };
        let done = Event::Done {
            message_id: Some(MessageId::new("m1").unwrap()),
            state: Some(State::Bot),
            ts: None::<Timestamp>,
        };
        let answered = collect(Vec::from([Event::Ping, hello(), done]), Ok(())).unwrap();
        assert_eq!(answered.text, "Բարև 👋");
        assert_eq!(answered.message_id.unwrap().as_str(), "m1");

        let human = Event::Human {
            message: Some("Օպերատորը կգա".into()),
            ts: None,
        };
        let answered = collect(Vec::from([human]), Ok(())).unwrap();
        assert!(matches!(answered.by, AnsweredBy::Human { .. }));
        assert_eq!(format!("{answered}"), "Օպերատորը կգա");

        let error = Event::Error {
            message: Some("Սխալ 😔".into()),
        };
        let failed = collect(Vec::from([hello(), error]), Ok(())).unwrap_err();
        let sentence = Box::from("Սխալ 😔");
        assert_eq!(failed.text(), "Բարև 👋");
        assert!(matches!(
            failed,
            AskError::Failed { error: Failure::Service(told), .. } if told == sentence
        ));

        let cut = collect(Vec::from([hello()]), Err(Failure::Cut(Cut::Truncated)));
        assert_eq!(cut.unwrap_err().text(), "Բարև 👋");
    }
}
