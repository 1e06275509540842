//! The simulated service: its messages and state, and its answers.

mod page;
mod stream;

use core::fmt::Write;

use fastrand::Rng;

use crate::life::{End, Habits, Meta, PageFault, Person, Stored, Try, Turn};
use crate::world::step::{Head, Step, Steps};
use crate::world::time::{self, Millis};
use crate::world::words;

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// How many pings are sent in a stream that only has pings.
const PINGS: u64 = 40;
/// The time between two of these pings, in ms.
const PING_INTERVAL: u64 = 10_000;

/// The state of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Bot,
    Pending,
    Human,
    Closed,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Pending => "pending_human",
            Self::Human => "human",
            Self::Closed => "closed",
        }
    }
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    User,
    /// The bot: its reply to this turn, or the greeting or the text of an event.
    Bot(Option<usize>),
    Person,
}

/// A stored message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: u32,
    pub(crate) author: Author,
    pub(crate) text: String,
    pub(crate) at: Millis,
}

/// What really happened in a turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    /// How often the service took the message.
    pub(crate) taken: u32,
    /// When the service first took it.
    pub(crate) taken_at: Option<Millis>,
    /// The reply that was generated.
    pub(crate) reply: String,
    /// The number of the message that stores the reply.
    pub(crate) id: Option<u32>,
    /// How often the message was sent, taken or not.
    pub(crate) tries: usize,
}

#[derive(Clone, Debug)]
enum Planned {
    Store(Message),
    Person(Person),
    Enter(State),
}

/// The answer to a request for messages.
#[derive(Debug)]
pub(crate) struct PageAnswer {
    pub(crate) steps: Steps,
    /// The messages of the page, if it has no fault.
    pub(crate) ids: Option<Vec<u32>>,
    /// Whether the answer is 404.
    pub(crate) is_gone: bool,
}

#[derive(Debug)]
pub(crate) struct Service {
    habits: Habits,
    rng: Rng,
    state: State,
    /// Whether a person has come and not handed back.
    has_person: bool,
    messages: Vec<Message>,
    /// The messages of earlier conversations.
    before: Vec<Message>,
    /// Planned events, the next one last.
    agenda: Vec<(u64, Planned)>,
    next_id: u32,
    pages: std::vec::IntoIter<PageFault>,
    /// Whether the newest message named a conversation.
    is_continued: bool,
    pub(crate) truths: Vec<Truth>,
}

impl Service {
    pub(crate) fn new(habits: Habits, pages: Vec<PageFault>, seed: u64) -> Self {
        Self {
            habits,
            rng: Rng::with_seed(!seed),
            state: State::Bot,
            has_person: false,
            messages: Vec::new(),
            before: Vec::new(),
            agenda: Vec::new(),
            next_id: 1,
            pages: pages.into_iter(),
            is_continued: false,
            truths: Vec::new(),
        }
    }

    /// Begins a turn.
    pub(crate) fn begin_turn(&mut self) {
        self.truths.push(Truth::default());
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// A message of this conversation or of an earlier one.
    pub(crate) fn message_of(&self, id: u32) -> Option<&Message> {
        let mut all = self.messages.iter().chain(&self.before);
        all.find(|message| message.id == id)
    }

    pub(crate) const fn habits(&self) -> &Habits {
        &self.habits
    }

    /// Whether anything is planned.
    pub(crate) fn is_busy(&self) -> bool {
        !self.agenda.is_empty()
    }

    /// The id of the conversation in this turn.
    fn conversation_id(&self, turn: usize) -> &'static str {
        match self.habits.meta {
            Meta::Changes(from) if turn >= usize::from(from) => "d",
            _ => "c",
        }
    }

    fn plan(&mut self, at: u64, event: Planned) {
        let place = self.agenda.partition_point(|(planned, _)| *planned > at);
        self.agenda.insert(place, (at, event));
    }

    pub(crate) fn plan_person(&mut self, at: u64, person: Person) {
        self.plan(at, Planned::Person(person));
    }

    /// Performs everything that was planned until now.
    pub(crate) fn advance(&mut self, now: u64) {
        while self.agenda.last().is_some_and(|(at, _)| *at <= now) {
            let Some((at, event)) = self.agenda.pop() else {
                return;
            };
            match event {
                Planned::Store(message) => self.messages.push(message),
                // The end of a reply does not end a person's takeover.
                Planned::Enter(state) => {
                    if !self.has_person {
                        self.state = state;
                        self.has_person = state == State::Human;
                    }
                }
                Planned::Person(person) => self.act(at, person),
            }
        }
    }

