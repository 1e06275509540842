//! Plays a script to a conversation and checks its promises after every step.

pub mod replay;
pub mod restart;
#[cfg(feature = "proptest")]
pub mod script;
pub mod scripted;
pub mod steps;

use core::mem::take;
use core::time::Duration;
use std::sync::LazyLock;

use highchat_proto::failure::TransportFailure;
use highchat_proto::reply::Reply;
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Head, Message, Output, Rating, Request, RequestId, TurnEnd, Update,
};

use crate::player::scripted::{Role, endpoint, word};
use crate::player::steps::{Part, SO_FAR, Step, Target, Time};

/// An input of a conversation.
#[derive(Clone, Debug)]
pub enum Input {
    /// `Conversation::send` of a text.
    Send(String),
    /// `Conversation::rate`.
    Rate(Rating),
    /// `Conversation::cancel`.
    Cancel,
    /// `Conversation::check_now`.
    CheckNow,
    /// `Conversation::handle_response`.
    Head(RequestId, Head),
    /// `Conversation::handle_body`.
    Body(RequestId, Vec<u8>),
    /// `Conversation::handle_end`.
    End(RequestId),
    /// `Conversation::handle_failure`.
    Failure(RequestId, TransportFailure),
    /// `Conversation::handle_return`.
    Return,
    /// `Conversation::handle_timeout`.
    Timeout,
}

impl Input {
    /// Applies the input. Returns the id of the turn or the rating that it began.
    pub fn apply(&self, conversation: &mut Conversation, now: Instant) -> Option<RequestId> {
        match self {
            Self::Send(text) => {
                let message = Message::new(text.as_str()).expect("a short text");
                let turn = conversation.send(message, now).ok()?;
                return Some(RequestId::from_u64(turn.as_u64()));
            }
            Self::Rate(rating) => return conversation.rate(*rating, None, now).ok(),
            Self::Cancel => conversation.cancel(now),
            Self::CheckNow => conversation.check_now(now),
            Self::Head(id, head) => conversation.handle_response(*id, head.clone(), now),
            Self::Body(id, chunk) => conversation.handle_body(*id, chunk, now),
            Self::End(id) => conversation.handle_end(*id, now),
            Self::Failure(id, failure) => conversation.handle_failure(*id, failure.clone(), now),
            Self::Return => conversation.handle_return(now),
            Self::Timeout => conversation.handle_timeout(now),
        }
        None
    }

    /// The request that the input belongs to.
    pub const fn request(&self) -> Option<RequestId> {
        match self {
            Self::Head(id, _) | Self::Body(id, _) | Self::End(id) | Self::Failure(id, _) => {
                Some(*id)
            }
            Self::Send(_)
            | Self::Rate(_)
            | Self::Cancel
            | Self::CheckNow
            | Self::Return
            | Self::Timeout => None,
        }
    }
}

/// The inputs of a complete answer.
pub fn input_of(id: RequestId, status: u16, content_type: &str, body: &str) -> [Input; 3] {
    let mut head = Head::new(status);
    head.header("content-type", content_type.as_bytes());
    let body = body.as_bytes().to_vec();
    [Input::Head(id, head), Input::Body(id, body), Input::End(id)]
}

impl Part {
    /// The inputs for a request. `so_far` replaces [`SO_FAR`] in a body.
    pub fn inputs(&self, id: RequestId, so_far: &str) -> Vec<Input> {
        match self {
            Self::Head(head) => {
                let mut judged = Head::new(head.status);
                for (name, value) in &head.headers {
                    judged.header(name, value.as_bytes());
                }
                vec![Input::Head(id, judged)]
            }
            Self::Body(body, cuts) => {
                let body = match core::str::from_utf8(&body.0) {
                    Ok(text) => text.replace(SO_FAR, so_far).into_bytes(),
                    Err(_) => body.0.clone(),
                };
                let chunks = cuts.of(&body).into_iter();
                chunks
                    .map(|chunk| Input::Body(id, chunk.to_vec()))
                    .collect()
            }
            Self::End => vec![Input::End(id)],
            Self::Failure(failure) => vec![Input::Failure(id, failure.clone())],
        }
    }
}

/// An input that was applied.
pub struct Played {
    /// When it was applied.
    pub at: Instant,
    /// The input.
    pub input: Input,
    /// Whether it was for a request that was transmitted and is not over.
    pub is_for_live_request: bool,
}

