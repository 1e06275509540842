//! A conversation: its messages, its state, and who answers in it.

pub(crate) mod page_filter;
pub(crate) mod person;
pub(crate) mod responder;
pub(crate) mod store;

use core::time::Duration;
use std::collections::VecDeque;

use jiff::Timestamp;
use uuid::Uuid;

use crate::api::message::{Author, Message};
use crate::api::rating::Rating;
use crate::api::state::State;
use crate::bot::memory::Memory;
use crate::bot::turn::{Ending, Next, Turn};
use crate::clock::later;
use crate::conversation::page_filter::PageFilter;
use crate::conversation::person::{Act, Person};
use crate::conversation::responder::Responder;

/// How many messages a conversation keeps. The oldest are removed.
const MAX_MESSAGES: usize = 500;

/// The answer of the messages endpoint.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) state: State,
    pub(crate) messages: Vec<Message>,
    pub(crate) ts: Timestamp,
}

/// The data of the last event of a reply.
#[derive(Debug)]
pub(crate) struct TurnOutcome {
    pub(crate) message_id: String,
    pub(crate) state: State,
    pub(crate) ts: Timestamp,
}

/// A conversation: its messages, its state and who answers.
///
/// No task runs between two requests. The next request does what the built-in person would have
/// done meanwhile, with the times at which it was due.
///
/// ```text
///     /human, taking over           first line of the person, taking over
///  Bot ──────────▶ Human ◀──────────────────────── PendingHuman ◀── /pending ── Bot
///   ▲                │ hands back                      │ hands back
///   ├────────────────┴─────────────────────────────────┘
///   └── a message ── Closed ◀── /close, closing ── any
/// ```
pub(crate) struct Conversation {
    messages: VecDeque<Message>,
    state: State,
    memory: Memory,
    responder: Responder,
    /// The time since which the user has been waiting for a person's message.
    waiting_since: Option<Timestamp>,
    visitor_ref: Option<String>,
    rating: Option<Rating>,
    /// The last timestamp that was used.
    last: Timestamp,
    /// Whether something has changed that the inbox has not seen.
    changed: bool,
}

/// The error for a person's action in a closed conversation. Only the user can open it.
#[derive(Debug)]
pub(crate) struct IsClosed;

impl Conversation {
    pub(crate) fn new() -> Self {
        Self {
            messages: VecDeque::new(),
            state: State::Bot,
            memory: Memory::default(),
            responder: Responder::Nobody,
            waiting_since: None,
            visitor_ref: None,
            rating: None,
            last: Timestamp::MIN,
            changed: true,
        }
    }

    /// Adds a message of the user. Returns the reply to it.
    pub(crate) fn receive(&mut self, message: &str, person: &Person, now: Timestamp) -> Turn {
        self.catch_up(person, now);
        if self.state == State::Closed {
            self.enter(State::Bot);
        }
        self.memory.remember(message);
        let (_, at) = self.push(Author::User, message.to_owned(), now);
        if self.state == State::Human {
            self.waiting_since.get_or_insert(at);
        }
        Turn::of(self.state, &self.memory, message)
    }

    /// Sets the client's name for the user.
    pub(crate) fn set_visitor(&mut self, visitor_ref: String) {
        self.visitor_ref = Some(visitor_ref);
        self.changed = true;
    }

    /// Ends a turn: stores the bot's message and changes the state. If an inbox is open, a
    /// handoff goes to the inbox and not to the built-in person.
    pub(crate) fn settle(
        &mut self,
        turn: &Turn,
        person: &Person,
        is_inbox_open: bool,
        now: Timestamp,
    ) -> TurnOutcome {
        self.catch_up(person, now);
        match turn.ending {
            Ending::Done(next) => {
                let (message_id, ts) = self.push(Author::Bot, turn.text.clone(), now);
                match next {
                    Next::GoesOn => {}
                    // A person at the inbox has the conversation already.
                    Next::Pending if self.responder == Responder::Inbox => {}
                    Next::Pending => self.hand_over(State::PendingHuman, is_inbox_open, ts),
                    Next::Closes => self.release(State::Closed),
                }
                // A person may have taken over during the reply. `done` cannot have the state
                // `human`, but `pending_human` makes a client poll too.
                let state = match self.state {
                    State::Human | State::PendingHuman => State::PendingHuman,
                    State::Bot => State::Bot,
                    State::Closed => State::Closed,
                };
                TurnOutcome {
                    message_id,
                    state,
                    ts,
                }
            }
            Ending::Human(_) => {
                let ts = self.next_timestamp(now);
                // A message to the person does not restart the handoff.
                if self.state != State::Human {
                    self.hand_over(State::Human, is_inbox_open, ts);
                }
                self.outcome(ts)
            }
            Ending::Error(_) => {
                let ts = self.next_timestamp(now);
                self.outcome(ts)
            }
        }
    }

