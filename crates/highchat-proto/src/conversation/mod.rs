//! A conversation: turns, handoff, recovery and rating, joined in one place.
//!
//! Each machine is whole in its file (`turn`, `recovery`, `handoff`, `rating`): it alone
//! knows its phases, and it answers what it is told with a `Step`. Here the steps are joined
//! (`follow`), and what is known of the conversation is kept.
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
mod exchanges;
mod handoff;
mod history;
mod outbox;
mod rating;
mod recovery;
mod saved;
pub(crate) mod session;
mod step;
mod turn;
mod update;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

// Without compare-and-swap there is no `Arc`, and one core that needs none.
#[cfg(not(target_has_atomic = "ptr"))]
use alloc::rc::Rc as Arc;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc;

use self::backoff::{Clocks, Jitter};
use self::exchanges::{Exchanges, Purpose};
use self::handoff::Handoff;
use self::history::{Extent, History, SavedHistory};
use self::outbox::Outbox;
use self::rating::Rate;
use self::recovery::Known;
use self::step::{Found, Said, Step};
use self::turn::Turn;
use crate::api::{
    ChatRequest, ConversationId, Event, Message, MessagesRequest, Page, Rating, RatingRequest,
    Role, State, Timestamp, VisitorRef,
};
use crate::config::Config;
use crate::failure::{Cause, Failure, TransportFailure};
use crate::http::{Answer, Endpoint, Head};
use crate::time::Instant;

pub use self::backoff::DelayReason;
pub use self::exchanges::RequestId;
pub use self::outbox::Output;
pub use self::saved::Saved;
pub use self::update::{Delayed, TurnEnd, TurnId, Update};

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
    id: Option<ConversationId>,
    state: State,
    /// The newest time that the service ever told.
    newest: Option<Timestamp>,
    history: History,
    exchanges: Exchanges,
    turn: Turn,
    handoff: Handoff,
    /// Most conversations have none on its way.
    rating: Option<Box<Rate>>,
    outbox: Outbox,
}

/// Who told the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// An event of the reply.
    Event,
    /// The page that a poll asked for.
    Poll,
    /// The page in which a reply was looked for. Its messages are not shown.
    Search,
}

