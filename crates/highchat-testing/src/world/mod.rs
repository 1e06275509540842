//! A simulated world for clients: a service with a truth of its own, a network, a user and a
//! person, in virtual time.
//!
//! ```text
//!   Life (drawn from a seed) ──▶ World ──▶ steps of answers ──▶ client ──▶ requests, updates
//!                                  ▲                                              │
//!                                  └──────────── Service, Screen ◀────────────────┘
//! ```
//!
//! A [`Life`] is plain data: how the service reads the API, and what the user, the person and
//! the network do. A [`World`] is a life while it is played: what the user does next, what the
//! service answers, and whether what the client shows is true. A [`Finding`] says what was
//! wrong. The same lives drive `highchat-proto` alone ([`play::play`]) and each adapter.
//!
//! What the API cannot tell is taken for granted here as well: nobody else writes to the
//! conversation under the visitor's name, a person who comes during a turn stays until the
//! turn is over, and a service that shows pages in part has one clock.

pub mod client;
mod oracle;
pub mod play;
pub mod run;
mod screen;
mod service;
pub mod step;
mod time;
mod words;

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;

use fastrand::Rng;
use highchat_proto::{Config, Message, Rating};

use crate::life::{Act, Interrupt, Life, Restart, Try};
use crate::world::screen::Screen;
use crate::world::service::Service;
use crate::world::step::{Step, Steps};

/// From the end of a turn to what the user does next, in ms.
const THINKING: u64 = 10;
/// How many steps may come without time passing.
const MOST_STEPS: u32 = 50_000;
/// What never comes of a body that breaks off, in bytes.
const MISSING: usize = 1000;
/// How much a program may save, in bytes.
const MOST_SAVED: usize = 64 * 1024;

/// What was wrong in a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When, in ms since the life began.
    pub at: u64,
    /// What.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = Duration::from_millis(self.at).as_secs_f64();
        write!(f, "at {seconds:.3} s: {}", self.what)
    }
}

/// What the client is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a message.
    Send(Message),
    /// Cancel the turn.
    Cancel,
    /// Rate the conversation.
    Rate(Rating),
    /// End, and start again.
    Restart(Restart),
    /// Nothing: somebody else did something.
    Nothing,
}

/// What a client asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The path and the query.
    pub target: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// When the client polled for a person's messages.
#[derive(Clone, Copy, Debug)]
struct Handoff {
    /// When the message of the turn with which it began was taken, if the conversation is
    /// known from its beginning.
    since: i64,
    until: Option<u64>,
    /// Something came between that ends all expectations.
    is_broken: bool,
}

/// A page that was answered, and did not come yet.
#[derive(Clone, Copy, Debug)]
struct PageOnItsWay {
    made_at: u64,
    /// The service had nothing more to say by itself, and nobody did anything since.
    has_all: bool,
}

/// A life that is being played.
#[derive(Debug)]
pub struct World {
    life: Life,
    next_act: usize,
    /// When the user is ready for the next act.
    ready_at: u64,
    /// What the user will do before the turn is over.
    interrupt: Option<(u64, Interrupt)>,
    sent_at: u64,
    service: Service,
    screen: Screen,
    /// Which act each turn is.
    turns: Vec<usize>,
    ratings: (u32, u32),
    handoffs: Vec<Handoff>,
    /// Each page that is on its way whole.
    pages: HashMap<u64, PageOnItsWay>,
    /// When the newest page that came was made.
    newest_page: u64,
    network: Rng,
    /// All that the service had to say was in a page that came.
    has_heard_all: bool,
    /// What the client knew of the messages was lost, at one time.
    was_forgotten: bool,
    was_restarted_in_turn: bool,
    /// How late the driver may learn of something, in ms.
    tolerance: u64,
    /// Since when the client and the screen disagree whether a turn is in progress.
    disagree_since: Option<u64>,
    /// Since time last passed.
    steps: u32,
    stepped_at: u64,
    story: Option<Vec<String>>,
    finding: Option<Finding>,
}

impl World {
    /// The beginning of a life. `tells`: it keeps its story.
    #[must_use]
    pub fn new(life: &Life, tells: bool) -> Self {
        Self {
            next_act: 0,
            ready_at: 0,
            interrupt: None,
            sent_at: 0,
            service: Service::new(life.habits.clone(), life.pages.clone(), life.seed),
            screen: Screen::default(),
            turns: Vec::new(),
            ratings: (0, 0),
            handoffs: Vec::new(),
            pages: HashMap::new(),
            newest_page: 0,
            network: Rng::with_seed(life.seed.rotate_left(32)),
            has_heard_all: false,
            was_forgotten: false,
            was_restarted_in_turn: false,
            tolerance: 0,
            disagree_since: None,
            steps: 0,
            stepped_at: 0,
            story: tells.then(Vec::new),
            finding: None,
            life: life.clone(),
        }
    }

