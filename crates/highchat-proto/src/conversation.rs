//! A conversation: turns, handoff, recovery and rating, joined in one place.
//!
//! Inputs act at once; outputs wait in a queue until they are polled. Time comes in with
//! every input, and what is waited for comes out as a moment. A driver is a loop:
//!
//! ```text
//! loop {
//!     match conversation.poll_output() {
//!         Output::Transmit(id, request) => send it; what comes of it goes in as
//!             handle_response, handle_body …, then handle_end or handle_failure,
//!         Output::Abort(id)  => drop that exchange,
//!         Output::Update     => show conversation.update(),
//!         Output::Wait(when) => wait until then for an input or a command;
//!             then handle_timeout(now),
//!     }
//! }
//! ```

use core::fmt;
use std::boxed::Box;
use std::string::String;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use crate::backoff::{self, DelayReason, Jitter};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::exchange::{Exchange, Outcome, RequestId, TransportFailure, Trouble, due};
use crate::handoff::{self, Handoff};
use crate::id::{ConversationId, Timestamp, VisitorRef};
use crate::message::Message;
use crate::outbox::{Delayed, Kept, Outbox, Popped};
use crate::recovery::{self, Recovery};
use crate::request::{ChatRequest, MessagesRequest, Rating, RatingRequest};
use crate::response::Answer;
use crate::saved::Saved;
use crate::state::State;
use crate::time::Instant;
use crate::turn::{Pending, Phase, Turn};

pub use crate::outbox::{Delayed as What, Update};
pub use crate::turn::{TurnEnd, TurnError};

/// What a driver is to do next.
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "handed over once, and a box would only show in every driver"
)]
pub enum Output {
    /// Send this request, and bring what comes of it under this id.
    Transmit(RequestId, Request<Bytes>),
    /// Nothing more is wanted from that exchange: drop it, with its connection where
    /// its body did not end. Inputs that still come for it are ignored.
    Abort(RequestId),
    /// Something happened: look with [`Conversation::update`].
    Update,
    /// Nothing more to do until an input or a command comes, or this moment, at which
    /// [`Conversation::handle_timeout`] is to be called. `None`: nothing is waited for.
    Wait(Option<Instant>),
}

/// A message that was not sent, given back: the turn before it is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError(Message);

impl SendError {
    /// The message.
    #[must_use]
    pub fn into_message(self) -> Message {
        self.0
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply to the message before is not over yet")
    }
}

impl core::error::Error for SendError {}

/// A rating that was not sent; its comment is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateError {
    /// There is no conversation yet that could be rated.
    NoConversation(Option<String>),
    /// The rating before is still on its way.
    InProgress(Option<String>),
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConversation(_) => "there is no conversation to rate yet",
            Self::InProgress(_) => "the rating before is still on its way",
        })
    }
}

impl core::error::Error for RateError {}

/// A rating that is on its way.
#[derive(Debug)]
struct Rate {
    /// The name of the rating: its first request.
    name: RequestId,
    request: RatingRequest,
    attempts: u32,
    phase: RatePhase,
}

#[derive(Debug)]
enum RatePhase {
    InFlight(Exchange),
    Delayed(Instant),
}

/// A conversation with a bot, and with a person where the bot hands over.
///
/// It does no I/O, reads no clock and draws no random number: a driver moves the bytes
/// and tells the time. Several exchanges may be under way (a turn, a poll, a rating), but
/// none of them needs another one to go on, so a driver that does one at a time makes
/// progress too.
///
/// A message is sent a second time only where it was surely not taken: after a 429, or
/// where nothing of it left. Whatever else happens is reported, and where the reply may
/// be there all the same it is looked for by reading. Source: our decision, as are all
/// clocks and limits ([`Config`]).
#[derive(Debug)]
pub struct Conversation {
    endpoint: Arc<Endpoint>,
    config: Arc<Config>,
    jitter: Jitter,
    visitor: Option<VisitorRef>,
    next_id: RequestId,
    turn: Turn,
    recovery: Option<Box<Recovery>>,
    rating: Option<Box<Rate>>,
    thread: Thread,
}