/// A transmitted request, or its abort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The request's id, and its method, URL and body as text.
    Transmit(RequestId, String),
    /// The conversation gave up this request.
    Abort(RequestId),
}

impl Order {
    /// A request as text: method, URL and body.
    pub fn transmit(id: RequestId, request: &Request) -> Self {
        let body = core::str::from_utf8(request.body()).expect("the body is JSON");
        Self::Transmit(id, format!("{} {} {body}", request.method(), request.url()))
    }

    /// The request that is transmitted or aborted.
    pub const fn request(&self) -> RequestId {
        match self {
            Self::Transmit(id, _) | Self::Abort(id) => *id,
        }
    }
}

/// A transmitted request and its result.
#[derive(Debug)]
struct Exchange {
    id: RequestId,
    role: Role,
    heads: Vec<u16>,
    is_stream: bool,
    never_left: bool,
}

impl Exchange {
    /// Whether the service surely did not take the message.
    fn is_surely_not_taken(&self) -> bool {
        match self.heads.last() {
            None => self.never_left,
            Some(status) => *status == 429 && !self.is_stream,
        }
    }
}

/// A message that was sent, and everything that the conversation reported about it.
struct Turn {
    name: RequestId,
    text: String,
    attempts: Vec<RequestId>,
    /// The bytes of its stream, until the exchange was over.
    stream: Vec<u8>,
    stream_ended: bool,
    shown: String,
    is_recovering: bool,
    end: Option<TurnEnd>,
    was_refined: bool,
}

/// A conversation with all its inputs and outputs, and the state for checking its promises.
pub struct Player {
    /// The conversation.
    pub conversation: Conversation,
    /// The time.
    pub now: Instant,
    /// The applied inputs, in order.
    pub played: Vec<Played>,
    /// The updates, one line each.
    pub updates: Vec<String>,
    /// The requests and aborts, in order.
    pub orders: Vec<Order>,
    config: Config,
    live: Vec<Exchange>,
    gone: Vec<Exchange>,
    /// The id of a request that was never transmitted.
    never: RequestId,
    turns: Vec<Turn>,
    ratings: Vec<(RequestId, bool)>,
    /// The ids of this conversation's messages that were reported, in order.
    pub told: Vec<String>,
}

/// Far longer than all timeouts of a turn.
const LONG: Duration = Duration::from_secs(100_000);

impl Player {
    /// A new conversation at the origin of time.
    pub fn new(config: Config) -> Self {
        let mut player = Self {
            conversation: Conversation::new(endpoint(), config.clone()),
            now: Instant::ORIGIN,
            played: Vec::new(),
            updates: Vec::new(),
            orders: Vec::new(),
            config,
            live: Vec::new(),
            gone: Vec::new(),
            never: *LATE_ID,
            turns: Vec::new(),
            ratings: Vec::new(),
            told: Vec::new(),
        };
        player.drain(false);
        player
    }

    /// Plays all steps.
    pub fn play(&mut self, script: &[Step]) {
        for step in script {
            self.step(step);
        }
    }

