//! A life: everything that happens to one conversation, as plain data.

pub mod reduce;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// One life. Two runs of the same life go the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// What is random while it is played: the client's jitter, shuffled pages.
    pub seed: u64,
    /// How the service reads the API's text.
    pub habits: Habits,
    /// What the user and the person do, one after the other.
    pub acts: Vec<Act>,
    /// What happens to each page that is asked for, in order; after them all come whole.
    pub pages: Vec<PageFault>,
    /// How the network carries it.
    #[serde(default)]
    pub network: Network,
}

/// How the network carries what comes whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// How long an answer takes at most, in ms; each takes another time.
    pub delay: u16,
    /// Bodies come in pieces of at most so many bytes; 0: each event in one.
    pub pieces: u8,
}

/// How the service reads the API's text where that is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// Pages list what the user wrote.
    pub lists_users: bool,
    /// What `after` means.
    pub after: After,
    /// The order of a page.
    pub order: Order,
    /// The most messages of a page: the oldest of those that are asked for.
    pub page_len: Option<u8>,
    /// Texts are stored without the white space at their ends.
    pub trims: bool,
    /// A greeting is stored before the first message; `true`: it begins like the replies.
    pub greets: Option<bool>,
    /// When the conversation's id is given.
    pub meta: Meta,
    /// `done` has a `message_id`.
    pub gives_ids: bool,
    /// `done` has a `state`.
    pub gives_states: bool,
    /// Events have a `ts`.
    pub gives_times: bool,
    /// How far the clock of the events is ahead of the clock of the messages, in ms.
    pub events_ahead: i16,
    /// How far all clocks are off, in s.
    pub clock_off: i16,
    /// Times are whole seconds.
    pub seconds: bool,
    /// The text of a `human` event is stored as a message.
    pub stores_human: bool,
    /// Pages hold messages that cannot be read.
    pub odd: bool,
    /// A person writes like the bot.
    pub copycat: bool,
    /// Streams hold pings, comments and events that the API's text does not name.
    #[serde(default)]
    pub chatty: bool,
}

/// What `after` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// Later than that.
    Exclusive,
    /// At that time, or later.
    Inclusive,
    /// Nothing.
    Ignored,
}

/// The order of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
    /// Another one each time.
    Shuffled,
}

/// When the conversation's id is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meta {
    /// First in each reply.
    Each,
    /// First in the first reply alone.
    First,
    /// Behind so many deltas.
    Late(u8),
    /// Never.
    Never,
    /// First in each reply; with that turn another conversation begins.
    Changes(u8),
}

/// What the user or the person does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Nothing, for so many ms.
    Pause(u32),
    /// The user sends a message, and waits for the turn's end.
    Turn(Turn),
    /// The user rates.
    Rate(bool),
    /// A person does something between two turns.
    Person(Person),
    /// The program ends, and is started again.
    Restart(Restart),
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Person {
    /// Takes over, with a state of `human`.
    TakesOver,
    /// Writes; before taking over as well.
    Writes,
    /// Hands back to the bot.
    HandsBack,
    /// Closes the conversation.
    Closes,
}

/// How a program goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// With what it saved.
    Saved,
    /// With the conversation's id alone.
    ById,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Which of the few texts the user sends.
    pub text: u8,
    /// Which of the few beginnings the reply has.
    pub beginning: u8,
    /// In how many deltas it comes.
    pub deltas: u8,
    /// Between two events, in ms.
    pub gap: u16,
    /// How it ends.
    pub end: End,
    /// What the attempts before the last one come to.
    pub tries: Vec<Try>,
    /// How long after it was taken the message is listed, in ms.
    pub listed_after: u16,
    /// When the reply is stored.
    pub stored: Stored,
    /// What goes wrong with the answer.
    pub fault: Option<Fault>,
    /// What the user does before the turn is over, after so many ms.
    pub interrupt: Option<(u32, Interrupt)>,
    /// What a person does meanwhile, after so many ms.
    pub person: Vec<(u32, Person)>,
}

/// How a reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// `done`, the bot answers on.
    Bot,
    /// `done` with `pending_human`.
    Pending,
    /// `done` with `closed`.
    Closed,
    /// `human`.
    Human,
    /// `human`, and a `done` behind it.
    HumanThenDone,
    /// `error`.
    Error,
}

/// What an attempt to send a message comes to, other than a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Try {
    /// The service is not reached.
    NotSent,
    /// 429, with so many seconds to wait.
    Limited(Option<u16>),
    /// A 5xx; `true`: the message was taken all the same, and is answered.
    Failed(bool),
    /// A 200 that is no event stream, likewise.
    WrongType(bool),
    /// 401.
    Unauthenticated,
}

/// When a reply is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored {
    /// Whole, when the message is taken.
    AtOnce,
    /// When it ends.
    AtEnd,
    /// So many ms after its end; `true`: with the time of that moment.
    Late(u16, bool),
    /// Never.
    Never,
}

/// What goes wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// After so many thousandths of the stream; `None`: before the head.
    pub at: Option<u16>,
    /// What happens there.
    pub how: How,
}

/// What happens to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// The connection is lost.
    Lost,
    /// The body ends, as if it were whole.
    Ended,
    /// Nothing more comes.
    Stalled,
    /// Nothing but pings comes.
    Pings,
    /// An event comes whose JSON is broken.
    Broken,
}

/// What the user does before the turn is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interrupt {
    /// Cancels it.
    Cancel,
    /// Ends the program and starts it again.
    Restart(Restart),
}

/// What happens to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageFault {
    /// Nothing: it comes whole.
    None,
    /// The service is not reached.
    NotSent,
    /// A 5xx.
    Failed,
    /// 429, with so many seconds to wait.
    Limited(Option<u16>),
    /// 404.
    Gone,
    /// No JSON.
    Broken,
    /// A 200 of another type.
    WrongType,
    /// The connection is lost in the middle.
    Cut,
    /// Nothing comes.
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

/// What happens between two turns.
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
        Self {
            lists_users: rng.u8(..3) > 0,
            after,
            order: match rng.u8(..6) {
                0 => Order::Shuffled,
                1 => Order::Newest,
                _ => Order::Oldest,
            },
            page_len,
            trims: rng.u8(..4) == 0,
            greets: (rng.u8(..3) == 0).then(|| rng.bool()),
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
                // With parts of pages, nothing would tell what is new.
                0 if page_len.is_none() => rng.i16(-4000..4000),
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
            // Who writes like the bot can be told from it only by what is stored before.
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