/// What is told if the service fails and gives no reason.
const NO_REASON: &str = "the service could not answer, and gave no reason";

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
            id: None,
            state: State::Bot,
            newest: None,
            history: History::new(true),
            exchanges: Exchanges::new(),
            turn: Turn::new(),
            handoff: Handoff::new(None),
            rating: None,
            outbox: Outbox::default(),
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
        conversation.id = saved.conversation_id;
        conversation.newest = saved.newest;
        conversation.handoff = Handoff::new(saved.cursor);
        for (id, at) in &saved.seen {
            conversation.handoff.remember(id, at.clone());
        }
        conversation.state = saved.state;
        conversation.history = saved.history.restore(now);
        let is_polling = conversation.state.is_handoff() || saved.is_polling;
        if is_polling && conversation.id.is_some() {
            conversation.handoff.begin(None, now);
            conversation.check_now(now);
        }
        if let Some(turn) = saved.turn {
            let name = TurnId::from_u64(conversation.exchanges.take_id().as_u64());
            let step = conversation.turn.restore(name, turn);
            conversation.follow(step, now);
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
        Saved {
            conversation_id: self.id.clone(),
            state: self.state.clone(),
            cursor: self.handoff.cursor().cloned(),
            newest: self.newest.clone(),
            seen: self.handoff.seen().cloned().collect(),
            is_polling: !self.handoff.is_off(),
            history: SavedHistory::from(&self.history),
            turn: self.turn.save(),
        }
    }

    /// The id of the conversation, once the service gave one.
    #[must_use]
    pub const fn id(&self) -> Option<&ConversationId> {
        self.id.as_ref()
    }

    /// Who answers, as far as the service told.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
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
        self.exchanges.purpose(id).is_some_and(Purpose::is_of_turn)
    }

    /// Whether anything more is wanted from a request: false once its answer is decided
    /// or it was aborted.
    #[must_use]
    pub fn is_live(&self, id: RequestId) -> bool {
        self.exchanges.purpose(id).is_some()
    }

    /// Whether a person's messages are polled for.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        !self.handoff.is_off()
    }

    /// Where a poll for a person's messages goes on: what to give as `after` to somebody
    /// who follows from here.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Timestamp> {
        self.handoff.cursor()
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
        self.abort(Purpose::Message);
        self.history.send(message.as_str(), self.newest.clone());
        let mut request = ChatRequest::new(message);
        request.conversation_id.clone_from(&self.id);
        request.visitor_ref.clone_from(&self.visitor);
        let name = TurnId::from_u64(self.exchanges.next_id().as_u64());
        let step = self.turn.begin(name, request);
        self.follow(step, now);
        Ok(name)
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
        let Some(id) = self.id.clone() else {
            return Err(RateError::NoConversation(comment));
        };
        if self.rating.is_some() {
            return Err(RateError::InProgress(comment));
        }
        let mut request = RatingRequest::new(id, rating);
        request.comment = comment;
        let name = self.exchanges.next_id();
        self.rating = Some(Box::new(Rate::new(name, request)));
        self.transmit(Purpose::Rating, now);
        Ok(name)
    }

    /// Ends the turn that is under way, in whatever state it is. The message may have
    /// been taken. Nothing happens where there is none.
    pub fn cancel(&mut self, now: Instant) {
        if !self.turn.is_in_progress() {
            return;
        }
        self.abort(Purpose::Message);
        self.abort(Purpose::Search);
        if self.turn.end() {
            self.history.retract();
        } else {
            self.note_reply(Extent::Cut, now);
        }
        self.tell_end(TurnEnd::Cancelled);
    }

    /// Polls for a person's messages now instead of when it is due, if it is polled.
    pub fn check_now(&mut self, now: Instant) {
        let step = self.handoff.check_now();
        self.follow(step, now);
    }

    /// The head of an answer came.
    pub fn handle_response(&mut self, id: RequestId, head: impl Into<Head>, now: Instant) {
        let Some(exchange) = self.exchanges.get_mut(id) else {
            return;
        };
        let answer = match exchange.purpose {
            Purpose::Message if self.turn.has_stream() => return,
            Purpose::Message => match Answer::to_chat(head, &self.endpoint, &self.config) {
                Some(answer) => answer,
                None => {
                    exchange.handle_stream();
                    return self.turn.handle_stream(&self.config, now);
                }
            },
            Purpose::Search | Purpose::Poll => {
                Answer::to_messages(head, &self.endpoint, &self.config)
            }
            Purpose::Rating => Answer::to_rating(head, &self.endpoint, &self.config),
        };
        exchange.handle_response(answer, now + self.config.response_timeout);
        if exchange.is_enough() {
            self.end_early(id, now);
        }
    }

    /// A piece of the body came.
    pub fn handle_body(&mut self, id: RequestId, chunk: &[u8], now: Instant) {
        let Some(exchange) = self.exchanges.get_mut(id) else {
            return;
        };
        if exchange.purpose == Purpose::Message && self.turn.has_stream() {
            return self.read_reply(chunk, now);
        }
        exchange.handle_body(chunk);
        if exchange.is_enough() {
            self.end_early(id, now);
        }
    }

    /// The body ended, as far as HTTP is concerned.
    pub fn handle_end(&mut self, id: RequestId, now: Instant) {
        let Some(exchange) = self.exchanges.end(id) else {
            return;
        };
        if exchange.purpose == Purpose::Message && self.turn.has_stream() {
            self.finish_reply(now);
        } else {
            let lost = Failure::Unanswered(Cause::UNKNOWN);
            self.judge(exchange.purpose, exchange.into_answer(), lost, now);
        }
    }

    /// There is no answer, or no more of it. The application is told the cause.
    pub fn handle_failure(&mut self, id: RequestId, failure: TransportFailure, now: Instant) {
        let Some(mut exchange) = self.exchanges.end(id) else {
            return;
        };
        match (exchange.purpose, failure) {
            (Purpose::Message, _) if self.turn.has_stream() => {
                let step = self.turn.handle_interruption();
                self.follow(step, now);
            }
            (Purpose::Poll, TransportFailure::Withdrawn) => self.handoff.withdraw(now),
            (Purpose::Rating, TransportFailure::Withdrawn) => {
                if let Some(rating) = &mut self.rating {
                    rating.withdraw(now);
                }
            }
            (Purpose::Search, failure @ TransportFailure::Withdrawn) => {
                self.judge(Purpose::Search, None, failure.into(), now);
            }
            (purpose, failure) => {
                exchange.break_off();
                self.judge(purpose, exchange.into_answer(), failure.into(), now);
            }
        }
    }

    /// The driver reads again, after it waited for its application: what passed since its
    /// last input is not held against a reply that streams. For drivers that slow the
    /// service down by not reading.
    pub fn handle_return(&mut self, now: Instant) {
        self.turn.handle_return(now);
    }

    /// A moment that [`Output::Wait`] told has come, or may have.
    pub fn handle_timeout(&mut self, now: Instant) {
        for purpose in Purpose::ALL {
            if let Some(id) = self.exchanges.overdue(purpose, now) {
                self.time_out(id, now);
                continue;
            }
            let step = match (purpose, &mut self.rating) {
                (Purpose::Message, _) => self.turn.handle_timeout(now),
                (Purpose::Poll, _) => self.handoff.handle_timeout(now),
                (Purpose::Rating, Some(rating)) => rating.handle_timeout(now),
                // A search is in the hands of the turn.
                (Purpose::Search, _) | (Purpose::Rating, None) => Step::Nothing,
            };
            self.follow(step, now);
        }
    }

    /// What to do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Output {
        let deadlines = || {
            [
                self.exchanges.deadline(),
                self.turn.deadline(),
                self.handoff.deadline(),
                self.rating.as_ref().and_then(|rating| rating.deadline()),
            ]
        };
        self.outbox.poll(|| deadlines().into_iter().flatten().min())
    }

    /// What the last [`Output::Update`] announced, until the next
    /// [`poll_output`](Self::poll_output); `None` at any other time.
    #[must_use]
    #[inline]
    pub fn update(&self) -> Option<Update<'_>> {
        self.outbox.shown()
    }
}