    /// Plays a step and checks every promise after each input.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Send => self.input(Input::Send(format!("message {}", self.turns.len()))),
            Step::Rate(rating) => self.input(Input::Rate(*rating)),
            Step::Cancel => self.input(Input::Cancel),
            Step::CheckNow => self.input(Input::CheckNow),
            Step::Comes(target, parts) => {
                if let Some(id) = self.find(target) {
                    self.answer(id, parts);
                }
            }
            Step::Time(time) => self.time(time),
        };
    }

    fn find(&self, target: &Target) -> Option<RequestId> {
        let mut live: Vec<_> = self.live.iter().collect();
        match target {
            Target::Chat => live.retain(|exchange| exchange.role == Role::Chat),
            Target::Messages(_) => live.retain(|exchange| exchange.role == Role::Messages),
            Target::Rating => live.retain(|exchange| exchange.role == Role::Rating),
            Target::Any(_) => {}
            Target::Dead(index) => {
                let at = index.index(self.gone.len() + 1);
                return Some(self.gone.get(at).map_or(self.never, |gone| gone.id));
            }
        }
        if live.is_empty() {
            return None;
        }
        match target {
            Target::Messages(index) | Target::Any(index) => Some(live[index.index(live.len())].id),
            _ => Some(live[0].id),
        }
    }

    fn answer(&mut self, id: RequestId, parts: &[Part]) {
        let so_far = match self.turns.last() {
            Some(turn) if !turn.shown.contains(['"', '\\', '\n']) => turn.shown.clone(),
            _ => String::new(),
        };
        for input in parts.iter().flat_map(|part| part.inputs(id, &so_far)) {
            self.input(input);
        }
    }

    fn time(&mut self, time: &Time) {
        let due = self.wait().filter(|due| *due < self.now + LONG);
        match time {
            Time::Due(late) => {
                let due = due.unwrap_or(self.now).max(self.now);
                self.now = due + Duration::from_millis(*late);
                self.input(Input::Timeout);
            }
            Time::Early(percent) => {
                if let Some(due) = due.filter(|due| *due > self.now) {
                    let left = due.saturating_duration_since(self.now);
                    self.now = self.now + left * (*percent) / 101;
                    let before = self.outputs();
                    self.input(Input::Timeout);
                    assert_eq!(
                        before,
                        self.outputs(),
                        "a timeout before the deadline had an effect"
                    );
                }
            }
            Time::Sleep(millis) => self.now = self.now + Duration::from_millis(*millis),
            Time::Away(millis) => {
                self.now = self.now + Duration::from_millis(*millis);
                self.input(Input::Return);
            }
        }
    }

    /// Lets time pass without any further input, until every turn and every rating has
    /// ended.
    pub fn fall_silent(&mut self) {
        let open = |player: &Self| {
            player.conversation.turn_in_progress()
                || player.ratings.iter().any(|(_, is_over)| !is_over)
        };
        for _ in 0..20_000 {
            if !open(self) {
                break;
            }
            let due = self.wait().expect("there is a deadline");
            // An impatient configuration would poll too often, so at least 1 s passes.
            self.now = due.max(self.now + Duration::from_secs(1));
            self.input(Input::Timeout);
        }
        assert!(!open(self), "a turn or a rating never ends");
        for turn in &self.turns {
            assert!(turn.end.is_some(), "{} never ended", turn.text);
        }
    }

    fn outputs(&self) -> (usize, usize) {
        (self.updates.len(), self.orders.len())
    }

    fn wait(&mut self) -> Option<Instant> {
        match self.conversation.poll_output() {
            Output::Wait(when) => when,
            other => panic!("{other:?} after all outputs were taken"),
        }
    }

    fn input(&mut self, input: Input) {
        let live = input
            .request()
            .and_then(|id| self.live.iter().position(|exchange| exchange.id == id));
        let before = (input.request().is_some() && live.is_none()).then(|| self.picture());
        if let Some(at) = live {
            self.note(at, &input);
        }
        let is_after_end = live.is_some()
            && self.turns.last().is_some_and(|turn| {
                turn.end.is_some() && turn.attempts.last() == input.request().as_ref()
            });
        let counts = self.outputs();

        let began = input.apply(&mut self.conversation, self.now);
        self.played.push(Played {
            at: self.now,
            input: input.clone(),
            is_for_live_request: live.is_some(),
        });
        match (&input, began) {
            (Input::Send(text), Some(name)) => {
                let is_over = self.turns.last().is_none_or(|turn| turn.end.is_some());
                assert!(is_over, "sent while a turn was in progress");
                self.turns.push(Turn {
                    name,
                    text: text.clone(),
                    attempts: Vec::new(),
                    stream: Vec::new(),
                    stream_ended: false,
                    shown: String::new(),
                    is_recovering: false,
                    end: None,
                    was_refined: false,
                });
            }
            (Input::Rate(_), Some(name)) => self.ratings.push((name, false)),
            _ => {}
        }
        let wait = self.drain(is_after_end);

        if let Some(before) = before {
            assert_eq!(before, self.picture(), "{input:?} for a dead request");
            assert_eq!(counts, self.outputs(), "{input:?} for a dead request");
        }
        if matches!(input, Input::Timeout) {
            assert!(wait.is_none_or(|due| due > self.now), "a busy loop");
            let before = self.picture();
            self.conversation.handle_timeout(self.now);
            assert_eq!(
                self.wait(),
                wait,
                "a second timeout at the same time had an effect"
            );
            assert_eq!(
                before,
                self.picture(),
                "a second timeout at the same time had an effect"
            );
        }
        self.check();
    }

    /// Everything that is visible of the conversation, as text.
    pub fn picture(&self) -> String {
        picture(&self.conversation)
    }

    /// Records an input for a live request.
    fn note(&mut self, at: usize, input: &Input) {
        let exchange = &mut self.live[at];
        let turn = self
            .turns
            .last_mut()
            .filter(|turn| turn.attempts.last() == Some(&exchange.id));
        match input {
            Input::Head(_, head) => {
                exchange.heads.push(head.status());
                exchange.is_stream |= head.is_reply();
            }
            Input::Body(_, chunk) => {
                if let Some(turn) = turn.filter(|_| exchange.is_stream) {
                    turn.stream.extend_from_slice(chunk);
                }
            }
            Input::End(_) => {
                if let Some(turn) = turn {
                    turn.stream_ended = exchange.is_stream;
                }
            }
            Input::Failure(_, failure) => {
                exchange.never_left = matches!(failure, TransportFailure::NotSent(_));
            }
            _ => {}
        }
        if matches!(input, Input::End(_) | Input::Failure(..)) {
            self.gone.push(self.live.remove(at));
        }
    }

    /// Takes all outputs. Returns the deadline. `is_after_end`: the input belongs to the
    /// stream of a turn that has ended.
    fn drain(&mut self, is_after_end: bool) -> Option<Instant> {
        loop {
            match self.conversation.poll_output() {
                Output::Transmit(id, request) => self.transmit(id, &request),
                Output::Abort(id) => {
                    let at = self.live.iter().position(|exchange| exchange.id == id);
                    let at = at.expect("only live requests are aborted");
                    self.gone.push(self.live.remove(at));
                    self.orders.push(Order::Abort(id));
                }
                Output::Update => {
                    let update = self.conversation.update().expect("it was announced");
                    self.updates.push(line(&update));
                    self.update(is_after_end);
                }
                Output::Wait(when) => return when,
            }
        }
    }

    fn transmit(&mut self, id: RequestId, request: &Request) {
        let role = Role::of(request);
        let body = core::str::from_utf8(request.body()).expect("the body is JSON");
        let (all, live) = (self.live.iter().chain(&self.gone), self.live.iter());
        assert!(all.clone().all(|one| one.id != id), "an id is used twice");
        if role != Role::Messages {
            let others = live.filter(|one| one.role == role).count();
            assert_eq!(others, 0, "two exchanges of {role:?}");
        }
        if role == Role::Chat {
            let turn = self.turns.last_mut().expect("a message was sent");
            assert!(body.contains(&format!("\"{}\"", turn.text)), "{body}");
            assert!(turn.end.is_none(), "sent after its end");
            if let Some(before) = turn.attempts.last() {
                let before = self.gone.iter().find(|one| one.id == *before);
                let before = before.expect("the earlier attempt is over");
                assert!(before.is_surely_not_taken(), "sent again: {before:?}");
            }
            turn.attempts.push(id);
            let most = self.config.attempts.max(1) as usize;
            assert!(turn.attempts.len() <= most, "sent too often");
        }
        self.live.push(Exchange {
            id,
            role,
            heads: Vec::new(),
            is_stream: false,
            never_left: false,
        });
        self.orders.push(Order::transmit(id, request));
    }

    fn update(&mut self, is_after_end: bool) {
        let update = self.conversation.update().expect("it was announced");
        let turn = self.turns.last_mut();
        match &update {
            Update::Delta { text } => {
                let turn = turn.expect("a message was sent");
                assert!(turn.end.is_none() && !is_after_end, "a delta after the end");
                turn.shown.push_str(text);
            }
            Update::Done { message_id, .. } => {
                let turn = turn.expect("a message was sent");
                match &turn.end {
                    None => {}
                    Some(TurnEnd::Human) if !turn.was_refined => turn.was_refined = true,
                    Some(end) => panic!("done after {end:?}"),
                }
                self.told
                    .extend(message_id.as_ref().map(ToString::to_string));
            }
            Update::Meta { .. } | Update::Human { .. } | Update::Unknown { .. } => {
                let turn = turn.expect("a message was sent");
                assert!(
                    turn.end.is_none() && !is_after_end,
                    "{update:?} after the end"
                );
                if let Update::Meta {
                    is_replaced: true, ..
                } = update
                {
                    // Another conversation may use the same ids.
                    self.told.clear();
                }
            }
            Update::Recovering { .. } => {
                let turn = turn.expect("a message was sent");
                assert!(turn.end.is_none() && !take(&mut turn.is_recovering));
                turn.is_recovering = true;
            }
            Update::Recovered { message, missing } => {
                let turn = turn.expect("a message was sent");
                assert!(turn.is_recovering && turn.end.is_none());
                assert_eq!(message.role.as_str(), "assistant");
                assert_eq!(&*message.content, format!("{}{missing}", turn.shown));
                assert!(
                    !self.told.contains(&message.id.to_string()),
                    "the message was reported before"
                );
                self.told.push(message.id.to_string());
            }
            Update::TurnEnded { turn: name, end } => {
                let turn = turn.expect("a message was sent");
                assert_eq!(name.as_u64(), turn.name.as_u64());
                assert_eq!(turn.end, None, "a turn ended twice");
                turn.end = Some(end.clone().into_owned());
                turn.is_recovering = false;
            }
            Update::Message(message) => {
                let id = message.id.to_string();
                let window = &self.told[self.told.len().saturating_sub(256)..];
                assert!(!window.contains(&id), "{id} is reported again");
                self.told.push(id);
            }
            Update::Rated { request, .. } | Update::RatingFailed { request, .. } => {
                let (name, is_over) = self.ratings.last_mut().expect("there was a rating");
                assert_eq!(name, request);
                assert!(!*is_over, "a rating ended twice");
                *is_over = true;
            }
            Update::State(_) | Update::Delayed { .. } | Update::HandoffFailed { .. } => {}
            Update::Unreadable { messages } => assert_ne!(*messages, 0),
            other => panic!("{other:?}"),
        }
    }

    /// Checks what must hold when all outputs have been taken.
    fn check(&self) {
        let in_progress = self.turns.last().is_some_and(|turn| turn.end.is_none());
        assert_eq!(self.conversation.turn_in_progress(), in_progress);
        let is_recovering = self.turns.last().is_some_and(|turn| turn.is_recovering);
        let most = usize::from(self.conversation.is_polling()) + usize::from(is_recovering);
        let messages = self.live.iter().filter(|one| one.role == Role::Messages);
        assert!(
            messages.count() <= most,
            "two requests for messages at once"
        );
        if let Some(turn) = self.turns.last() {
            let stream = (&*turn.stream, turn.stream_ended);
            assert_eq!(
                turn.shown,
                text_of(stream, &self.config),
                "the text of the reply"
            );
        }
        for turn in self.turns.iter().rev().skip(1) {
            assert!(turn.end.is_some());
        }
    }
}

