//! A life: everything that happens to one conversation, as plain data.

pub mod reduce;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// One life. Two runs of the same life have the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The seed of everything random during the run: the client's jitter and shuffled
    /// pages.
    pub seed: u64,
    /// How the service behaves where the API's text allows several ways.
    pub habits: Habits,
    /// What the user and the person do, in order.
    pub acts: Vec<Act>,
    /// The fault of each requested page, in order. Later pages have no fault.
    pub pages: Vec<PageFault>,
    /// How the network delivers answers.
    #[serde(default)]
    pub network: Network,
}

/// How the network delivers an answer that has no fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The longest delay of an answer, in ms. Each answer has a random delay.
    pub delay: u16,
    /// The most bytes of a body per piece; 0: one piece per event.
    pub pieces: u8,
}

/// How the service behaves where the API's text allows several ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// Whether pages list the user's messages.
    pub lists_users: bool,
    /// The meaning of `after`.
    pub after: After,
    /// The order of a page.
    pub order: Order,
    /// The most messages of a page. The service keeps the oldest of the requested ones.
    pub page_len: Option<u8>,
    /// Whether the service stores texts without white space at both ends.
    pub trims: bool,
    /// Whether a greeting is stored before the first message; `true`: it has the same
    /// beginning as a reply.
    pub greets: Option<bool>,
    /// When the service sends the conversation's id.
    pub meta: Meta,
    /// Whether `done` has a `message_id`.
    pub gives_ids: bool,
    /// Whether `done` has a `state`.
    pub gives_states: bool,
    /// Whether events have a `ts`.
    pub gives_times: bool,
    /// How far the clock of the events is ahead of the clock of the messages, in ms.
    pub events_ahead: i16,
    /// How far all clocks differ from the real time, in s.
    pub clock_off: i16,
    /// Whether times are whole seconds.
    pub seconds: bool,
    /// Whether the text of a `human` event is stored as a message.
    pub stores_human: bool,
    /// Whether pages contain messages that cannot be read.
    pub odd: bool,
    /// Whether the person's messages have the same beginning as the bot's.
    pub copycat: bool,
    /// Whether streams contain pings, comments and events that the API's text does not
    /// name.
    #[serde(default)]
    pub chatty: bool,
}

/// The meaning of `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// Messages later than this time.
    Exclusive,
    /// Messages at this time or later.
    Inclusive,
    /// The service ignores it.
    Ignored,
}

/// The order of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The oldest message first.
    Oldest,
    /// The newest message first.
    Newest,
    /// A random order in each page.
    Shuffled,
}

/// When the service sends the conversation's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meta {
    /// As the first event of each reply.
    Each,
    /// As the first event of the first reply only.
    First,
    /// After this many deltas.
    Late(u8),
    /// Never.
    Never,
    /// As the first event of each reply. The turn with this number begins another
    /// conversation.
    Changes(u8),
}

/// The next thing that the user or the person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Nothing, for this many ms.
    Pause(u32),
    /// The user sends a message and waits for the end of the turn.
    Turn(Turn),
    /// The user rates the conversation; `true`: up.
    Rate(bool),
    /// The person does something between two turns.
    Person(Person),
    /// The program ends and starts again.
    Restart(Restart),
}

/// What the person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Person {
    /// Takes over; the state becomes `human`.
    TakesOver,
    /// Writes a message, also before taking over.
    Writes,
    /// Hands back to the bot.
    HandsBack,
    /// Closes the conversation.
    Closes,
}

/// How a restarted program continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// With everything that it saved.
    Saved,
    /// With the conversation's id only.
    ById,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The index of the user's text.
    pub text: u8,
    /// The index of the reply's beginning.
    pub beginning: u8,
    /// The number of deltas.
    pub deltas: u8,
    /// The time between two events, in ms.
    pub gap: u16,
    /// How the reply ends.
    pub end: End,
    /// The results of the attempts before the last one.
    pub tries: Vec<Try>,
    /// After how many ms pages list the user's message.
    pub listed_after: u16,
    /// When the reply is stored.
    pub stored: Stored,
    /// The fault of the answer.
    pub fault: Option<Fault>,
    /// What the user does before the turn ends, and after how many ms.
    pub interrupt: Option<(u32, Interrupt)>,
    /// What the person does during the turn, and after how many ms.
    pub person: Vec<(u32, Person)>,
}

/// How a reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With `done`; the bot keeps answering.
    Bot,
    /// With `done` and `pending_human`.
    Pending,
    /// With `done` and `closed`.
    Closed,
    /// With `human`.
    Human,
    /// With `human`, followed by `done`.
    HumanThenDone,
    /// With `error`.
    Error,
}