/// What is known of the conversation, whatever is under way.
#[derive(Debug)]
struct Thread {
    id: Option<ConversationId>,
    state: State,
    /// The newest time that the service ever told.
    newest: Option<Timestamp>,
    /// As it was when the turn began.
    newest_before_turn: Option<Timestamp>,
    handoff: Handoff,
    outbox: Outbox,
}

impl Thread {
    fn note_time(&mut self, ts: Option<&Timestamp>) {
        if let Some(ts) = ts {
            if self.newest.as_ref().is_none_or(|newest| newest < ts) {
                self.newest = Some(ts.clone());
            }
        }
    }

    /// The service told the state; the handoff begins or ends with it.
    fn set_state(
        &mut self,
        state: &State,
        ts: Option<&Timestamp>,
        config: &Config,
        jitter: &mut Jitter,
        now: Instant,
    ) {
        if matches!(state, State::Other(_)) {
            return;
        }
        if self.state != *state {
            self.state = state.clone();
            self.outbox.update(Kept::State(Box::new(state.clone())));
        }
        if !state.is_handoff() {
            if let Some(poll) = self.handoff.stop() {
                self.outbox.abort(poll);
            }
        } else if self.id.is_some() && self.handoff.is_off() {
            let first = due(now, jitter.spread(config.poll_interval));
            self.handoff.begin(ts, first);
        }
    }

    /// Tells an event; how the turn ends, where it does with it.
    fn handle_event(
        &mut self,
        event: &Event<'_>,
        config: &Config,
        jitter: &mut Jitter,
        now: Instant,
    ) -> Option<TurnEnd> {
        match event {
            Event::Meta { conversation_id } => {
                let is_replaced = match (&self.id, conversation_id) {
                    (Some(old), Some(new)) => old != new,
                    _ => false,
                };
                if is_replaced {
                    // What is known of the times and messages is of another conversation.
                    if let Some(poll) = self.handoff.stop() {
                        self.outbox.abort(poll);
                    }
                    self.handoff = Handoff::new(None);
                    self.newest = None;
                    self.newest_before_turn = None;
                }
                if let Some(id) = conversation_id {
                    self.id = Some(id.clone());
                }
                self.outbox.update(Kept::Meta {
                    conversation_id: self.id.clone(),
                    is_replaced,
                });
                None
            }
            Event::Delta { text } => {
                if !text.is_empty() {
                    let text = self.outbox.keep(text);
                    self.outbox.update(Kept::Delta(text));
                }
                None
            }
            Event::Done {
                message_id,
                state,
                ts,
            } => {
                self.handoff.remember(message_id, ts.clone());
                self.note_time(ts.as_ref());
                let done = (message_id.clone(), state.clone(), ts.clone());
                self.outbox.update(Kept::Done(Box::new(done)));
                self.set_state(state, ts.as_ref(), config, jitter, now);
                Some(TurnEnd::Done)
            }
            Event::Human { message, ts } => {
                self.note_time(ts.as_ref());
                let message = self.outbox.keep(message);
                let human = (message, ts.clone());
                self.outbox.update(Kept::Human(Box::new(human)));
                self.set_state(&State::Human, ts.as_ref(), config, jitter, now);
                Some(TurnEnd::Human)
            }
            Event::Error { message } => {
                let message = TurnError::Service((**message).into());
                Some(TurnEnd::Failed(message))
            }
            Event::Unknown { event, data } => {
                let unknown = [self.outbox.keep(event), self.outbox.keep(data)];
                self.outbox.update(Kept::Unknown(Box::new(unknown)));
                None
            }
            Event::Ping => None,
        }
    }
}