    /// Allows for a driver that does not see everything in the moment in which it happens: a
    /// request or an update may reach the world so many ms after it happened. In virtual time
    /// it is 0; with sockets and threads it is the longest time that they may take.
    ///
    /// The request of a turn that was cancelled or timed out may still come in, and the client
    /// and the screen may disagree for so long whether a turn is in progress. From
    /// 1000 ms on, the client's clocks may end an answer that would have come whole.
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: u64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The client's configuration.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.seed = Some(self.life.seed);
        config
    }

    /// What happened, line by line, if it is kept.
    #[must_use]
    pub fn story(&self) -> &[String] {
        self.story.as_deref().unwrap_or_default()
    }

    /// Whether the story is kept.
    #[must_use]
    pub const fn tells(&self) -> bool {
        self.story.is_some()
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, now: u64, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let seconds = Duration::from_millis(now).as_secs_f64();
            story.push(format!("{seconds:9.3} {}", line()));
        }
    }

    /// What was wrong, if anything was until now.
    #[must_use]
    pub const fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// Something is wrong; the first such thing counts.
    pub fn find(&mut self, now: u64, what: impl Into<String>) {
        let finding = Finding {
            at: now,
            what: what.into(),
        };
        self.tell(now, || format!("!! {}", finding.what));
        self.finding.get_or_insert(finding);
    }

    /// A step of the client: too many of them are a loop.
    pub fn step(&mut self, now: u64) {
        if now > self.stepped_at {
            (self.steps, self.stepped_at) = (0, now);
        }
        self.steps += 1;
        if self.steps == MOST_STEPS {
            self.find(now, "the client turns in a circle");
        }
    }

    /// When the user or the person does something next.
    #[must_use]
    pub fn next_act(&self) -> Option<u64> {
        if self.screen.open.is_some() {
            self.interrupt.map(|(at, _)| at)
        } else if self.next_act < self.life.acts.len() {
            Some(self.ready_at)
        } else {
            None
        }
    }

    /// What the user will do before the turn is over, if anything.
    #[must_use]
    pub fn interrupt(&self) -> Option<Interrupt> {
        self.interrupt.map(|(_, interrupt)| interrupt)
    }

    /// Whether the next connection will not come about, as [`connect`](Self::connect) would
    /// return it.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        self.is_turn_out_of_reach() || self.service.is_page_out_of_reach()
    }

    /// Whether the next attempt of the turn that is in progress does not reach the service.
    fn is_turn_out_of_reach(&self) -> bool {
        let Some(number) = self.screen.open else {
            return false;
        };
        let tries = self.service.truths[number].tries;
        match &self.life.acts[self.turns[number]] {
            Act::Turn(turn) => turn.tries.get(tries) == Some(&Try::NotSent),
            _ => false,
        }
    }

    /// Does what is next.
    pub fn act(&mut self, now: u64) -> Command {
        self.has_heard_all = false;
        for page in self.pages.values_mut() {
            page.has_all = false;
        }
        if self.screen.open.is_some() {
            return match self.interrupt.take() {
                Some((_, Interrupt::Cancel)) => Command::Cancel,
                Some((_, Interrupt::Restart(restart))) => Command::Restart(restart),
                None => Command::Nothing,
            };
        }
        let Some(act) = self.life.acts.get(self.next_act).cloned() else {
            return Command::Nothing;
        };
        self.next_act += 1;
        self.ready_at = now + THINKING;
        match act {
            Act::Pause(pause) => {
                self.ready_at = now + u64::from(pause);
                Command::Nothing
            }
            Act::Turn(turn) => {
                self.screen.begin_turn();
                self.was_restarted_in_turn = false;
                self.service.advance(now);
                self.service.begin_turn();
                self.turns.push(self.next_act - 1);
                self.sent_at = now;
                let interrupt = turn.interrupt;
                self.interrupt = interrupt.map(|(after, what)| (now + u64::from(after), what));
                for (after, person) in &turn.person {
                    self.service.plan_person(now + u64::from(*after), *person);
                }
                let text = words::QUESTIONS[usize::from(turn.text) % words::QUESTIONS.len()];
                self.tell(now, || format!("user: {text}"));
                Command::Send(Message::new(text).expect("a short text"))
            }
            Act::Rate(up) => Command::Rate(if up { Rating::Up } else { Rating::Down }),
            Act::Person(person) => {
                self.tell(now, || format!("person: {person:?}"));
                self.service.plan_person(now, person);
                self.service.advance(now);
                Command::Nothing
            }
            Act::Restart(restart) => Command::Restart(restart),
        }
    }

    /// A command could not be carried out, which is no fault: there was nothing to rate.
    pub fn refused(&mut self, now: u64, command: &Command) {
        if matches!(command, Command::Send(_)) {
            self.find(
                now,
                "a message was not accepted, though no turn was in progress",
            );
        }
    }

    /// A rating was accepted.
    pub fn rates(&mut self) {
        self.ratings.0 += 1;
    }

    /// The program was ended and started again.
    pub fn restarted(&mut self, restart: Restart, saved_len: usize, now: u64) {
        self.tell(now, || format!("the program is started again: {restart:?}"));
        self.pages.clear();
        self.was_restarted_in_turn = true;
        // A rating that was on its way is not kept.
        self.ratings = (0, 0);
        if saved_len > MOST_SAVED {
            self.find(now, format!("{saved_len} bytes are saved"));
        }
        if restart == Restart::ById {
            self.screen.forget();
            self.was_forgotten = true;
            self.break_handoffs();
            self.ready_at = now + THINKING;
        }
    }

    fn break_handoffs(&mut self) {
        for handoff in &mut self.handoffs {
            handoff.is_broken = true;
        }
    }

    /// The client opens a connection. Returns whether the service is reached: if not, nothing
    /// can have been sent. For drivers that see a connection before its request; a request
    /// whose connection failed is not told to the world.
    pub fn connect(&mut self, now: u64) -> bool {
        match self.screen.open {
            Some(number) if self.is_turn_out_of_reach() => {
                self.service.truths[number].tries += 1;
            }
            _ if self.service.is_page_out_of_reach() => self.service.pass_page(),
            _ => return true,
        }
        self.tell(now, || "> a connection that fails".into());
        false
    }

    /// The client asks; what comes of it, step by step.
    pub fn request(&mut self, exchange: u64, asked: &Asked<'_>, now: u64) -> Steps {
        let mut steps = self.answer(exchange, asked, now);
        let network = self.life.network;
        if network.delay > 0 {
            let delay = self.network.u64(..=u64::from(network.delay));
            for (at, _) in &mut steps {
                *at += delay;
            }
        }
        if network.pieces > 0 {
            steps = cut(steps, usize::from(network.pieces));
        }
        measure(&mut steps);
        steps
    }

    fn answer(&mut self, exchange: u64, asked: &Asked<'_>, now: u64) -> Steps {
        self.tell(now, || {
            let body = String::from_utf8_lossy(asked.body);
            format!("> {} {body}", asked.target)
        });
        let (path, query) = asked.target.split_once('?').unwrap_or((asked.target, ""));
        if path.ends_with("/messages") {
            let after = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("after="));
            let after = after.map(|after| {
                percent_encoding::percent_decode_str(after)
                    .decode_utf8_lossy()
                    .into_owned()
            });
            // While a turn is open, a page may be one in which its reply is looked for.
            let is_busy = self.service.is_busy() || self.screen.open.is_some();
            let page = self.service.page(after.as_deref(), now);
            self.tell(now, || format!("  page of {:?}", page.ids));
            if page.is_gone {
                self.break_handoffs();
            }
            if page.ids.is_some() {
                let page = PageOnItsWay {
                    made_at: now,
                    has_all: !is_busy,
                };
                self.pages.insert(exchange, page);
            }
            page.steps
        } else if path.ends_with("/rating") {
            Service::rating(now)
        } else {
            self.chat(asked.body, now)
        }
    }

    fn chat(&mut self, body: &[u8], now: u64) -> Steps {
        #[derive(serde::Deserialize)]
        struct Chat {
            message: String,
            conversation_id: Option<String>,
        }
        let Some(number) = self.screen.open.or_else(|| self.late_turn()) else {
            self.find(now, "a message was sent, and nobody had written one");
            return Vec::new();
        };
        let Act::Turn(turn) = self.life.acts[self.turns[number]].clone() else {
            return Vec::new();
        };
        let text = words::QUESTIONS[usize::from(turn.text) % words::QUESTIONS.len()];
        let is_continued = match serde_json::from_slice::<Chat>(body) {
            Ok(chat) if chat.message == text => chat.conversation_id.is_some(),
            _ => {
                self.find(now, "another message was sent than the user wrote");
                return Vec::new();
            }
        };
        if !is_continued {
            // What was heard before is of another conversation.
            self.break_handoffs();
        }
        let steps = self.service.chat(&turn, number, is_continued, now);
        if self.service.truths[number].taken > 1 {
            self.find(now, "a message was taken twice");
        }
        steps
    }

    /// The last step of an answer was handed to the client.
    pub fn delivered(&mut self, exchange: u64) {
        if let Some(page) = self.pages.remove(&exchange) {
            self.has_heard_all |= page.has_all;
            self.newest_page = page.made_at;
        }
    }

    /// The client gave an exchange up.
    pub fn aborted(&mut self, exchange: u64) {
        self.pages.remove(&exchange);
    }
}

/// The same answer with its bodies in pieces.
fn cut(steps: Steps, pieces: usize) -> Steps {
    let mut cut = Vec::with_capacity(steps.len());
    for (at, step) in steps {
        match step {
            Step::Body(body) => {
                cut.extend(
                    body.chunks(pieces)
                        .map(|piece| (at, Step::Body(piece.to_vec()))),
                );
            }
            step => cut.push((at, step)),
        }
    }
    cut
}

/// Writes into the head how long the body is.
fn measure(steps: &mut Steps) {
    let came: usize = steps
        .iter()
        .map(|(_, step)| match step {
            Step::Body(bytes) => bytes.len(),
            _ => 0,
        })
        .sum();
    let is_whole = matches!(steps.last(), Some((_, Step::End)));
    if let Some((_, Step::Head(head))) = steps.first_mut() {
        head.len = if is_whole { came } else { came + MISSING };
    }
}