    /// The number of messages from the user.
    pub(crate) fn turns(&self) -> u64 {
        self.memory.count()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Returns the messages that pass the filter, oldest first.
    pub(crate) fn page(&mut self, filter: &PageFilter, person: &Person, now: Timestamp) -> Page {
        self.catch_up(person, now);
        let messages = self
            .messages
            .iter()
            .filter(|message| filter.shows(message.author, message.created_at))
            .cloned()
            .collect();
        Page {
            state: self.state,
            messages,
            ts: self.next_timestamp(now),
        }
    }

    pub(crate) fn rate(&mut self, rating: Rating) {
        self.rating = Some(rating);
        self.changed = true;
    }

    /// A person at the inbox takes over.
    pub(crate) fn take_over(&mut self, person: &Person, now: Timestamp) -> Result<(), IsClosed> {
        self.catch_up(person, now);
        if self.state == State::Closed {
            return Err(IsClosed);
        }
        self.enter(State::Human);
        self.responder = Responder::Inbox;
        self.waiting_since = None;
        Ok(())
    }

    /// A person at the inbox writes a message, and takes over.
    pub(crate) fn reply(
        &mut self,
        text: String,
        person: &Person,
        now: Timestamp,
    ) -> Result<(), IsClosed> {
        self.take_over(person, now)?;
        self.push(Author::Person, text, now);
        Ok(())
    }

    /// A person at the inbox gives the conversation back to the bot. It has no effect if the
    /// bot has it.
    pub(crate) fn hand_back(&mut self, person: &Person, now: Timestamp) -> Result<(), IsClosed> {
        self.catch_up(person, now);
        if self.state == State::Closed {
            return Err(IsClosed);
        }
        self.release(State::Bot);
        Ok(())
    }

    /// A person at the inbox closes the conversation. It has no effect if it is closed.
    pub(crate) fn close(&mut self, person: &Person, now: Timestamp) {
        self.catch_up(person, now);
        self.release(State::Closed);
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn messages(&self) -> &VecDeque<Message> {
        &self.messages
    }

    pub(crate) fn rating(&self) -> Option<&Rating> {
        self.rating.as_ref()
    }

    pub(crate) fn visitor_ref(&self) -> Option<&str> {
        self.visitor_ref.as_deref()
    }

    pub(crate) fn waiting_since(&self) -> Option<Timestamp> {
        self.waiting_since
    }

    /// Whether a person at the inbox has taken over.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.responder == Responder::Inbox
    }

    /// Whether anything has changed since the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    /// Does what the built-in person should have done by now.
    pub(crate) fn catch_up(&mut self, person: &Person, now: Timestamp) {
        while let Some((at, act)) = self.responder.act(person, now) {
            match act {
                Act::Says(text) => {
                    self.enter(State::Human);
                    self.push(Author::Person, text.clone(), at);
                    self.waiting_since = None;
                }
                Act::HandsBack => self.release(State::Bot),
            }
        }
    }

    fn hand_over(&mut self, state: State, is_inbox_open: bool, began: Timestamp) {
        self.enter(state);
        self.responder = Responder::called(is_inbox_open, began);
        self.waiting_since = Some(began);
    }

    /// Enters a state in which no person has the conversation.
    fn release(&mut self, state: State) {
        self.enter(state);
        self.responder = Responder::Nobody;
        self.waiting_since = None;
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.changed = true;
    }

    fn push(&mut self, author: Author, content: String, at: Timestamp) -> (String, Timestamp) {
        let id = Uuid::new_v4().to_string();
        let created_at = self.next_timestamp(at);
        if self.messages.len() == MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Message {
            id: id.clone(),
            author,
            content,
            created_at,
        });
        self.changed = true;
        (id, created_at)
    }