impl Conversation {
    /// A new conversation; it begins with the first message. Many conversations can
    /// share their endpoint and configuration, which are most of what one holds.
    #[must_use]
    pub fn new(endpoint: impl Into<Arc<Endpoint>>, config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        Self {
            endpoint: endpoint.into(),
            jitter: Jitter::new(config.seed),
            config,
            visitor: None,
            next_id: RequestId::FIRST,
            turn: Turn::new(),
            recovery: None,
            rating: None,
            thread: Thread {
                id: None,
                state: State::Bot,
                newest: None,
                newest_before_turn: None,
                handoff: Handoff::new(None),
                outbox: Outbox::default(),
            },
        }
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(
        endpoint: impl Into<Arc<Endpoint>>,
        config: impl Into<Arc<Config>>,
        saved: Saved,
        now: Instant,
    ) -> Self {
        let mut conversation = Self::new(endpoint, config);
        let thread = &mut conversation.thread;
        thread.id = saved.conversation_id;
        thread.newest = saved.newest;
        thread.handoff = Handoff::new(saved.cursor);
        for (id, at) in &saved.seen {
            thread.handoff.remember(id, at.clone());
        }
        thread.state = saved.state;
        if thread.state.is_handoff() && thread.id.is_some() {
            thread.handoff.begin(None, now);
            conversation.begin_poll(now);
        }
        conversation
    }

    /// Says who the end user is, from the next message on.
    pub fn set_visitor(&mut self, visitor: Option<VisitorRef>) {
        self.visitor = visitor;
    }

    /// What to keep over a restart. A turn that is under way is not part of it: its
    /// message may have been taken, and is not to be sent again.
    #[must_use]
    pub fn save(&self) -> Saved {
        let thread = &self.thread;
        Saved {
            conversation_id: thread.id.clone(),
            state: thread.state.clone(),
            cursor: thread.handoff.cursor().cloned(),
            newest: thread.newest.clone(),
            seen: thread.handoff.seen().cloned().collect(),
        }
    }

    /// The id of the conversation, once the service gave one.
    #[must_use]
    pub const fn id(&self) -> Option<&ConversationId> {
        self.thread.id.as_ref()
    }

    /// Who answers, as far as the service told.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.thread.state
    }

    /// Whether a message is on its way, or its reply not over. Another one can be sent
    /// when this is false.
    #[must_use]
    pub const fn turn_in_progress(&self) -> bool {
        self.turn.is_in_progress()
    }

    /// Whether a request that is under way belongs to the turn: its message, or the
    /// search for its reply.
    #[must_use]
    pub fn is_of_turn(&self, id: RequestId) -> bool {
        let looking = self
            .recovery
            .as_ref()
            .and_then(|recovery| recovery.exchange());
        self.turn.exchange() == Some(id) || looking == Some(id)
    }

    /// Whether anything more is wanted from a request: false once its answer is decided
    /// or it was aborted.
    #[must_use]
    pub fn is_live(&self, id: RequestId) -> bool {
        let rating = match self.rating.as_deref().map(|rating| &rating.phase) {
            Some(RatePhase::InFlight(exchange)) => Some(exchange.id()),
            Some(RatePhase::Delayed(_)) | None => None,
        };
        self.is_of_turn(id) || self.thread.handoff.exchange() == Some(id) || rating == Some(id)
    }