/// The join.
impl Conversation {
    /// Does what a machine wants.
    fn follow(&mut self, step: Step, now: Instant) {
        match step {
            Step::Nothing => {}
            Step::Transmit(purpose) => self.transmit(purpose, now),
            Step::Abort(purpose) => self.abort(purpose),
            Step::Delayed(what, delay, reason) => self.outbox.update(Update::Delayed {
                what,
                delay,
                reason,
            }),
            Step::TurnFailed(failure) => {
                self.abort(Purpose::Message);
                if self.can_be_found(&failure) {
                    self.outbox.update(Update::Recovering {
                        error: Cow::Owned(failure.clone()),
                    });
                    self.turn.recover(failure, &self.config, now);
                } else {
                    self.end_turn(TurnEnd::Failed(failure), now);
                }
            }
            Step::Searched { found, end, said } => {
                if let Some(found) = found {
                    self.tell_found(found);
                }
                self.set_state(said, Source::Search, now);
                if let Some(end) = end {
                    self.end_turn(end, now);
                }
            }
            Step::Polled {
                messages,
                unreadable,
                said,
            } => {
                for message in messages {
                    self.note_time(message.created_at.as_ref());
                    let is_known = message.role == Role::Assistant
                        && self.history.take_repeated(&message.content);
                    if !is_known {
                        self.outbox.update(Update::Message(Cow::Owned(message)));
                    }
                }
                if unreadable > 0 {
                    self.outbox.update(Update::Unreadable {
                        messages: unreadable,
                    });
                }
                if let Some(said) = said {
                    self.set_state(said, Source::Poll, now);
                    // An event had ended the handoff, and the page does not say otherwise.
                    if !self.state.is_handoff() {
                        self.handoff.stop();
                    }
                }
            }
            // An event had ended the handoff: nothing more was expected.
            Step::HandoffFailed(_) if !self.state.is_handoff() => {}
            Step::HandoffFailed(failure) => self.outbox.update(Update::HandoffFailed {
                error: Cow::Owned(failure),
            }),
            Step::Rated(request, rating) => {
                self.rating = None;
                self.outbox.update(Update::Rated { request, rating });
            }
            Step::RatingFailed(request, failure) => {
                self.rating = None;
                self.outbox.update(Update::RatingFailed {
                    request,
                    error: Cow::Owned(failure),
                });
            }
        }
    }