    /// Returns a timestamp for something at `at`. It is later than all earlier timestamps, so
    /// that a client that sends one of them as `after` misses nothing.
    fn next_timestamp(&mut self, at: Timestamp) -> Timestamp {
        self.last = at.max(later(self.last, Duration::from_millis(1)));
        self.last
    }

    fn outcome(&self, ts: Timestamp) -> TurnOutcome {
        TurnOutcome {
            message_id: Uuid::new_v4().to_string(),
            state: self.state,
            ts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::text;

    fn at(seconds: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds))
    }

    /// Sends a message, and ends its reply at once.
    fn say(conversation: &mut Conversation, message: &str, seconds: u64) -> TurnOutcome {
        let person = Person::default();
        let turn = conversation.receive(message, &person, at(seconds));
        conversation.settle(&turn, &person, false, at(seconds))
    }

    /// Returns the state, and each message as `second role: first word`.
    fn log(conversation: &mut Conversation, seconds: u64) -> Vec<String> {
        let page = conversation.page(&PageFilter::default(), &Person::default(), at(seconds));
        let mut log = vec![format!("{:?}", page.state)];
        log.extend(page.messages.iter().map(|message| {
            let first = message.content.split_whitespace().next().unwrap_or("");
            let second = &text(message.created_at)[17..19];
            format!("{second} {:?}: {first}", message.author)
        }));
        log
    }

    #[test]
    fn the_built_in_person_writes_twice_and_hands_back() {
        let mut conversation = Conversation::new();
        assert_eq!(say(&mut conversation, "/human", 0).state, State::Human);

        assert_eq!(log(&mut conversation, 2), ["Human", "00 User: /human"]);
        assert_eq!(
            log(&mut conversation, 20),
            [
                "Bot",
                "00 User: /human",
                "03 Person: Բարև",
                "06 Person: Կարդացի,",
            ]
        );
        assert_eq!(say(&mut conversation, "լավ", 21).state, State::Bot);
    }

    #[test]
    fn a_message_to_a_person_does_not_restart_the_handoff() {
        let mut conversation = Conversation::new();
        say(&mut conversation, "/human", 0);
        assert_eq!(say(&mut conversation, "հե՜յ", 4).state, State::Human);

        assert_eq!(
            log(&mut conversation, 11),
            [
                "Bot",
                "00 User: /human",
                "03 Person: Բարև",
                "04 User: հե՜յ",
                "06 Person: Կարդացի,",
            ]
        );
    }

    #[test]
    fn the_bot_answers_a_pending_conversation_until_the_person_comes() {
        let mut conversation = Conversation::new();
        assert_eq!(
            say(&mut conversation, "/pending", 0).state,
            State::PendingHuman
        );
        assert_eq!(say(&mut conversation, "հա", 1).state, State::PendingHuman);
        assert_eq!(log(&mut conversation, 2)[0], "PendingHuman");
        assert_eq!(log(&mut conversation, 4)[0], "Human");
        assert_eq!(log(&mut conversation, 11)[0], "Bot");
    }

    #[test]
    fn done_is_pending_if_the_person_comes_during_the_reply() {
        let person = Person::default();
        let mut conversation = Conversation::new();
        say(&mut conversation, "/pending", 0);
        let turn = conversation.receive("հա", &person, at(1));

        let outcome = conversation.settle(&turn, &person, false, at(4));

        assert_eq!(outcome.state, State::PendingHuman);
        assert_eq!(log(&mut conversation, 4)[0], "Human");
    }

    #[test]
    fn a_message_opens_a_closed_conversation_without_the_person() {
        let mut conversation = Conversation::new();
        say(&mut conversation, "/human", 0);
        assert_eq!(say(&mut conversation, "/close", 4).state, State::Closed);
        assert_eq!(log(&mut conversation, 20)[0], "Closed");
        assert_eq!(log(&mut conversation, 20).len(), 5);

        assert_eq!(say(&mut conversation, "Բարև", 21).state, State::Bot);
        assert_eq!(log(&mut conversation, 22)[0], "Bot");
    }

    #[test]
    fn timestamps_in_a_conversation_only_grow() {
        let mut conversation = Conversation::new();
        for _ in 0..3 {
            say(&mut conversation, "ա", 0);
        }

        let page = conversation.page(&PageFilter::default(), &Person::default(), at(0));
        let times: Vec<_> = page.messages.iter().map(|m| m.created_at).collect();

        assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        assert!(page.ts > times[5]);
    }