    /// Whether a person's messages are polled for.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        !self.thread.handoff.is_off()
    }

    /// Where a poll for a person's messages goes on: what to give as `after` to somebody
    /// who follows from here.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Timestamp> {
        self.thread.handoff.cursor()
    }

    // ---- commands ----

    /// Sends a message. Returns the name of the turn, which its end will tell.
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(&mut self, message: Message, now: Instant) -> Result<RequestId, SendError> {
        if self.turn.is_in_progress() {
            return Err(SendError(message));
        }
        // What is left of the reply before does not matter any more.
        if let Some(settled) = self.turn.exchange() {
            self.thread.outbox.abort(settled);
        }
        let mut request = ChatRequest::new(message);
        request.conversation_id.clone_from(&self.thread.id);
        request.visitor_ref.clone_from(&self.visitor);
        self.thread
            .newest_before_turn
            .clone_from(&self.thread.newest);
        self.turn.forget();
        self.turn.name = self.next_id;
        let pending = Pending {
            request,
            attempts: 0,
        };
        self.transmit_message(Box::new(pending), now);
        Ok(self.turn.name)
    }

    /// Rates the conversation. Returns the name of the rating, which its end will tell.
    ///
    /// # Errors
    ///
    /// There is no conversation yet, or a rating is on its way; the error gives the
    /// comment back.
    pub fn rate(
        &mut self,
        rating: Rating,
        comment: Option<String>,
        now: Instant,
    ) -> Result<RequestId, RateError> {
        let Some(id) = self.thread.id.clone() else {
            return Err(RateError::NoConversation(comment));
        };
        if self.rating.is_some() {
            return Err(RateError::InProgress(comment));
        }
        let mut request = RatingRequest::new(id, rating);
        request.comment = comment;
        let name = self.next_id;
        self.transmit_rating(name, request, 0, now);
        Ok(name)
    }

    /// Ends the turn that is under way, in whatever state it is. The message may have
    /// been taken. Nothing happens where there is none.
    pub fn cancel(&mut self, _now: Instant) {
        if self.turn.is_in_progress() {
            self.abort_turn();
            self.end_turn(TurnEnd::Cancelled);
        }
    }

    /// Polls for a person's messages now instead of when it is due, where it is polled.
    pub fn check_now(&mut self, now: Instant) {
        if let handoff::Phase::Due(_) = self.thread.handoff.phase {
            self.begin_poll(now);
        }
    }

    // ---- inputs ----

    /// The head of an answer came.
    pub fn handle_response(&mut self, id: RequestId, head: &http::response::Parts, now: Instant) {
        let deadline = now + self.config.response_timeout;
        if self.turn.exchange() == Some(id) {
            match Answer::to_chat(head, &self.config) {
                None => self.turn.handle_stream(&self.config, now),
                Some(answer) => {
                    if let Phase::Requested(exchange, _) = &mut self.turn.phase {
                        exchange.handle_response(answer, deadline);
                    }
                }
            }
        } else {
            let page = Answer::to_messages(head, &self.config);
            let rating = Answer::to_rating(head, &self.config);
            if let Some(exchange) = self.page_exchange(id) {
                exchange.handle_response(page, deadline);
            } else if let Some(exchange) = self.rate_exchange(id) {
                exchange.handle_response(rating, deadline);
            }
        }
        self.end_where_enough(id, now);
    }

    /// A piece of the body came.
    pub fn handle_body(&mut self, id: RequestId, chunk: &[u8], now: Instant) {
        if self.turn.exchange() == Some(id) {
            if let Phase::Requested(exchange, _) = &mut self.turn.phase {
                exchange.handle_body(chunk);
            } else {
                return self.handle_stream_bytes(id, chunk, now);
            }
        } else if let Some(exchange) = self.page_exchange(id) {
            exchange.handle_body(chunk);
        } else if let Some(exchange) = self.rate_exchange(id) {
            exchange.handle_body(chunk);
        }
        self.end_where_enough(id, now);
    }

    /// The body ended, as far as HTTP is concerned.
    pub fn handle_end(&mut self, id: RequestId, now: Instant) {
        if self.turn.exchange() == Some(id) && !matches!(self.turn.phase, Phase::Requested(..)) {
            self.handle_stream_end(now);
        } else {
            let lost = Trouble::Transport(TransportFailure::Interrupted);
            self.end_exchange(id, lost, now);
        }
    }

    /// There is no answer, or no more of it.
    pub fn handle_failure(&mut self, id: RequestId, failure: TransportFailure, now: Instant) {
        if self.turn.exchange() != Some(id) || matches!(self.turn.phase, Phase::Requested(..)) {
            self.break_off(id);
            return self.end_exchange(id, Trouble::Transport(failure), now);
        }
        if let Phase::Streaming(_, reply) = &mut self.turn.phase {
            if let Err(cut) = reply.handle_interruption() {
                return self.fail_turn(TurnError::Cut(cut), now);
            }
        }
        self.turn.phase = Phase::Idle;
    }

    /// The driver reads again, after it waited for its application: what passed since its
    /// last input is not held against a reply that streams. For drivers that slow the
    /// service down by not reading.
    pub fn handle_return(&mut self, now: Instant) {
        if let Phase::Streaming(_, reply) = &mut self.turn.phase {
            reply.resume(now);
        }
    }

    /// A moment that [`Output::Wait`] told has come, or may have.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.handle_turn_timeout(now);
        if let Some(due) = self.recovery.as_ref().map(|recovery| recovery.deadline()) {
            if due <= now {
                self.handle_recovery_timeout(now);
            }
        }
        if self.thread.handoff.deadline().is_some_and(|due| due <= now) {
            match self.thread.handoff.exchange() {
                Some(id) => self.time_out(id, now),
                None => self.begin_poll(now),
            }
        }
        match self.rating.as_deref().map(|rating| &rating.phase) {
            Some(RatePhase::InFlight(exchange)) if exchange.deadline() <= now => {
                self.time_out(exchange.id(), now);
            }
            Some(RatePhase::Delayed(at)) if *at <= now => {
                if let Some(rating) = self.rating.take() {
                    self.transmit_rating(rating.name, rating.request, rating.attempts, now);
                }
            }
            _ => {}
        }
    }

    // ---- outputs ----

    /// What to do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        match self.thread.outbox.pop() {
            Some(Popped::Transmit(id, request)) => Output::Transmit(id, *request),
            Some(Popped::Abort(id)) => Output::Abort(id),
            Some(Popped::Update) => Output::Update,
            None => Output::Wait(self.deadline()),
        }
    }

    /// What the last [`Output::Update`] announced, until the next
    /// [`poll_output`](Self::poll_output); `None` at any other time.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.thread.outbox.shown()
    }

    fn deadline(&self) -> Option<Instant> {
        let rating = self.rating.as_ref().map(|rating| match &rating.phase {
            RatePhase::InFlight(exchange) => exchange.deadline(),
            RatePhase::Delayed(at) => *at,
        });
        [
            self.turn.deadline(),
            self.recovery.as_ref().map(|recovery| recovery.deadline()),
            self.thread.handoff.deadline(),
            rating,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    // ---- the turn ----

    fn begin_exchange(&mut self, now: Instant) -> Exchange {
        let id = self.next_id;
        self.next_id = id.next();
        Exchange::begin(id, &self.config, now)
    }

    fn transmit_message(&mut self, mut pending: Box<Pending>, now: Instant) {
        let exchange = self.begin_exchange(now);
        pending.attempts += 1;
        let request = self.endpoint.chat(&pending.request);
        self.thread.outbox.transmit(exchange.id(), request);
        self.turn.phase = Phase::Requested(Box::new(exchange), pending);
    }

    fn handle_stream_bytes(&mut self, id: RequestId, chunk: &[u8], now: Instant) {
        let mut input = chunk;
        loop {
            let is_over = !self.turn.is_in_progress();
            let event = match self.turn.next_event(&mut input, &self.config, now) {
                Ok(Some(event)) => event,
                Ok(None) => break,
                // Broken, but behind the end of the reply.
                Err(_) if is_over => continue,
                Err(cut) => {
                    self.thread.outbox.abort(id);
                    return self.fail_turn(TurnError::Cut(cut), now);
                }
            };
            if is_over && !matches!(event, Event::Done { .. }) {
                continue;
            }
            let thread = &mut self.thread;
            let end = thread.handle_event(&event, &self.config, &mut self.jitter, now);
            if let Some(end) = end {
                self.settle(end, now);
            }
        }
    }

    fn handle_stream_end(&mut self, now: Instant) {
        loop {
            match self.turn.finish(&self.config) {
                Ok(Some(event)) => {
                    let end = self
                        .thread
                        .handle_event(&event, &self.config, &mut self.jitter, now);
                    if let Some(end) = end {
                        self.settle(end, now);
                    }
                }
                Ok(None) => break,
                Err(cut) => return self.fail_turn(TurnError::Cut(cut), now),
            }
        }
        self.turn.phase = Phase::Idle;
    }

    /// The reply is over: the turn ends for the user, and its body goes on for a while.
    fn settle(&mut self, end: TurnEnd, now: Instant) {
        if self.turn.is_in_progress() {
            let may_be_refined = end == TurnEnd::Human;
            self.turn.settle(may_be_refined, &self.config, now);
            self.tell_end(end);
        } else {
            self.turn.refined();
        }
    }

    fn tell_end(&mut self, end: TurnEnd) {
        let ended = Kept::TurnEnded(self.turn.name, Box::new(end));
        self.thread.outbox.update(ended);
    }

    fn end_turn(&mut self, end: TurnEnd) {
        self.turn.phase = Phase::Idle;
        self.recovery = None;
        self.tell_end(end);
    }

    /// Drops whatever exchange the turn has.
    fn abort_turn(&mut self) {
        let recovery = self.recovery.take();
        let exchange = self.turn.exchange();
        let exchange = exchange.or_else(|| recovery.and_then(|recovery| recovery.exchange()));
        if let Some(id) = exchange {
            self.thread.outbox.abort(id);
        }
    }

    fn handle_turn_timeout(&mut self, now: Instant) {
        let is_due = self.turn.deadline().is_some_and(|due| due <= now);
        // A reply wants to know in any case that the driver was there, and nothing came.
        if !is_due && !matches!(self.turn.phase, Phase::Streaming(..)) {
            return;
        }
        match core::mem::replace(&mut self.turn.phase, Phase::Idle) {
            Phase::Requested(exchange, pending) => {
                let id = exchange.id();
                self.turn.phase = Phase::Requested(exchange, pending);
                self.time_out(id, now);
            }
            Phase::Delayed(_, pending) => self.transmit_message(pending, now),
            Phase::Streaming(id, mut reply) => {
                let ended = reply.handle_timeout(now);
                self.turn.phase = Phase::Streaming(id, reply);
                if let Err(cut) = ended {
                    self.thread.outbox.abort(id);
                    self.fail_turn(TurnError::Cut(cut), now);
                }
            }
            Phase::Settled(id, _, _) => self.thread.outbox.abort(id),
            phase @ (Phase::Idle | Phase::Recovering) => self.turn.phase = phase,
        }
    }

    /// The message was not answered by a reply stream.
    fn handle_trouble(&mut self, trouble: Trouble, pending: Box<Pending>, now: Instant) {
        let attempts = pending.attempts;
        let delay = backoff::before_message(&trouble, attempts, &self.config, &mut self.jitter);
        match delay {
            Some(delay) => {
                self.turn.phase = Phase::Delayed(due(now, delay), pending);
                let reason = DelayReason::of(&trouble);
                self.thread
                    .outbox
                    .update(Kept::Delayed(Delayed::Message, delay, reason));
            }
            None => self.fail_turn(trouble.into(), now),
        }
    }

    // ---- recovery ----

    /// The turn failed: its reply is looked for where it may be there and could be told
    /// from an older one.
    fn fail_turn(&mut self, error: TurnError, now: Instant) {
        let thread = &self.thread;
        let after = thread.newest_before_turn.clone();
        let can_be_told = match self.turn.so_far() {
            None => false,
            // A person's message would match as well.
            Some("") => after.is_some() && thread.handoff.is_off(),
            Some(_) => true,
        };
        if thread.id.is_none() || !can_be_told || !error.may_have_a_reply() {
            return self.end_turn(TurnEnd::Failed(error));
        }
        self.thread
            .outbox
            .update(Kept::Recovering(Box::new(error.clone())));
        self.turn.phase = Phase::Recovering;
        self.recovery = Some(Box::new(Recovery {
            phase: recovery::Phase::Due(due(now, self.config.recovery_delays[0])),
            error,
            after,
            tries: 0,
        }));
    }

    fn handle_recovery_timeout(&mut self, now: Instant) {
        let Some(recovery) = &self.recovery else {
            return;
        };
        if let Some(id) = recovery.exchange() {
            return self.time_out(id, now);
        }
        let Some(id) = self.thread.id.clone() else {
            return;
        };
        let mut request = MessagesRequest::new(id);
        request.after.clone_from(&recovery.after);
        let exchange = self.begin_exchange(now);
        let request = self.endpoint.messages(&request);
        self.thread.outbox.transmit(exchange.id(), request);
        if let Some(recovery) = &mut self.recovery {
            recovery.tries += 1;
            recovery.phase = recovery::Phase::InFlight(exchange);
        }
    }

    fn end_look(&mut self, outcome: Outcome, now: Instant) {
        let Some(mut recovery) = self.recovery.take() else {
            return;
        };
        let page = outcome.and_then(|answer| answer.into_page().map_err(Trouble::Refused));
        let is_final = page.as_ref().is_err_and(Trouble::is_final);
        if let Ok(page) = &page {
            let so_far = self.turn.so_far().unwrap_or_default();
            let found = recovery::find(page, so_far, &self.thread.handoff).cloned();
            if let Some(message) = found {
                let known = so_far.len();
                let thread = &mut self.thread;
                thread
                    .handoff
                    .remember(&message.id, message.created_at.clone());
                thread.note_time(message.created_at.as_ref());
                let ts = message.created_at.clone();
                thread
                    .outbox
                    .update(Kept::Recovered(Box::new(message), known));
                let (config, jitter) = (&self.config, &mut self.jitter);
                thread.set_state(&page.state, ts.as_ref(), config, jitter, now);
                return self.end_turn(TurnEnd::Recovered);
            }
        }
        match self.config.recovery_delays.get(recovery.tries) {
            Some(delay) if !is_final => {
                recovery.phase = recovery::Phase::Due(due(now, *delay));
                self.recovery = Some(recovery);
            }
            _ => self.end_turn(TurnEnd::Failed(recovery.error)),
        }
    }

    // ---- handoff ----

    fn begin_poll(&mut self, now: Instant) {
        let Some(id) = self.thread.id.clone() else {
            return;
        };
        let mut request = MessagesRequest::new(id);
        request.after = self.thread.handoff.cursor().cloned();
        let exchange = self.begin_exchange(now);
        let request = self.endpoint.messages(&request);
        self.thread.outbox.transmit(exchange.id(), request);
        self.thread.handoff.phase = handoff::Phase::InFlight(Box::new(exchange));
    }

    fn end_poll(&mut self, outcome: Outcome, now: Instant) {
        let (config, jitter) = (&self.config, &mut self.jitter);
        let thread = &mut self.thread;
        let page = outcome.and_then(|answer| answer.into_page().map_err(Trouble::Refused));
        match page {
            Ok(page) => {
                thread.handoff.failures = 0;
                let next = due(now, jitter.spread(config.poll_interval));
                thread.handoff.phase = handoff::Phase::Due(next);
                for message in page.messages {
                    if thread.handoff.see(&message) {
                        thread.note_time(message.created_at.as_ref());
                        thread.outbox.update(Kept::Message(Box::new(message)));
                    }
                }
                thread.handoff.forget();
                thread.set_state(&page.state, page.ts.as_ref(), config, jitter, now);
            }
            Err(Trouble::Refused(error)) if Trouble::Refused(error.clone()).is_final() => {
                thread.handoff.phase = handoff::Phase::Off;
                thread.outbox.update(Kept::HandoffFailed(Box::new(error)));
            }
            Err(trouble) => {
                thread.handoff.failures += 1;
                let failures = thread.handoff.failures;
                let delay = backoff::before_poll(&trouble, failures, config, jitter);
                thread.handoff.phase = handoff::Phase::Due(due(now, delay));
                let reason = DelayReason::of(&trouble);
                thread
                    .outbox
                    .update(Kept::Delayed(Delayed::Poll, delay, reason));
            }
        }
    }

    // ---- rating ----

    fn transmit_rating(
        &mut self,
        name: RequestId,
        request: RatingRequest,
        attempts: u32,
        now: Instant,
    ) {
        let exchange = self.begin_exchange(now);
        let transmitted = self.endpoint.rate(&request);
        self.thread.outbox.transmit(exchange.id(), transmitted);
        self.rating = Some(Box::new(Rate {
            name,
            request,
            attempts: attempts + 1,
            phase: RatePhase::InFlight(exchange),
        }));
    }

    fn end_rating(&mut self, mut rating: Box<Rate>, outcome: Outcome, now: Instant) {
        let taken = outcome.and_then(|answer| answer.into_rating().map_err(Trouble::Refused));
        let update = match taken {
            Ok(()) => Kept::Rated(rating.name, rating.request.rating),
            Err(trouble) => {
                let (config, jitter) = (&self.config, &mut self.jitter);
                match backoff::before_rating(&trouble, rating.attempts, config, jitter) {
                    Some(delay) => {
                        rating.phase = RatePhase::Delayed(due(now, delay));
                        self.rating = Some(rating);
                        Kept::Delayed(Delayed::Rating, delay, DelayReason::of(&trouble))
                    }
                    None => Kept::RatingFailed(rating.name, Box::new(trouble.into())),
                }
            }
        };
        self.thread.outbox.update(update);
    }

    // ---- exchanges, as far as all of them are alike ----

    /// The poll or the look for a cut reply that has this id.
    fn page_exchange(&mut self, id: RequestId) -> Option<&mut Exchange> {
        let looking = match self.recovery.as_deref_mut().map(|r| &mut r.phase) {
            Some(recovery::Phase::InFlight(exchange)) => Some(exchange),
            _ => None,
        };
        let polling = match &mut self.thread.handoff.phase {
            handoff::Phase::InFlight(exchange) => Some(&mut **exchange),
            _ => None,
        };
        [looking, polling]
            .into_iter()
            .flatten()
            .find(|exchange| exchange.id() == id)
    }

    fn rate_exchange(&mut self, id: RequestId) -> Option<&mut Exchange> {
        match self.rating.as_deref_mut().map(|rating| &mut rating.phase) {
            Some(RatePhase::InFlight(exchange)) if exchange.id() == id => Some(exchange),
            _ => None,
        }
    }

    /// Ends an exchange whose answer is decided before its body ends.
    fn end_where_enough(&mut self, id: RequestId, now: Instant) {
        let turn = match &self.turn.phase {
            Phase::Requested(exchange, _) if exchange.id() == id => exchange.is_enough(),
            _ => false,
        };
        let is_enough = turn
            || self
                .page_exchange(id)
                .is_some_and(|exchange| exchange.is_enough())
            || self
                .rate_exchange(id)
                .is_some_and(|exchange| exchange.is_enough());
        if is_enough {
            self.thread.outbox.abort(id);
            let unused = Trouble::Transport(TransportFailure::Interrupted);
            self.end_exchange(id, unused, now);
        }
    }

    fn time_out(&mut self, id: RequestId, now: Instant) {
        self.thread.outbox.abort(id);
        self.break_off(id);
        self.end_exchange(id, Trouble::TimedOut, now);
    }

    fn break_off(&mut self, id: RequestId) {
        if let Some(exchange) = self.page_exchange(id) {
            exchange.break_off();
        }
    }

    /// Ends an exchange that is no stream; `without` is what is wrong where it has no
    /// answer yet.
    fn end_exchange(&mut self, id: RequestId, without: Trouble, now: Instant) {
        if self.turn.exchange() == Some(id) {
            match core::mem::replace(&mut self.turn.phase, Phase::Idle) {
                Phase::Requested(exchange, pending) => {
                    let trouble = match exchange.end(without) {
                        Ok(answer) => Trouble::Refused(answer.into_chat_error()),
                        Err(trouble) => trouble,
                    };
                    self.handle_trouble(trouble, pending, now);
                }
                phase => self.turn.phase = phase,
            }
        } else if self.recovery.as_ref().and_then(|r| r.exchange()) == Some(id) {
            if let Some(exchange) = self.page_exchange(id).cloned() {
                self.end_look(exchange.end(without), now);
            }
        } else if self.thread.handoff.exchange() == Some(id) {
            if let Some(exchange) = self.page_exchange(id).cloned() {
                self.end_poll(exchange.end(without), now);
            }
        } else if self.rate_exchange(id).is_some() {
            if let Some(rating) = self.rating.take() {
                if let RatePhase::InFlight(exchange) = &rating.phase {
                    let outcome = exchange.clone().end(without);
                    self.end_rating(rating, outcome, now);
                }
            }
        }
    }
}