/// Everything that is visible of a conversation, without a set that has no order.
pub fn picture(conversation: &Conversation) -> String {
    let all = format!("{conversation:?}");
    assert!(all.contains("index: "), "the debug output has all fields");
    let Some((before, set)) = all.split_once("index: Some({") else {
        return all;
    };
    let (_, after) = set.split_once('}').expect("the set ends");
    format!("{before}{after}")
}

/// An update as one line, with the id of its turn or rating.
pub fn line(update: &Update<'_>) -> String {
    match update {
        Update::TurnEnded { turn, .. } => format!("{} ({turn})", word(update)),
        Update::Rated { request, .. } | Update::RatingFailed { request, .. } => {
            format!("{} ({request})", word(update))
        }
        Update::Done { state, ts, .. } => format!("{} {state:?} {ts:?}", word(update)),
        _ => word(update),
    }
}

/// The text of a reply, decoded in one piece.
fn text_of((mut stream, is_whole): (&[u8], bool), config: &Config) -> String {
    use highchat_proto::Event;
    let (mut text, now) = (String::new(), Instant::ORIGIN);
    let mut reply = Reply::new(config, now);
    let mut push = |event: &Event<'_>| {
        if let Event::Delta { text: delta } = event {
            text.push_str(delta);
        }
    };
    while let Ok(Some(ready)) = reply.advance(&mut stream, now) {
        let Ok(event) = reply.event(ready, now) else {
            break;
        };
        push(&event);
    }
    while let Some(event) = is_whole.then(|| reply.finish().ok().flatten()).flatten() {
        push(&event);
    }
    text
}

/// An id that no conversation of these tests reaches.
static LATE_ID: LazyLock<RequestId> = LazyLock::new(|| {
    let mut conversation = Conversation::new(endpoint(), Config::default());
    let mut id = None;
    for _ in 0..10_000 {
        id = Input::Send("a".to_owned()).apply(&mut conversation, Instant::ORIGIN);
        conversation.cancel(Instant::ORIGIN);
    }
    id.expect("a message was sent")
});