    // ---- exchanges ----

    fn transmit(&mut self, purpose: Purpose, now: Instant) {
        let messages_after = |after: Option<&Timestamp>| {
            let mut request = MessagesRequest::new(self.id.clone()?);
            request.after = after.cloned();
            Some(self.endpoint.messages(&request))
        };
        let request = match purpose {
            Purpose::Message => self.turn.request().map(|it| self.endpoint.chat(it)),
            Purpose::Search => messages_after(self.history.sent().after.as_ref()),
            Purpose::Poll => messages_after(self.handoff.cursor()),
            Purpose::Rating => self
                .rating
                .as_ref()
                .map(|it| self.endpoint.rate(it.request())),
        };
        // A machine has a request while it is sent, and a conversation that is searched or
        // polled has an id.
        if let Some(request) = request {
            let wait = self.config.response_timeout;
            let id = self.exchanges.begin(purpose, wait, now);
            self.outbox.transmit(id, request);
        }
    }

    /// Nothing more is wanted from the exchange of that purpose, if there is one.
    fn abort(&mut self, purpose: Purpose) {
        if let Some(id) = self.exchanges.give_up(purpose) {
            self.outbox.abort(id);
        }
    }

    /// Ends an exchange whose answer is decided before its body ends.
    fn end_early(&mut self, id: RequestId, now: Instant) {
        self.outbox.abort(id);
        self.handle_end(id, now);
    }

    fn time_out(&mut self, id: RequestId, now: Instant) {
        self.outbox.abort(id);
        if let Some(mut exchange) = self.exchanges.end(id) {
            exchange.break_off();
            let purpose = exchange.purpose;
            self.judge(purpose, exchange.into_answer(), Failure::TimedOut, now);
        }
    }

    /// Brings its machine the answer to a request, as far as it came; `without` is what is
    /// wrong if there is none.
    fn judge(&mut self, purpose: Purpose, answer: Option<Answer>, without: Failure, now: Instant) {
        let answer = answer.ok_or(without);
        let page =
            |answer: Result<Answer, Failure>| -> Result<Page, Failure> { Ok(answer?.into_page()?) };
        let mut clocks = Clocks {
            config: &self.config,
            jitter: &mut self.jitter,
            now,
        };
        let step = match (purpose, &mut self.rating) {
            (Purpose::Message, _) => {
                let refused = |answer: Answer| Failure::Refused(answer.into_chat_error());
                let failure = answer.map_or_else(|without| without, refused);
                self.turn.handle_refusal(failure, &mut clocks)
            }
            (Purpose::Search, _) => {
                let known = Known {
                    handoff: &self.handoff,
                    history: &mut self.history,
                    config: &self.config,
                    now,
                };
                self.turn.handle_page(page(answer), known)
            }
            (Purpose::Poll, _) => self.handoff.handle_page(page(answer), &mut clocks),
            (Purpose::Rating, Some(rating)) => {
                let taken = answer.and_then(|answer| Ok(answer.into_rating()?));
                rating.handle_answer(taken, &mut clocks)
            }
            (Purpose::Rating, None) => Step::Nothing,
        };
        self.follow(step, now);
    }

    // ---- the reply ----

