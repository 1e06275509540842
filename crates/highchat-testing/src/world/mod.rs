//! A simulated world for clients: a service, a network, a user and a person in virtual
//! time.
//!
//! ```text
//!   Life (drawn from a seed) ──▶ World ──▶ steps of answers ──▶ client ──▶ requests, updates
//!                                  ▲                                              │
//!                                  └──────────── Service, Screen ◀────────────────┘
//! ```
//!
//! A [`Life`] is plain data: how the service behaves, and what the user, the person and the
//! network do. A [`World`] plays a life. It decides what the user does next and what the
//! service answers, and checks that the client shows what is true. A [`Finding`] describes
//! an error of the client. The same lives drive `highchat-proto` alone ([`play::play`]) and
//! each adapter.
//!
//! The world makes the assumptions that the API requires too: nobody else writes to the
//! conversation under the visitor's name, a person who comes during a turn stays until its
//! end, and a service with partial pages has one clock.

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

/// The time between the end of a turn and the user's next act, in ms.
const THINKING: u64 = 10;
/// How many steps the client may take without time passing.
const MOST_STEPS: u32 = 50_000;
/// How many bytes of a body are missing if it breaks off.
const MISSING: usize = 1000;
/// How many bytes a program may save.
const MOST_SAVED: usize = 64 * 1024;

/// An error of the client in a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The time of the error, in ms since the life began.
    pub at: u64,
    /// The description of the error.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = Duration::from_millis(self.at).as_secs_f64();
        write!(f, "at {seconds:.3} s: {}", self.what)
    }
}

/// What the client must do.
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
    /// Nothing, because the act was not the user's.
    Nothing,
}

/// A request of a client.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The path and the query.
    pub target: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The time in which the client polls for a person's messages.
#[derive(Clone, Copy, Debug)]
struct Handoff {
    /// The time when the service took the message of the turn that began the handoff, if
    /// the conversation is known from its beginning.
    since: i64,
    until: Option<u64>,
    /// Whether something happened after which no messages can be expected.
    is_broken: bool,
}

/// A page that was answered and has not arrived yet.
#[derive(Clone, Copy, Debug)]
struct PageOnItsWay {
    made_at: u64,
    /// Whether the page has all messages: the service planned nothing more, and nobody did
    /// anything since.
    has_all: bool,
}

/// A life that is being played.
#[derive(Debug)]
pub struct World {
    life: Life,
    next_act: usize,
    /// When the user is ready for the next act.
    ready_at: u64,
    /// What the user will do before the turn ends.
    interrupt: Option<(u64, Interrupt)>,
    sent_at: u64,
    service: Service,
    screen: Screen,
    /// The index of each turn's act.
    turns: Vec<usize>,
    ratings: (u32, u32),
    handoffs: Vec<Handoff>,
    /// The pages that are on their way without a fault.
    pages: HashMap<u64, PageOnItsWay>,
    /// When the newest page that arrived was made.
    newest_page: u64,
    network: Rng,
    /// Whether a page that arrived had all messages of the service.
    has_heard_all: bool,
    /// Whether the client has lost its knowledge of the messages at any time.
    was_forgotten: bool,
    was_restarted_in_turn: bool,
    /// How late the driver may learn of an event, in ms.
    tolerance: u64,
    /// Since when the client and the screen disagree whether a turn is in progress.
    disagree_since: Option<u64>,
    /// Steps since time last passed.
    steps: u32,
    stepped_at: u64,
    story: Option<Vec<String>>,
    finding: Option<Finding>,
}

impl World {
    /// Starts a life. If `tells` is true, the world keeps a story of it.
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

    /// Allows for a driver that sees events late: a request or an update may reach the
    /// world this many ms after it happened. In virtual time the tolerance is 0. With
    /// sockets and threads, it is the longest delay that they may cause.
    ///
    /// The request of a turn that was cancelled or timed out may still arrive, and the
    /// client and the screen may disagree this long whether a turn is in progress. If the
    /// tolerance is 1000 ms or more, the client's timeouts may end an answer that has no
    /// fault.
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

    /// The events of the life, one per line, if the story is kept.
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

    /// The first error so far.
    #[must_use]
    pub const fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// Reports an error. Only the first one counts.
    pub fn find(&mut self, now: u64, what: impl Into<String>) {
        let finding = Finding {
            at: now,
            what: what.into(),
        };
        self.tell(now, || format!("!! {}", finding.what));
        self.finding.get_or_insert(finding);
    }