    fn act(&mut self, at: u64, person: Person) {
        match person {
            Person::TakesOver => {
                self.state = State::Human;
                self.has_person = true;
            }
            Person::Writes => {
                let follows = |(planned, next): &(u64, Planned)| {
                    matches!(next, Planned::Person(Person::TakesOver)) && *planned < at + 2000
                };
                if self.state != State::Human && !self.agenda.iter().any(follows) {
                    self.act(at, Person::TakesOver);
                }
                let number = self.next_id as usize;
                let text = words::person(number, self.habits.copycat);
                let message = self.message(Author::Person, &text, millis(at));
                self.messages.push(message);
            }
            Person::HandsBack => {
                self.state = State::Bot;
                self.has_person = false;
            }
            Person::Closes => {
                self.state = State::Closed;
                self.has_person = true;
            }
        }
    }

    fn message(&mut self, author: Author, text: &str, at: Millis) -> Message {
        let id = self.next_id;
        self.next_id += 1;
        let text = if self.habits.trims { text.trim() } else { text };
        Message {
            id,
            author,
            text: text.to_owned(),
            at,
        }
    }

    /// Whether the next request for a page will not reach the service.
    pub(crate) fn is_page_out_of_reach(&self) -> bool {
        self.pages.as_slice().first() == Some(&PageFault::NotSent)
    }

    /// Skips the fault of the next page, because it occurred before the request.
    pub(crate) fn pass_page(&mut self) {
        self.pages.next();
    }

    /// Answers a message. A message without a conversation id begins a new conversation.
    pub(crate) fn chat(
        &mut self,
        turn: &Turn,
        number: usize,
        is_continued: bool,
        now: u64,
    ) -> Steps {
        self.advance(now);
        self.is_continued = is_continued;
        let attempt = self.truths[number].tries;
        self.truths[number].tries += 1;
        if let Some(planned) = turn.tries.get(attempt) {
            let (head, body, is_taken) = match *planned {
                Try::NotSent => return vec![(now, Step::NotSent)],
                Try::Limited(retry_after) => {
                    let head = Head::new(429, JSON);
                    let body = r#"{"error":{"code":"rate_limited","message":"Չափից շատ է"}}"#;
                    (
                        Head {
                            retry_after,
                            ..head
                        },
                        body,
                        false,
                    )
                }
                Try::Failed(is_taken) => (Head::new(502, HTML), "<h1>502</h1>", is_taken),
                Try::WrongType(is_taken) => (Head::new(200, HTML), "<h1>Բարև</h1>", is_taken),
                Try::Unauthenticated => {
                    let body = r#"{"error":{"code":"unauthenticated","message":"Ո՞վ եք"}}"#;
                    (Head::new(401, JSON), body, false)
                }
            };
            if is_taken {
                self.answer(turn, number, now);
            }
            return whole(now, head, body.into());
        }
        self.answer(turn, number, now)
    }

    /// Takes a message and answers it with a stream.
    fn answer(&mut self, turn: &Turn, number: usize, now: u64) -> Steps {
        let at = millis(now);
        let truth = &mut self.truths[number];
        truth.taken += 1;
        truth.taken_at.get_or_insert(at);
        let is_changed = self.habits.meta == Meta::Changes(u8::try_from(number).unwrap_or(u8::MAX));
        if !self.is_continued || is_changed {
            self.before.append(&mut self.messages);
            self.agenda
                .retain(|(_, next)| matches!(next, Planned::Person(_)));
            self.state = State::Bot;
            self.has_person = false;
            if let Some(is_alike) = self.habits.greets {
                let greeting = words::greeting(is_alike);
                let message = self.message(Author::Bot(None), &greeting, at - 1);
                self.messages.push(message);
            }
        }
        if self.state == State::Closed {
            // A new message opens the conversation again.
            self.state = State::Bot;
            self.has_person = false;
        }
        let text = words::QUESTIONS[usize::from(turn.text) % words::QUESTIONS.len()];
        let question = self.message(Author::User, text, at);
        self.plan(now + u64::from(turn.listed_after), Planned::Store(question));
        self.advance(now);

        let events = self.reply(turn, number, now);
        Self::stream(turn, events)
    }