    fn read_reply(&mut self, chunk: &[u8], now: Instant) {
        let mut input = chunk;
        loop {
            let outbox = &mut self.outbox;
            let show = |text: &str| outbox.delta(text);
            let event = match self.turn.next_event(&mut input, &self.config, now, show) {
                Ok(Some(Event::Delta { text })) => {
                    self.outbox.delta(&text);
                    continue;
                }
                Ok(Some(event)) => event.into_owned(),
                Ok(None) => return,
                Err(cut) => {
                    let step = self.turn.handle_cut(cut);
                    return self.follow(step, now);
                }
            };
            self.handle_event(event, now);
        }
    }

    fn finish_reply(&mut self, now: Instant) {
        loop {
            match self.turn.finish(&self.config) {
                Ok(Some(event)) => self.handle_event(event, now),
                Ok(None) => return,
                Err(cut) => {
                    let step = self.turn.handle_cut(cut);
                    return self.follow(step, now);
                }
            }
        }
    }

    /// Applies an event of the reply.
    fn handle_event(&mut self, event: Event<'static>, now: Instant) {
        match event {
            Event::Meta { conversation_id } => {
                let is_replaced = match (&self.id, &conversation_id) {
                    (Some(old), Some(new)) => old != new,
                    _ => false,
                };
                if is_replaced {
                    self.forget_messages();
                }
                self.id = conversation_id.or(self.id.take());
                self.outbox.update(Update::Meta {
                    conversation_id: self.id.clone().map(Cow::Owned),
                    is_replaced,
                });
                self.begin_handoff_if_due(None, now);
            }
            Event::Delta { text } => self.outbox.delta(&text),
            Event::Done {
                message_id,
                state,
                ts,
            } => {
                if let Some(id) = &message_id {
                    self.handoff.remember(id, ts.clone());
                }
                self.note_end_of_reply(ts.as_ref());
                let unplaced = message_id.is_none().then_some(Extent::Whole);
                self.outbox.update(Update::Done {
                    message_id: message_id.map(Cow::Owned),
                    state: state.clone().map(Cow::Owned),
                    ts: ts.clone().map(Cow::Owned),
                });
                self.set_state(Said { state, ts }, Source::Event, now);
                self.settle(TurnEnd::Done, unplaced, now);
            }
            Event::Human { message, ts } => {
                self.note_end_of_reply(ts.as_ref());
                if let Some(message) = &message {
                    self.history.note_reply(message, Extent::Whole, now);
                }
                self.outbox.update(Update::Human {
                    message: message.map(|message| message.into_cow()),
                    ts: ts.clone().map(Cow::Owned),
                });
                let state = Some(State::Human);
                self.set_state(Said { state, ts }, Source::Event, now);
                self.settle(TurnEnd::Human, Some(Extent::Whole), now);
            }
            Event::Error { message } => {
                let message = message.as_deref().unwrap_or(NO_REASON);
                let message = self.endpoint.secret().hide(message).into();
                let end = TurnEnd::Failed(Failure::Service(message));
                self.settle(end, Some(Extent::Failed), now);
            }
            Event::Unknown { event, data } => {
                self.outbox.update(Update::Unknown { event, data });
            }
            Event::Ping => {}
        }
    }

    /// The reply is over: the turn ends for the user, and its body goes on for a while.
    /// `unplaced` is what is known of its text, if its message is not known by its id.
    fn settle(&mut self, end: TurnEnd, unplaced: Option<Extent>, now: Instant) {
        // A `done` after the end only refines the state.
        if !self.turn.is_in_progress() {
            return;
        }
        if let Some(extent) = unplaced {
            self.note_reply(extent, now);
        }
        let until = now + self.config.settle_timeout;
        self.turn.settle(end == TurnEnd::Human, until);
        self.tell_end(end);
    }

    // ---- the end of a turn ----

    fn end_turn(&mut self, end: TurnEnd, now: Instant) {
        match &end {
            TurnEnd::Failed(failure) if !failure.may_have_been_taken() => self.history.retract(),
            TurnEnd::Failed(_) => self.note_reply(Extent::Cut, now),
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered | TurnEnd::Cancelled => {}
        }
        self.turn.end();
        self.tell_end(end);
    }

