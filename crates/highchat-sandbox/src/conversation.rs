//! One conversation: its messages, its state, and who responds in it.

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

/// How many messages a conversation keeps; the oldest are forgotten.
const MAX_MESSAGES: usize = 500;

/// What the messages endpoint answers.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) state: State,
    pub(crate) messages: Vec<Message>,
    pub(crate) ts: Timestamp,
}

/// What the last event of a reply says of its conversation.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) message_id: String,
    pub(crate) state: State,
    pub(crate) ts: Timestamp,
}

/// One conversation: its messages, its state and who answers.
///
/// Nothing runs between two requests: what the built-in person would have done
/// meanwhile is done, with its own times, when the next request looks.
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
    /// Since when the user waits for a person to say something.
    waiting_since: Option<Timestamp>,
    visitor_ref: Option<String>,
    rating: Option<Rating>,
    /// The last timestamp given out.
    last: Timestamp,
    /// Whether the inbox has something to see that it did not yet.
    changed: bool,
}

/// A closed conversation takes nothing from a person; only its user opens it.
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

    /// Takes a user's message; what it leads to.
    pub(crate) fn hear(&mut self, message: &str, person: &Person, now: Timestamp) -> Turn {
        self.catch_up(person, now);
        if self.state == State::Closed {
            self.enter(State::Bot);
        }
        self.memory.hear(message);
        let (_, at) = self.push(Author::User, message.to_owned(), now);
        if self.state == State::Human {
            self.waiting_since.get_or_insert(at);
        }
        Turn::of(self.state, &self.memory, message)
    }

    /// Whose messages these are.
    pub(crate) fn visit(&mut self, visitor_ref: String) {
        self.visitor_ref = Some(visitor_ref);
        self.changed = true;
    }

    /// Ends a turn: keeps what the bot said and changes the state. Where the inbox is
    /// `staffed`, a handoff is left to it.
    pub(crate) fn settle(
        &mut self,
        turn: &Turn,
        person: &Person,
        staffed: bool,
        now: Timestamp,
    ) -> Settled {
        self.catch_up(person, now);
        match turn.ending {
            Ending::Done(next) => {
                let (message_id, ts) = self.push(Author::Bot, turn.text.clone(), now);
                match next {
                    Next::GoesOn => {}
                    // The person who is there already need not be called.
                    Next::Pending if self.responder == Responder::Inbox => {}
                    Next::Pending => self.hand_over(State::PendingHuman, staffed, ts),
                    Next::Closes => self.leave(State::Closed),
                }
                // A person can have picked up while the bot was still talking; `done`
                // has no such state, and this one makes a client look as well.
                let state = match self.state {
                    State::Human | State::PendingHuman => State::PendingHuman,
                    State::Bot => State::Bot,
                    State::Closed => State::Closed,
                };
                Settled {
                    message_id,
                    state,
                    ts,
                }
            }
            Ending::Human(_) => {
                let ts = self.tick(now);
                // Writing to the person does not begin their part anew.
                if self.state != State::Human {
                    self.hand_over(State::Human, staffed, ts);
                }
                self.settled(ts)
            }
            Ending::Error(_) => {
                let ts = self.tick(now);
                self.settled(ts)
            }
        }
    }

    /// How many messages the user sent.
    pub(crate) fn turns(&self) -> u64 {
        self.memory.count()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// The messages that are to be shown, oldest first.
    pub(crate) fn page(&mut self, look: &PageFilter, person: &Person, now: Timestamp) -> Page {
        self.catch_up(person, now);
        let messages = self
            .messages
            .iter()
            .filter(|message| look.shows(message.author, message.created_at))
            .cloned()
            .collect();
        Page {
            state: self.state,
            messages,
            ts: self.tick(now),
        }
    }

    pub(crate) fn rate(&mut self, rating: Rating) {
        self.rating = Some(rating);
        self.changed = true;
    }

    /// Somebody at the inbox answers from now on.
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

    /// Somebody at the inbox writes, and so takes over.
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

    /// Somebody at the inbox gives it back to the bot, which may have it already.
    pub(crate) fn hand_back(&mut self, person: &Person, now: Timestamp) -> Result<(), IsClosed> {
        self.catch_up(person, now);
        if self.state == State::Closed {
            return Err(IsClosed);
        }
        self.leave(State::Bot);
        Ok(())
    }

    /// Somebody at the inbox closes it, if it is not closed already.
    pub(crate) fn close(&mut self, person: &Person, now: Timestamp) {
        self.catch_up(person, now);
        self.leave(State::Closed);
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

    /// Whether somebody at the inbox has it.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.responder == Responder::Inbox
    }

    /// Whether anything of it changed since this was asked last.
    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    /// Does what the built-in person would have done by now.
    pub(crate) fn catch_up(&mut self, person: &Person, now: Timestamp) {
        while let Some((at, act)) = self.responder.act(person, now) {
            match act {
                Act::Says(text) => {
                    self.enter(State::Human);
                    self.push(Author::Person, text.clone(), at);
                    self.waiting_since = None;
                }
                Act::HandsBack => self.leave(State::Bot),
            }
        }
    }

    fn hand_over(&mut self, state: State, staffed: bool, began: Timestamp) {
        self.enter(state);
        self.responder = Responder::called(staffed, began);
        self.waiting_since = Some(began);
    }

    /// Whoever answered besides the bot does no more.
    fn leave(&mut self, state: State) {
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
        let created_at = self.tick(at);
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

    /// A timestamp for something at `at`: after every one given out before, so that a
    /// client that asks for what is after any of them misses nothing.
    fn tick(&mut self, at: Timestamp) -> Timestamp {
        self.last = at.max(later(self.last, Duration::from_millis(1)));
        self.last
    }

    fn settled(&self, ts: Timestamp) -> Settled {
        Settled {
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

    /// Sends a message and lets its reply end at once.
    fn say(conversation: &mut Conversation, message: &str, seconds: u64) -> Settled {
        let person = Person::default();
        let turn = conversation.hear(message, &person, at(seconds));
        conversation.settle(&turn, &person, false, at(seconds))
    }

    /// The state and the messages, as `second role: first word`.
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
    fn a_person_speaks_twice_and_hands_back() {
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
    fn a_message_to_a_person_does_not_begin_their_part_anew() {
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
    fn a_pending_conversation_is_answered_by_the_bot_until_the_person_comes() {
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
    fn a_person_who_comes_while_the_bot_talks_leaves_done_pending() {
        let person = Person::default();
        let mut conversation = Conversation::new();
        say(&mut conversation, "/pending", 0);
        let turn = conversation.hear("հա", &person, at(1));

        let settled = conversation.settle(&turn, &person, false, at(4));

        assert_eq!(settled.state, State::PendingHuman);
        assert_eq!(log(&mut conversation, 4)[0], "Human");
    }

    #[test]
    fn a_closed_conversation_is_left_by_the_person_and_opened_by_a_message() {
        let mut conversation = Conversation::new();
        say(&mut conversation, "/human", 0);
        assert_eq!(say(&mut conversation, "/close", 4).state, State::Closed);
        assert_eq!(log(&mut conversation, 20)[0], "Closed");
        assert_eq!(log(&mut conversation, 20).len(), 5);

        assert_eq!(say(&mut conversation, "Բարև", 21).state, State::Bot);
        assert_eq!(log(&mut conversation, 22)[0], "Bot");
    }

    #[test]
    fn times_in_a_conversation_only_grow() {
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
    fn the_built_in_person_steps_back_where_the_desk_acts() {
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
    fn the_built_in_person_stays_away_from_a_staffed_inbox() {
        let person = Person::default();
        for (message, state) in [("/human", "Human"), ("/pending", "PendingHuman")] {
            let mut conversation = Conversation::new();
            let turn = conversation.hear(message, &person, at(0));
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
    fn a_person_who_takes_over_while_the_bot_talks_leaves_done_pending() {
        let person = Person::absent();
        let mut conversation = Conversation::new();
        let turn = conversation.hear("/pending", &person, at(0));
        conversation.take_over(&person, at(1)).unwrap();

        let settled = conversation.settle(&turn, &person, false, at(2));

        assert_eq!(settled.state, State::PendingHuman);
        assert_eq!(conversation.state(), State::Human);
        assert!(conversation.is_taken_over());
    }

    #[test]
    fn a_closed_conversation_takes_nothing_from_the_inbox() {
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
    fn looking_is_no_change() {
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
