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

mod backoff;
mod exchange;
mod exchanges;
mod handoff;
mod history;
mod outbox;
mod polls;
mod ratings;
mod recovery;
mod replies;
mod saved;
mod thread;
mod turn;
mod update;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use self::backoff::Jitter;
use self::handoff::Handoff;
use self::history::{History, SavedHistory};
use self::outbox::Outbox;
use self::recovery::Recovery;

use self::turn::{Pending, Phase, Turn};
use crate::api::{
    ChatRequest, ConversationId, Message, Rating, RatingRequest, State, Timestamp, VisitorRef,
};
use crate::config::Config;
use crate::failure::{Cause, Failure, TransportFailure};
use crate::http::{Answer, Endpoint, Head};
use crate::time::Instant;

use self::ratings::{Rate, RatePhase};
use self::thread::Thread;

pub use self::backoff::DelayReason;
pub use self::exchange::RequestId;
pub use self::outbox::Output;
pub use self::saved::Saved;
pub use self::turn::{TurnEnd, TurnId};
pub use self::update::{Delayed, Update};

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

impl Conversation {
    /// A new conversation; it begins with the first message. Many conversations can
    /// share their endpoint and configuration, which are most of what one holds.
    #[must_use]
    pub fn new(endpoint: impl Into<Arc<Endpoint>>, config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        Self {
            endpoint: endpoint.into(),
            jitter: Jitter::new(config.seed.unwrap_or_default()),
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
                history: History::new(true),
                handoff: Handoff::new(None),
                outbox: Outbox::default(),
            },
        }
    }

    /// Makes jitter of that seed, unless [`Config::seed`] is set. For an adapter, which
    /// draws one for each conversation; to be called before the first output.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter::new(self.config.seed.unwrap_or(seed));
        self
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    ///
    /// A turn that was under way when it was saved goes on as a search for its reply:
    /// [`turn_in_progress`](Self::turn_in_progress) is true, and the turn's end is told as
    /// [`Recovered`](TurnEnd::Recovered) or as failed. Its message is not sent again.
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
        thread.history = saved.history.restore(now);
        if (thread.state.is_handoff() || saved.is_polling) && thread.id.is_some() {
            thread.handoff.begin(None, now);
            conversation.begin_poll(now);
        }
        if let Some(turn) = saved.turn {
            let name = conversation.next_id;
            conversation.next_id = name.next();
            let name = TurnId::from_u64(name.as_u64());
            let error = conversation.turn.restore(name, turn);
            conversation.fail_turn(error, now);
        }
        conversation
    }

    /// Says who the end user is, from the next message on.
    pub fn set_visitor(&mut self, visitor: Option<VisitorRef>) {
        self.visitor = visitor;
    }

    /// What to keep over a restart. Of a turn that is under way it has what the search for
    /// its reply needs; the message may have been taken, and is not sent again.
    #[must_use]
    pub fn save(&self) -> Saved {
        let thread = &self.thread;
        let cut = |recovery: &Recovery| matches!(recovery.error, Failure::Cut(_));
        Saved {
            conversation_id: thread.id.clone(),
            state: thread.state.clone(),
            cursor: thread.handoff.cursor().cloned(),
            newest: thread.newest.clone(),
            seen: thread.handoff.seen().cloned().collect(),
            is_polling: !thread.handoff.is_off(),
            history: SavedHistory::from(&thread.history),
            turn: self.turn.save(self.recovery.as_deref().is_some_and(cut)),
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
        let rating = self.rating.as_ref().and_then(|rating| rating.exchange());
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

    /// Sends a message. Returns the name of the turn, which its end will tell.
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(&mut self, message: Message, now: Instant) -> Result<TurnId, SendError> {
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
        let thread = &mut self.thread;
        let text = request.message.as_str();
        thread.history.send(text, thread.newest.clone());
        self.turn.begin(TurnId::from_u64(self.next_id.as_u64()));
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
    pub fn cancel(&mut self, now: Instant) {
        if self.turn.is_in_progress() {
            self.cancel_turn(now);
        }
    }

    /// Polls for a person's messages now instead of when it is due, where it is polled.
    pub fn check_now(&mut self, now: Instant) {
        if let handoff::Phase::Due(_) = self.thread.handoff.phase {
            self.begin_poll(now);
        }
    }

    /// The head of an answer came.
    pub fn handle_response(&mut self, id: RequestId, head: impl Into<Head>, now: Instant) {
        let deadline = now + self.config.response_timeout;
        if self.turn.exchange() == Some(id) {
            match Answer::to_chat(head, &self.endpoint, &self.config) {
                None => self.turn.handle_stream(&self.config, now),
                Some(answer) => {
                    if let Phase::Requested(exchange, _) = &mut self.turn.phase {
                        exchange.handle_response(answer, deadline);
                    }
                }
            }
        } else {
            let (endpoint, config) = (Arc::clone(&self.endpoint), Arc::clone(&self.config));
            if let Some(exchange) = self.page_exchange(id) {
                let answer = Answer::to_messages(head, &endpoint, &config);
                exchange.handle_response(answer, deadline);
            } else if let Some(exchange) = self.rate_exchange(id) {
                let answer = Answer::to_rating(head, &endpoint, &config);
                exchange.handle_response(answer, deadline);
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
            self.end_exchange(id, Failure::Unanswered(Cause::UNKNOWN), now);
        }
    }

    /// There is no answer, or no more of it. The application is told the cause.
    pub fn handle_failure(&mut self, id: RequestId, failure: TransportFailure, now: Instant) {
        if failure == TransportFailure::Withdrawn && self.withdraw(id, now) {
            return;
        }
        if self.turn.exchange() != Some(id) || matches!(self.turn.phase, Phase::Requested(..)) {
            self.break_off(id);
            return self.end_exchange(id, failure.into(), now);
        }
        if let Phase::Streaming(_, reply) = &mut self.turn.phase {
            if let Err(cut) = reply.handle_interruption() {
                return self.fail_turn(Failure::Cut(cut), now);
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

    /// What to do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        let (turn, recovery) = (&self.turn, self.recovery.as_deref());
        let rating = self.rating.as_deref();
        let handoff = &self.thread.handoff;
        self.thread
            .outbox
            .poll(|| deadline(turn, recovery, handoff, rating))
    }

    /// What the last [`Output::Update`] announced, until the next
    /// [`poll_output`](Self::poll_output); `None` at any other time.
    #[must_use]
    #[inline]
    pub fn update(&self) -> Option<Update<'_>> {
        self.thread.outbox.shown()
    }
}

fn deadline(
    turn: &Turn,
    recovery: Option<&Recovery>,
    handoff: &Handoff,
    rating: Option<&Rate>,
) -> Option<Instant> {
    let rating = rating.map(|rating| match &rating.phase {
        RatePhase::InFlight(exchange) => exchange.deadline(),
        RatePhase::Delayed(at) => *at,
    });
    [
        turn.deadline(),
        recovery.map(Recovery::deadline),
        handoff.deadline(),
        rating,
    ]
    .into_iter()
    .flatten()
    .min()
}