    fn tell_end(&mut self, end: TurnEnd) {
        self.outbox.update(Update::TurnEnded {
            turn: self.turn.name(),
            end: Cow::Owned(end),
        });
    }

    /// Whether the reply of a turn that failed may be there, and could be told from an older
    /// one.
    fn can_be_found(&self, failure: &Failure) -> bool {
        let can_be_told = match self.turn.so_far() {
            None => false,
            // A person's message would match as well.
            Some("") => self.history.sent().after.is_some() && self.handoff.is_off(),
            Some(_) => true,
        };
        let is_known = self.id.is_some() && self.history.is_known();
        is_known && can_be_told && failure.may_have_a_reply()
    }

    /// A reply that was cut was read back.
    fn tell_found(&mut self, found: Found) {
        let Found { message, missing } = found;
        let ts = message.created_at.clone();
        self.handoff.remember(&message.id, ts.clone());
        self.note_time(ts.as_ref());
        self.outbox.update(Update::Recovered {
            message: Cow::Owned(message),
            missing: Cow::Owned(missing.into()),
        });
    }

    /// The reply of the turn, as far as it came, may be among the messages under an id that
    /// is not known. One that ended without a text is none.
    fn note_reply(&mut self, extent: Extent, now: Instant) {
        let beginning = self.turn.beginning();
        if extent == Extent::Cut || !beginning.is_empty() {
            self.history.note_reply(beginning, extent, now);
        }
    }

    // ---- what is known of the conversation ----

    /// Takes note of a time; whether it is newer than all before.
    fn note_time(&mut self, ts: Option<&Timestamp>) -> bool {
        let is_newer = ts > self.newest.as_ref();
        if is_newer {
            self.newest = ts.cloned();
        }
        is_newer
    }

    fn note_end_of_reply(&mut self, ts: Option<&Timestamp>) {
        if self.note_time(ts) {
            self.history.note_time();
        }
    }

    /// The service told the state, with a time; the handoff begins or ends with it.
    fn set_state(&mut self, said: Said, source: Source, now: Instant) {
        let is_polling = !self.handoff.is_off();
        let state = match said.state {
            Some(State::Other(_)) | None => return,
            // The poll will see the end of a handoff as well, with the messages before it.
            Some(_) if source == Source::Search && is_polling => return,
            Some(state) => state,
        };
        let is_handoff = state.is_handoff();
        if self.state != state {
            self.state = state.clone();
            self.outbox.update(Update::State(Cow::Owned(state)));
        }
        if !is_handoff {
            if source == Source::Event {
                self.handoff.end_with_next_poll();
            } else {
                self.handoff.stop();
            }
        } else {
            self.begin_handoff_if_due(said.ts, now);
        }
    }

    /// Begins to poll if a person answers in a conversation whose id is known. A service may
    /// say the one in a reply before it says the other.
    fn begin_handoff_if_due(&mut self, ts: Option<Timestamp>, now: Instant) {
        if self.state.is_handoff() && self.id.is_some() && self.handoff.is_off() {
            let after = self.first_after(ts);
            let mut clocks = Clocks {
                config: &self.config,
                jitter: &mut self.jitter,
                now,
            };
            self.handoff.begin(after, clocks.next_poll());
        }
    }

    /// From which time on a person's messages are asked for: the newest known before the
    /// turn with which the handoff begins, so that what was written just before is not
    /// lost. All of them if no time is known and nothing was said before this client.
    fn first_after(&self, ts: Option<Timestamp>) -> Option<Timestamp> {
        match &self.history.sent().after {
            None if !self.history.is_known() => ts,
            after => after.clone(),
        }
    }

    /// What is known of times and messages is of another conversation than this one, in
    /// which something may have been said before.
    fn forget_messages(&mut self) {
        self.abort(Purpose::Poll);
        self.handoff = Handoff::new(None);
        self.history = History::new(false);
        self.newest = None;
        // A person who answered there does not answer here, unless the service says so.
        if self.state != State::Bot {
            self.state = State::Bot;
            self.outbox.update(Update::State(Cow::Owned(State::Bot)));
        }
    }
}