/// The result of an attempt to send a message, if it is not a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Try {
    /// The service is not reached.
    NotSent,
    /// 429, with this Retry-After in seconds.
    Limited(Option<u16>),
    /// A 5xx; `true`: the service took the message and answers it.
    Failed(bool),
    /// A 200 that is not an event stream; `true`: the service took the message and answers
    /// it.
    WrongType(bool),
    /// 401.
    Unauthenticated,
}

/// When a reply is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored {
    /// The whole reply, when the message is taken.
    AtOnce,
    /// At the end of the reply.
    AtEnd,
    /// This many ms after the end; `true`: with the time of storing instead of the time of
    /// the end.
    Late(u16, bool),
    /// Never.
    Never,
}

/// A fault of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where in the stream, in thousandths of its length; `None`: before the head.
    pub at: Option<u16>,
    /// What happens there.
    pub how: How,
}

/// What happens to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// The connection is lost.
    Lost,
    /// The body ends as if it were complete.
    Ended,
    /// Nothing more arrives.
    Stalled,
    /// Only pings arrive.
    Pings,
    /// An event with broken JSON arrives.
    Broken,
}

/// What the user does before the turn ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interrupt {
    /// Cancels the turn.
    Cancel,
    /// Ends the program and starts it again.
    Restart(Restart),
}

/// What happens to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageFault {
    /// No fault.
    None,
    /// The service is not reached.
    NotSent,
    /// A 5xx.
    Failed,
    /// 429, with this Retry-After in seconds.
    Limited(Option<u16>),
    /// 404.
    Gone,
    /// Invalid JSON.
    Broken,
    /// A 200 with another content type.
    WrongType,
    /// The connection is lost in the middle.
    Cut,
    /// Nothing arrives after the head.
    Stalled,
}

impl Life {
    /// Draws the life of a seed.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let habits = Habits::draw(rng);
        let turns = rng.u8(1..=4);
        let mut acts = Vec::new();
        for _ in 0..turns {
            if rng.u8(..4) == 0 {
                acts.push(Act::Pause(rng.u32(1..20_000)));
            }
            between(rng, &habits, &mut acts);
            acts.push(Act::Turn(Turn::draw(rng, &habits)));
        }
        between(rng, &habits, &mut acts);
        let pages = (0..rng.u8(..6)).map(|_| PageFault::draw(rng)).collect();
        let network = Network {
            delay: if rng.bool() {
                0
            } else {
                [30, 500, 5000][rng.usize(..3)]
            },
            pieces: if rng.u8(..8) == 0 { rng.u8(1..100) } else { 0 },
        };
        Self {
            seed,
            habits,
            acts,
            pages,
            network,
        }
    }
}

/// Draws what happens between two turns.
fn between(rng: &mut Rng, habits: &Habits, acts: &mut Vec<Act>) {
    match rng.u8(..24) {
        0 => acts.push(Act::Restart(Restart::Saved)),
        1 => acts.push(Act::Restart(Restart::ById)),
        2 => acts.push(Act::Rate(rng.bool())),
        3 => acts.push(Act::Person(Person::Closes)),
        4..8 => {
            if rng.bool() {
                acts.push(Act::Person(Person::Writes));
                acts.push(Act::Pause(rng.u32(1..2000)));
            }
            acts.push(Act::Person(Person::TakesOver));
            acts.push(Act::Pause(rng.u32(1..10_000)));
            if rng.bool() {
                acts.push(Act::Person(Person::Writes));
            }
            if rng.bool() && !habits.copycat {
                acts.push(Act::Pause(rng.u32(1..10_000)));
                acts.push(Act::Person(Person::HandsBack));
            }
        }
        8..12 if !habits.copycat => acts.push(Act::Person(Person::HandsBack)),
        _ => {}
    }
}

impl Habits {
    fn draw(rng: &mut Rng) -> Self {
        let copycat = rng.u8(..8) == 0;
        let after = match rng.u8(..6) {
            0 => After::Ignored,
            1 | 2 => After::Inclusive,
            _ => After::Exclusive,
        };
        let page_len = (after != After::Ignored && rng.u8(..8) == 0).then(|| rng.u8(1..5));
        let lists_users = rng.u8(..3) > 0;
        let order = match rng.u8(..6) {
            0 => Order::Shuffled,
            1 => Order::Newest,
            _ => Order::Oldest,
        };
        let trims = rng.u8(..4) == 0;
        let greets = (rng.u8(..3) == 0).then(|| rng.bool());
        // If the service lists only part of the messages, the client could not find out which of
        // them are new. Without those of users, an old greeting may be the only one.
        let is_partial = page_len.is_some() || (!lists_users && greets == Some(true));
        Self {
            lists_users,
            after,
            order,
            page_len,
            trims,
            greets,
            meta: match rng.u8(..16) {
                0 => Meta::Never,
                1 | 2 => Meta::First,
                3 => Meta::Late(rng.u8(..4)),
                4 => Meta::Changes(rng.u8(1..3)),
                _ => Meta::Each,
            },
            gives_ids: rng.u8(..6) > 0,
            gives_states: rng.u8(..8) > 0,
            gives_times: rng.u8(..6) > 0,
            events_ahead: match rng.u8(..8) {
                0 if !is_partial => rng.i16(-4000..4000),
                _ => 0,
            },
            clock_off: match rng.u8(..4) {
                0 => rng.i16(-7200..7200),
                _ => 0,
            },
            seconds: rng.u8(..6) == 0,
            stores_human: rng.bool(),
            odd: rng.u8(..8) == 0,
            copycat,
            chatty: rng.u8(..6) == 0,
        }
    }
}