    #[test]
    fn the_oldest_messages_are_forgotten() {
        let mut conversation = Conversation::new();
        for n in 0..300 {
            say(&mut conversation, &format!("ա{n}"), 0);
        }

        let page = conversation.page(&PageFilter::default(), &Person::default(), at(0));

        assert_eq!(page.messages.len(), MAX_MESSAGES);
        assert_eq!(page.messages[0].content, "ա50");
    }

    #[test]
    fn the_built_in_person_stops_when_somebody_at_the_inbox_acts() {
        let person = Person::default();
        let mut conversation = Conversation::new();
        say(&mut conversation, "/human", 0);

        let text = "Ես եմ".to_owned();
        conversation.reply(text, &person, at(4)).unwrap();

        assert!(conversation.is_taken_over());
        assert_eq!(
            log(&mut conversation, 60),
            [
                "Human",
                "00 User: /human",
                "03 Person: Բարև",
                "04 Person: Ես"
            ]
        );
    }

    #[test]
    fn the_built_in_person_does_nothing_if_an_inbox_is_open() {
        let person = Person::default();
        for (message, state) in [("/human", "Human"), ("/pending", "PendingHuman")] {
            let mut conversation = Conversation::new();
            let turn = conversation.receive(message, &person, at(0));
            conversation.settle(&turn, &person, true, at(0));

            let log = log(&mut conversation, 60);

            assert_eq!(log[0], state);
            assert!(!log.iter().any(|line| line.contains("Person")), "{log:?}");
        }
    }

    #[test]
    fn a_user_waits_from_the_handoff_and_from_each_message_to_a_person() {
        let person = Person::absent();
        let mut conversation = Conversation::new();
        say(&mut conversation, "ա", 0);
        assert_eq!(conversation.waiting_since(), None);

        say(&mut conversation, "/pending", 5);
        assert_eq!(
            conversation.waiting_since().map(text).as_deref(),
            Some("1970-01-01T00:00:05.001Z")
        );
        conversation.take_over(&person, at(6)).unwrap();
        assert_eq!(conversation.waiting_since(), None);

        say(&mut conversation, "բ", 7);
        say(&mut conversation, "գ", 8);
        assert_eq!(conversation.waiting_since(), Some(at(7)));
        conversation.reply("դ".to_owned(), &person, at(9)).unwrap();
        assert_eq!(conversation.waiting_since(), None);

        say(&mut conversation, "ե", 10);
        conversation.hand_back(&person, at(11)).unwrap();
        assert_eq!(conversation.waiting_since(), None);
        assert_eq!(say(&mut conversation, "զ", 12).state, State::Bot);
    }

    #[test]
    fn done_is_pending_if_somebody_takes_over_during_the_reply() {
        let person = Person::absent();
        let mut conversation = Conversation::new();
        let turn = conversation.receive("/pending", &person, at(0));
        conversation.take_over(&person, at(1)).unwrap();

        let outcome = conversation.settle(&turn, &person, false, at(2));

        assert_eq!(outcome.state, State::PendingHuman);
        assert_eq!(conversation.state(), State::Human);
        assert!(conversation.is_taken_over());
    }

    #[test]
    fn the_inbox_cannot_act_in_a_closed_conversation() {
        let person = Person::absent();
        let mut conversation = Conversation::new();
        say(&mut conversation, "/human", 0);
        conversation.close(&person, at(1));
        conversation.close(&person, at(2));

        assert!(conversation.take_over(&person, at(3)).is_err());
        assert!(conversation.reply("ա".to_owned(), &person, at(3)).is_err());
        assert!(conversation.hand_back(&person, at(3)).is_err());
        assert_eq!(log(&mut conversation, 4), ["Closed", "00 User: /human"]);
        assert_eq!(say(&mut conversation, "ա", 5).state, State::Bot);
    }

    #[test]
    fn a_poll_changes_nothing() {
        let person = Person::default();
        let mut conversation = Conversation::new();
        say(&mut conversation, "/human", 0);
        assert!(conversation.take_changed());

        conversation.page(&PageFilter::default(), &person, at(1));
        assert!(!conversation.take_changed());
        conversation.page(&PageFilter::default(), &person, at(4));
        assert!(conversation.take_changed());
    }
}
