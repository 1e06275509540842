//! A life while it is played: what the user does next, what the service answers, and whether
//! what the client shows is true.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;

use fastrand::Rng;
use highchat_proto::config::Config;
use highchat_proto::conversation::{TurnEnd, TurnError, Update};
use highchat_proto::message::Message;
use highchat_proto::request::Rating;

use crate::life::{Act, Interrupt, Life, Restart, Try};
use crate::screen::Screen;
use crate::service::{Author, Service};
use crate::step::{Step, Steps};
use crate::words;

/// From the end of a turn to what the user does next, in ms.
const THINKING: u64 = 10;
/// By when a turn must have ended, in ms: several times the longest sum of clocks.
const LONGEST_TURN: u64 = 2 * 3_600_000;
/// By when a life must be over, in ms.
const LONGEST_LIFE: u64 = 20 * 3_600_000;
/// How many steps may come without time passing.
const MOST_STEPS: u32 = 50_000;
/// What never comes of a body that breaks off, in bytes.
const MISSING: usize = 1000;
/// From such a tolerance on, the client's clocks may end what would have come whole, in ms.
const NOISE: u64 = 1000;
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

    /// The client shows something.
    pub fn update(&mut self, update: &Update<'_>, now: u64) {
        self.tell(now, || format!("  {update:?}"));
        match update {
            Update::Delta { text } => self.append(text, now),
            Update::Recovered { message, missing } => {
                self.judge_recovered(&message.content, now);
                self.append(missing, now);
            }
            Update::Human {
                message: Some(message),
                ..
            } => {
                let own = self.screen.open.map(words::handed_over);
                if own.as_deref() != Some(*message) {
                    self.find(now, format!("{message:?} is of another turn"));
                }
            }
            Update::TurnEnded { end, .. } => self.end_turn(end, now),
            Update::Message(message) => self.show(message.id.as_str(), &message.content, now),
            Update::HandoffFailed { .. } => self.break_handoffs(),
            Update::Meta {
                is_replaced: true, ..
            } => {
                self.was_forgotten = true;
                // It may list again what the other conversation listed.
                self.screen.messages.clear();
                self.break_handoffs();
            }
            Update::Rated { .. } | Update::RatingFailed { .. } => self.ratings.1 += 1,
            _ => {}
        }
    }

    /// A recovered reply is shown, as a whole and in the place of what came of it before.
    pub fn show_recovered(&mut self, content: &str, now: u64) {
        self.tell(now, || format!("  recovered {content:?}"));
        self.judge_recovered(content, now);
        if let Some(turn) = self.screen.open {
            content.clone_into(&mut self.screen.turns[turn].text);
        }
    }

    fn judge_recovered(&mut self, content: &str, now: u64) {
        let open = self.screen.open;
        let own = open.map(|turn| self.service.truths[turn].reply.trim());
        if own != Some(content.trim()) {
            self.find(now, format!("{content:?} is not the reply"));
        }
    }

    /// A message that polling found is shown.
    pub fn show_message(&mut self, id: &str, content: &str, now: u64) {
        self.tell(now, || format!("  message {id} {content:?}"));
        self.show(id, content, now);
    }

    /// Polling ended with an error.
    pub fn handoff_failed(&mut self, now: u64) {
        self.tell(now, || "  nobody is heard any more".into());
        self.break_handoffs();
    }

    /// Whether the user waits for the end of a turn.
    #[must_use]
    pub const fn is_turn_open(&self) -> bool {
        self.screen.open.is_some()
    }

    /// The turn that a message may belong to which was on its way when its turn ended.
    fn late_turn(&self) -> Option<usize> {
        let last = self.screen.turns.last()?;
        let number = self.screen.turns.len() - 1;
        let may_be_taken = match &last.end {
            Some(TurnEnd::Failed(TurnError::Unanswered(_) | TurnError::TimedOut)) => true,
            Some(end) => *end == TurnEnd::Cancelled,
            None => last.is_abandoned,
        };
        let is_late = self.tolerance > 0 && may_be_taken && self.service.truths[number].taken == 0;
        is_late.then_some(number)
    }

    fn append(&mut self, text: &str, now: u64) {
        match self.screen.open {
            Some(turn) => self.screen.turns[turn].text.push_str(text),
            None => self.find(now, format!("{text:?} was shown, and no turn was open")),
        }
    }

    fn end_turn(&mut self, end: &TurnEnd, now: u64) {
        let Some(number) = self.screen.open else {
            return self.find(now, "a turn ended twice");
        };
        let shown = &self.screen.turns[number].text;
        let truth = &self.service.truths[number];
        let (own, taken) = (&truth.reply, truth.taken);
        let is_true = match end {
            TurnEnd::Done | TurnEnd::Human => shown == own,
            TurnEnd::Recovered => shown.trim() == own.trim(),
            _ => own.starts_with(&**shown),
        };
        if !is_true {
            let what = format!("{shown:?} was shown for the reply {own:?}, and told as {end:?}");
            self.find(now, what);
        }
        let may_not_be_taken = match end {
            TurnEnd::Failed(TurnError::NotSent(_)) => taken > 0,
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered => taken == 0,
            _ => false,
        };
        if may_not_be_taken {
            self.find(
                now,
                format!("{end:?} was told, and the message was taken {taken} times"),
            );
        }
        let is_cut = match end {
            TurnEnd::Recovered => true,
            TurnEnd::Failed(error) => !matches!(error, TurnError::Service(_)),
            _ => false,
        };
        if is_cut && self.comes_whole(number) {
            self.find(now, format!("the answer came whole, and {end:?} was told"));
        }
        self.screen.end_turn(end.clone());
        self.interrupt = None;
        self.ready_at = now + THINKING;
    }

    /// Whether the last answer to a turn is a stream that comes whole.
    fn comes_whole(&self, number: usize) -> bool {
        let Act::Turn(turn) = &self.life.acts[self.turns[number]] else {
            return false;
        };
        let is_streamed = self.service.truths[number].tries > turn.tries.len();
        is_streamed && self.tolerance < NOISE && turn.fault.is_none() && !self.was_restarted_in_turn
    }

    fn show(&mut self, id: &str, content: &str, now: u64) {
        let number = id.strip_prefix('m').and_then(|id| id.parse().ok());
        let stored = number.and_then(|number| self.service.message_of(number));
        let Some(stored) = stored.cloned() else {
            return self.find(now, format!("{id} was shown, and was never stored"));
        };
        if stored.text != content {
            self.find(now, format!("{id} was shown with another text"));
        }
        if self.screen.messages.contains(&stored.id) {
            self.find(now, format!("{id} was shown twice"));
        }
        self.screen.messages.push(stored.id);
        let Author::Bot(Some(turn)) = stored.author else {
            return;
        };
        let is_known = match &self.screen.turns[turn].end {
            Some(TurnEnd::Done) => self.life.habits.gives_ids,
            Some(TurnEnd::Recovered) => true,
            _ => false,
        };
        if is_known && !self.was_forgotten {
            self.find(now, format!("the reply {id} was shown again"));
        }
    }

    /// What the client says of itself, each time that it has nothing more to say.
    pub fn look(&mut self, is_polling: bool, turn_in_progress: bool, now: u64) {
        if turn_in_progress == self.screen.open.is_some() {
            self.disagree_since = None;
        } else if now - *self.disagree_since.get_or_insert(now) >= self.tolerance {
            self.find(
                now,
                "the client and the screen disagree whether a turn is in progress",
            );
        }
        let is_open = self
            .handoffs
            .last()
            .is_some_and(|handoff| handoff.until.is_none());
        if is_polling && !is_open {
            let taken_at = self.service.truths.last().and_then(|truth| truth.taken_at);
            // Of a conversation whose beginning is unknown, what comes from here on.
            let since = taken_at.filter(|_| !self.was_forgotten);
            self.handoffs.push(Handoff {
                since: since.unwrap_or(i64::try_from(now + 1).unwrap_or(i64::MAX)),
                until: None,
                is_broken: false,
            });
        } else if !is_polling && is_open {
            if let Some(handoff) = self.handoffs.last_mut() {
                // What was written since then, nobody expects.
                handoff.until = Some(self.newest_page);
            }
        }
        if self.screen.open.is_some() && now > self.sent_at + LONGEST_TURN {
            self.find(now, "a turn does not end");
        }
        if now > LONGEST_LIFE {
            self.find(now, "the life does not end");
        }
    }

    /// Whether nothing more is to come.
    #[must_use]
    pub fn is_over(&self, is_polling: bool) -> bool {
        self.finding.is_some()
            || (self.next_act == self.life.acts.len()
                && self.screen.open.is_none()
                && self.ratings.0 == self.ratings.1
                && (!is_polling || (self.has_heard_all && !self.service.is_busy())))
    }

    /// Judges the life as a whole.
    ///
    /// # Errors
    ///
    /// What was wrong.
    pub fn judge(mut self, now: u64) -> Result<(), Finding> {
        for turn in &self.screen.turns {
            if turn.end.is_none() && !turn.is_abandoned {
                let finding = Finding {
                    at: now,
                    what: "a turn never ended".into(),
                };
                self.finding.get_or_insert(finding);
            }
        }
        self.judge_persons(now);
        self.finding.map_or(Ok(()), Err)
    }

    /// Each message of a person that the service would show was shown.
    fn judge_persons(&mut self, now: u64) {
        let habits = self.service.habits();
        // A page may leave something out for ever, or two messages have one time.
        let is_exact = habits.page_len.is_none() && !habits.seconds && habits.events_ahead <= 0;
        // A person's message that begins like a reply that was cut is taken for it.
        if !is_exact || habits.copycat {
            return;
        }
        let is_expected = |at: i64| {
            self.handoffs.iter().any(|handoff| {
                let until = handoff
                    .until
                    .map_or(i64::MAX, |until| i64::try_from(until).unwrap_or(i64::MAX));
                !handoff.is_broken && handoff.since <= at && at < until
            })
        };
        let missing = self.service.messages().iter().find(|message| {
            message.author == Author::Person
                && is_expected(message.at)
                && !self.screen.messages.contains(&message.id)
        });
        if let Some(id) = missing.map(|message| message.id) {
            self.find(now, format!("m{id} of the person was never shown"));
        }
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