    /// The events of a reply with their times. Plans what the reply changes.
    fn reply(&mut self, turn: &Turn, number: usize, now: u64) -> Vec<(u64, String)> {
        let gap = u64::from(turn.gap);
        let mut pieces = words::reply(turn.beginning, turn.deltas, number + 1);
        let mut end = turn.end;
        if self.state == State::Human {
            pieces.clear();
            end = End::Human;
        }
        if pieces.is_empty()
            && matches!(end, End::Bot | End::Pending | End::Closed)
            && self.state != State::Human
        {
            pieces = words::reply(turn.beginning, 1, number + 1);
        }
        let mut over_at = now + gap * (pieces.len() as u64 + 1);
        // A person who takes over during the reply ends it.
        let comes = self.agenda.iter().rev().find(|(at, event)| {
            *at <= over_at && matches!(event, Planned::Person(Person::TakesOver))
        });
        if let Some((at, _)) = comes {
            let came = (at - now).checked_div(gap).unwrap_or(0);
            pieces.truncate(usize::try_from(came).unwrap_or(usize::MAX));
            over_at = *at;
            end = End::Human;
        }
        if end == End::Error {
            pieces.pop();
        }
        let reply = pieces.concat();
        self.truths[number].reply.clone_from(&reply);

        let mut events = Vec::new();
        let meta = format!(
            "event: meta\ndata: {{\"conversation_id\":\"{}\"}}\n\n",
            self.conversation_id(number)
        );
        let meta_after = match self.habits.meta {
            Meta::Each | Meta::Changes(_) => Some(0),
            Meta::First => (!self.is_continued).then_some(0),
            Meta::Late(deltas) => Some(usize::from(deltas).min(pieces.len())),
            Meta::Never => None,
        };
        if meta_after == Some(0) {
            events.push((now, meta.clone()));
        }
        for (n, piece) in pieces.iter().enumerate() {
            let at = now + gap * (n as u64 + 1);
            let text = serde_json::to_string(piece).expect("a string");
            if self.habits.chatty {
                let noise =
                    ": բարև\n\nevent: ping\ndata: {}\n\nevent: typing\ndata: {\"by\":1}\n\n";
                events.push((at.min(over_at), noise.into()));
            }
            events.push((
                at.min(over_at),
                format!("event: delta\ndata: {{\"text\":{text}}}\n\n"),
            ));
            if meta_after == Some(n + 1) {
                events.push((at.min(over_at), meta.clone()));
            }
        }
        self.store_reply(turn, number, &reply, now, over_at);
        let id = self.truths[number].id.filter(|_| !reply.is_empty());
        let ts = self.event_time(over_at);
        let (state, last) = match end {
            End::Bot => (State::Bot, self.done(id, "bot", &ts)),
            End::Pending => (State::Pending, self.done(id, "pending_human", &ts)),
            End::Closed => (State::Closed, self.done(id, "closed", &ts)),
            End::Human | End::HumanThenDone => {
                let text = words::handed_over(number);
                if self.habits.stores_human {
                    let message = self.message(Author::Bot(None), &text, millis(over_at));
                    self.plan(over_at, Planned::Store(message));
                }
                let mut events = format!("event: human\ndata: {{\"message\":\"{text}\"{ts}}}\n\n");
                if end == End::HumanThenDone {
                    events += &self.done(id, "human", &ts);
                }
                (State::Human, events)
            }
            End::Error => (
                self.state,
                format!(
                    "event: error\ndata: {{\"message\":\"{}\"}}\n\n",
                    words::ERROR_TEXT
                ),
            ),
        };
        events.push((over_at, last));
        self.plan(over_at, Planned::Enter(state));
        events
    }

    fn store_reply(&mut self, turn: &Turn, number: usize, reply: &str, now: u64, over_at: u64) {
        if reply.is_empty() {
            return;
        }
        let (visible, at) = match turn.stored {
            Stored::AtOnce => (now, now + 1),
            Stored::AtEnd => (over_at, over_at),
            Stored::Late(by, true) => (over_at + u64::from(by), over_at + u64::from(by)),
            Stored::Late(by, false) => (over_at + u64::from(by), over_at),
            Stored::Never => return,
        };
        let message = self.message(Author::Bot(Some(number)), reply, millis(at));
        self.truths[number].id = Some(message.id);
        self.plan(visible, Planned::Store(message));
    }

    fn done(&self, id: Option<u32>, state: &str, ts: &str) -> String {
        let mut fields = String::new();
        if let Some(id) = id.filter(|_| self.habits.gives_ids) {
            write!(fields, ",\"message_id\":\"m{id}\"").expect("a string takes all");
        }
        if self.habits.gives_states {
            write!(fields, ",\"state\":\"{state}\"").expect("a string takes all");
        }
        fields.push_str(ts);
        format!(
            "event: done\ndata: {{{}}}\n\n",
            fields.strip_prefix(',').unwrap_or_default()
        )
    }

    /// The `ts` field of an event with a comma before it; empty if events have no times.
    fn event_time(&self, at: u64) -> String {
        if !self.habits.gives_times {
            return String::new();
        }
        let mut field = ",\"ts\":\"".to_owned();
        self.write_time(&mut field, millis(at) + i64::from(self.habits.events_ahead));
        field.push('"');
        field
    }

    fn write_time(&self, into: &mut String, at: Millis) {
        let at = at + 1000 * i64::from(self.habits.clock_off);
        time::write(into, at, self.habits.seconds);
    }

    /// Reads a time that the service wrote, as a time on the clock of the messages.
    pub(crate) fn read_time(&self, text: &str) -> Option<Millis> {
        Some(time::read(text)? - 1000 * i64::from(self.habits.clock_off))
    }

    /// Answers a rating.
    pub(crate) fn rating(now: u64) -> Steps {
        whole(now, Head::new(200, JSON), b"{}".to_vec())
    }
}

fn whole(at: u64, head: Head, body: Vec<u8>) -> Steps {
    vec![
        (at, Step::Head(head)),
        (at, Step::Body(body)),
        (at, Step::End),
    ]
}

fn millis(at: u64) -> Millis {
    Millis::try_from(at).unwrap_or(Millis::MAX)
}