impl Turn {
    fn draw(rng: &mut Rng, habits: &Habits) -> Self {
        let end = match rng.u8(..16) {
            0 | 1 => End::Human,
            2 => End::HumanThenDone,
            3 | 4 => End::Pending,
            5 => End::Closed,
            6 => End::Error,
            _ => End::Bot,
        };
        let stored = match rng.u8(..8) {
            // If the person writes like the bot, only messages that were stored earlier
            // show the difference.
            _ if habits.copycat => Stored::AtOnce,
            0 => Stored::Never,
            1 => Stored::Late(rng.u16(1..15_000), rng.bool()),
            2 | 3 => Stored::AtOnce,
            _ => Stored::AtEnd,
        };
        let fault = (rng.u8(..5) < 2).then(|| Fault::draw(rng));
        let tries = match rng.u8(..6) {
            0 => (0..rng.u8(1..4)).map(|_| Try::draw(rng)).collect(),
            _ => Vec::new(),
        };
        let interrupt = match rng.u8(..12) {
            0 | 1 => Some(Interrupt::Cancel),
            2 => Some(Interrupt::Restart(Restart::Saved)),
            3 if rng.bool() => Some(Interrupt::Restart(Restart::ById)),
            _ => None,
        };
        let gap = [0, 1, 20, 300, 2000][rng.usize(..5)];
        let mut person = Vec::new();
        if rng.u8(..8) == 0 {
            let mut at = rng.u32(..4000);
            if rng.bool() {
                person.push((at, Person::Writes));
                at += rng.u32(1..2000);
            }
            person.push((at, Person::TakesOver));
            for _ in 0..rng.u8(..3) {
                at += rng.u32(1..8000);
                person.push((at, Person::Writes));
            }
            if rng.u8(..6) == 0 {
                person.push((at + rng.u32(1..8000), Person::Closes));
            }
        } else if rng.u8(..8) == 0 {
            person.push((rng.u32(..4000), Person::Writes));
        }
        Self {
            text: rng.u8(..3),
            beginning: rng.u8(..3),
            deltas: rng.u8(..5),
            gap,
            end,
            tries,
            listed_after: if rng.u8(..8) == 0 {
                rng.u16(1..10_000)
            } else {
                0
            },
            stored,
            fault,
            interrupt: interrupt.map(|interrupt| (rng.u32(..8000), interrupt)),
            person,
        }
    }
}

impl Fault {
    fn draw(rng: &mut Rng) -> Self {
        let how = match rng.u8(..12) {
            0 => How::Stalled,
            1 => How::Pings,
            2 => How::Broken,
            3..7 => How::Lost,
            _ => How::Ended,
        };
        let is_headless = matches!(how, How::Lost | How::Stalled) && rng.u8(..3) == 0;
        Self {
            at: (!is_headless).then(|| rng.u16(..1000)),
            how,
        }
    }
}

impl Try {
    fn draw(rng: &mut Rng) -> Self {
        match rng.u8(..10) {
            0..3 => Self::NotSent,
            3 | 4 => Self::Limited(None),
            5 => Self::Limited(Some(rng.u16(..130))),
            6 | 7 => Self::Failed(rng.bool()),
            8 => Self::WrongType(rng.bool()),
            _ => Self::Unauthenticated,
        }
    }
}

impl PageFault {
    fn draw(rng: &mut Rng) -> Self {
        match rng.u8(..24) {
            0 => Self::NotSent,
            1 | 2 => Self::Failed,
            3 => Self::Limited(None),
            4 => Self::Limited(Some(rng.u16(..10))),
            5 if rng.u8(..4) == 0 => Self::Gone,
            6 => Self::Broken,
            7 => Self::WrongType,
            8 | 9 => Self::Cut,
            10 => Self::Stalled,
            _ => Self::None,
        }
    }
}