    /// Counts a step of the client. Too many steps at the same time are an endless loop.
    pub fn step(&mut self, now: u64) {
        if now > self.stepped_at {
            (self.steps, self.stepped_at) = (0, now);
        }
        self.steps += 1;
        if self.steps == MOST_STEPS {
            self.find(now, "the client is in an endless loop");
        }
    }

    /// When the user or the person acts next.
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

    /// What the user will do before the turn ends.
    #[must_use]
    pub fn interrupt(&self) -> Option<Interrupt> {
        self.interrupt.map(|(_, interrupt)| interrupt)
    }

    /// Whether the next connection will fail: [`connect`](Self::connect) would return
    /// `false`.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        self.is_turn_out_of_reach() || self.service.is_page_out_of_reach()
    }

    /// Whether the next attempt of the turn in progress will not reach the service.
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

    /// Performs the next act. Returns what the client must do.
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

    /// Reports that the client refused a command. Refusing a rating is no error: there may
    /// be nothing to rate.
    pub fn refused(&mut self, now: u64, command: &Command) {
        if matches!(command, Command::Send(_)) {
            self.find(
                now,
                "a message was not accepted, though no turn was in progress",
            );
        }
    }

    /// Reports that the client accepted a rating.
    pub fn rates(&mut self) {
        self.ratings.0 += 1;
    }

    /// Reports that the program was ended and started again.
    pub fn restarted(&mut self, restart: Restart, saved_len: usize, now: u64) {
        self.tell(now, || format!("the program restarts: {restart:?}"));
        self.pages.clear();
        self.was_restarted_in_turn = true;
        // A rating in progress is not saved.
        self.ratings = (0, 0);
        if saved_len > MOST_SAVED {
            self.find(
                now,
                format!("{saved_len} bytes were saved, more than the limit"),
            );
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

    /// Handles a new connection. Returns whether it succeeds; if not, nothing can be sent.
    /// It is for drivers that see a connection before its request. They must not report the
    /// request if the connection failed.
    pub fn connect(&mut self, now: u64) -> bool {
        match self.screen.open {
            Some(number) if self.is_turn_out_of_reach() => {
                self.service.truths[number].tries += 1;
            }
            _ if self.service.is_page_out_of_reach() => self.service.pass_page(),
            _ => return true,
        }
        self.tell(now, || "> a connection, which fails".into());
        false
    }

    /// Handles a request. Returns the steps of the answer.
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
            // While a turn is open, the client may use the page to search for the reply.
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
            self.find(now, "a message was sent that the user did not write");
            return Vec::new();
        };
        let Act::Turn(turn) = self.life.acts[self.turns[number]].clone() else {
            return Vec::new();
        };
        let text = words::QUESTIONS[usize::from(turn.text) % words::QUESTIONS.len()];
        let is_continued = match serde_json::from_slice::<Chat>(body) {
            Ok(chat) if chat.message == text => chat.conversation_id.is_some(),
            _ => {
                self.find(now, "the message that was sent differs from the user's");
                return Vec::new();
            }
        };
        if !is_continued {
            // The earlier messages belong to another conversation.
            self.break_handoffs();
        }
        let steps = self.service.chat(&turn, number, is_continued, now);
        if self.service.truths[number].taken > 1 {
            self.find(now, "a message was taken twice");
        }
        steps
    }

    /// Reports that the client has received the last step of an answer.
    pub fn delivered(&mut self, exchange: u64) {
        if let Some(page) = self.pages.remove(&exchange) {
            self.has_heard_all |= page.has_all;
            self.newest_page = page.made_at;
        }
    }

    /// Reports that the client aborted an exchange.
    pub fn aborted(&mut self, exchange: u64) {
        self.pages.remove(&exchange);
    }
}

/// Cuts the bodies of an answer into pieces.
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

/// Writes the length of the body into the head.
fn measure(steps: &mut Steps) {
    let sent: usize = steps
        .iter()
        .map(|(_, step)| match step {
            Step::Body(bytes) => bytes.len(),
            _ => 0,
        })
        .sum();
    let is_whole = matches!(steps.last(), Some((_, Step::End)));
    if let Some((_, Step::Head(head))) = steps.first_mut() {
        head.len = if is_whole { sent } else { sent + MISSING };
    }
}
