use core::time::Duration;
use std::collections::VecDeque;

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::later;
use crate::look::{Author, Look};
use crate::memory::Memory;
use crate::person::{Act, Person};
use crate::state::State;
use crate::turn::{Ending, Next, Turn};

/// How many messages a conversation keeps; the oldest are forgotten.
const MAX_MESSAGES: usize = 500;

/// A rating that a user gave to a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rating {
    /// 1 for 👍, 0 for 👎.
    pub rating: u8,
    /// What the user said about it.
    pub comment: Option<String>,
}

/// A message as the messages endpoint shows it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) author: Author,
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
}

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
/// Nothing runs between two requests: what a person would have done meanwhile is
/// done, with its own times, when the next request looks.
///
/// ```text
///        /human                     first line of the person
///  Bot ──────────▶ Human ◀──────────────────────── PendingHuman ◀── /pending ── Bot
///   ▲                │ hands back                      │ hands back
///   ├────────────────┴─────────────────────────────────┘
///   └── a message ── Closed ◀── /close ── any
/// ```
pub(crate) struct Conversation {
    messages: VecDeque<Message>,
    state: State,
    memory: Memory,
    handoff: Option<Handoff>,
    rating: Option<Rating>,
    /// The last timestamp given out.
    last: Timestamp,
}

/// A person's part, as far as it was played.
struct Handoff {
    began: Timestamp,
    acts: usize,
}

impl Conversation {
    pub(crate) fn new() -> Self {
        Self {
            messages: VecDeque::new(),
            state: State::Bot,
            memory: Memory::default(),
            handoff: None,
            rating: None,
            last: Timestamp::MIN,
        }
    }

    /// Takes a user's message; what it leads to.
    pub(crate) fn hear(&mut self, message: &str, person: &Person, now: Timestamp) -> Turn {
        self.catch_up(person, now);
        if self.state == State::Closed {
            self.state = State::Bot;
        }
        self.memory.hear(message);
        self.push(Author::User, message.to_owned(), now);
        Turn::of(self.state, &self.memory, message)
    }

    /// Ends a turn: keeps what the bot said and changes the state.
    pub(crate) fn settle(&mut self, turn: &Turn, person: &Person, now: Timestamp) -> Settled {
        self.catch_up(person, now);
        match turn.ending {
            Ending::Done(next) => {
                let (message_id, ts) = self.push(Author::Bot, turn.text.clone(), now);
                match next {
                    Next::GoesOn => {}
                    Next::Pending => self.hand_over(State::PendingHuman, ts),
                    Next::Closes => {
                        self.state = State::Closed;
                        self.handoff = None;
                    }
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
                    self.hand_over(State::Human, ts);
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
    pub(crate) fn page(&mut self, look: &Look, person: &Person, now: Timestamp) -> Page {
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
    }

    pub(crate) fn rating(&self) -> Option<&Rating> {
        self.rating.as_ref()
    }

    fn hand_over(&mut self, state: State, began: Timestamp) {
        self.state = state;
        self.handoff = Some(Handoff { began, acts: 0 });
    }

    /// Does what the person would have done by now.
    fn catch_up(&mut self, person: &Person, now: Timestamp) {
        while let Some(handoff) = &mut self.handoff {
            let Some((after, act)) = person.nth(handoff.acts) else {
                return;
            };
            let due = later(handoff.began, *after);
            if due > now {
                return;
            }
            handoff.acts += 1;
            match act {
                Act::Says(text) => {
                    self.state = State::Human;
                    self.push(Author::Person, text.clone(), due);
                }
                Act::HandsBack => {
                    self.state = State::Bot;
                    self.handoff = None;
                }
            }
        }
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
        conversation.settle(&turn, &person, at(seconds))
    }

    /// The state and the messages, as `second role: first word`.
    fn log(conversation: &mut Conversation, seconds: u64) -> Vec<String> {
        let page = conversation.page(&Look::default(), &Person::default(), at(seconds));
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

        let settled = conversation.settle(&turn, &person, at(4));

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

        let page = conversation.page(&Look::default(), &Person::default(), at(0));
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

        let page = conversation.page(&Look::default(), &Person::default(), at(0));

        assert_eq!(page.messages.len(), MAX_MESSAGES);
        assert_eq!(page.messages[0].content, "ա50");
    }
}
