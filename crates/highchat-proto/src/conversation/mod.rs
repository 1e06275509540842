//! The state machine of a conversation: turns, handoff, recovery and rating.
//!
//! Each of these four is a state machine in a file of its own (`turn`, `handoff`, `recovery`,
//! `rating`). Only that file knows its phases. It returns a `Step`, and [`Conversation`]
//! carries the step out (`apply`). [`Conversation`] also keeps what is known about the
//! conversation, such as its id and its state.
//!
//! Inputs take effect at once. Outputs wait in a queue until they are polled. Each input
//! carries the current time, and [`Output::Wait`] has the time of the next timeout. A driver is
//! a loop:
//!
//! ```text
//! loop {
//!     match conversation.poll_output() {
//!         Output::Transmit(id, request) => send it, and pass the response on with
//!             handle_response, handle_body …, then handle_end or handle_failure,
//!         Output::Abort(id)  => drop this exchange,
//!         Output::Update     => show conversation.update(),
//!         Output::Wait(when) => wait for an input or a command, at most until then;
//!             then call handle_timeout(now),
//!     }
//! }
//! ```

mod backoff;
mod exchanges;
mod handoff;
mod history;
mod ids;
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

// A target without compare-and-swap has no `Arc`. It has only one core, so `Rc` is enough.
#[cfg(not(target_has_atomic = "ptr"))]
use alloc::rc::Rc as Arc;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc;

use self::backoff::{Jitter, Timing};
use self::exchanges::{Exchanges, Purpose};
use self::handoff::Handoff;
use self::history::{Extent, History, SavedHistory};
use self::outbox::Outbox;
use self::rating::PendingRating;
use self::recovery::SearchContext;
use self::step::{FoundReply, ReportedState, Step};
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
pub use self::saved::{InvalidSaved, Saved};
pub use self::update::{Delayed, TurnEnd, TurnId, Update};

/// A message was not sent, because the previous turn is not over. The error contains the
/// message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError(Message);

impl SendError {
    /// Returns the message.
    #[must_use]
    pub fn into_message(self) -> Message {
        self.0
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply to the previous message is not over yet")
    }
}

impl core::error::Error for SendError {}

/// A rating was not sent. The error contains its comment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateError {
    /// There is no conversation to rate yet.
    NoConversation(Option<String>),
    /// The previous rating is not answered yet.
    InProgress(Option<String>),
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConversation(_) => "there is no conversation to rate yet",
            Self::InProgress(_) => "the previous rating is not answered yet",
        })
    }
}

impl core::error::Error for RateError {}

/// A conversation with a bot, and with a person after the bot hands over.
///
/// It does no I/O, reads no clock and draws no random number. A driver moves the bytes and
/// supplies the time. Several exchanges may be in flight (a turn, a poll, a rating), but
/// none depends on another, so a driver may also do one at a time.
///
/// A message is sent a second time only if the service surely did not take it: after a 429, or
/// if none of its bytes were sent. Any other failure is reported. If the service may have
/// stored the reply anyway, the conversation first searches for it among its messages.
/// Source: our decision, like all timeouts and limits ([`Config`]).
#[derive(Debug)]
pub struct Conversation {
    endpoint: Arc<Endpoint>,
    config: Arc<Config>,
    jitter: Jitter,
    visitor: Option<VisitorRef>,
    id: Option<ConversationId>,
    state: State,
    /// The newest timestamp that the service ever sent.
    newest: Option<Timestamp>,
    history: History,
    exchanges: Exchanges,
    turn: Turn,
    handoff: Handoff,
    /// Boxed, because most conversations never rate.
    rating: Option<Box<PendingRating>>,
    outbox: Outbox,
}

/// Where a state comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StateSource {
    /// An event of the reply.
    Event,
    /// The page that a poll asked for.
    Poll,
    /// The page in which a cut reply was searched. Its messages are not shown.
    Search,
}

impl Conversation {
    /// Creates a conversation. It begins with the first message. Many conversations can share
    /// one endpoint and one configuration, which take most of the memory.
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

    /// Sets the seed of all jitter, unless [`Config::seed`] is set. An adapter calls this with
    /// a new random number for each conversation, before the first output.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter::new(self.config.seed.unwrap_or(seed));
        self
    }

    /// Continues a saved conversation. If a person answers in it, the first poll is due at
    /// once.
    ///
    /// If a turn was in progress when the conversation was saved, it continues as a search for
    /// its reply. [`turn_in_progress`](Self::turn_in_progress) is then true, and the turn ends
    /// as [`Recovered`](TurnEnd::Recovered) or [`Failed`](TurnEnd::Failed). Its message is not
    /// sent again.
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
            let turn_id = TurnId::from_u64(conversation.exchanges.take_id().as_u64());
            let step = conversation.turn.restore(turn_id, turn);
            conversation.apply(step, now);
        }
        conversation
    }

    /// Sets the end user, for the next message and all later ones.
    pub fn set_visitor(&mut self, visitor: Option<VisitorRef>) {
        self.visitor = visitor;
    }

    /// Returns the data to keep over a restart. If a turn is in progress, this includes what
    /// the search for its reply needs. Its message may have been taken, so it is not sent
    /// again.
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

    /// The id of the conversation; `None` until the service sends one.
    #[must_use]
    pub const fn id(&self) -> Option<&ConversationId> {
        self.id.as_ref()
    }

    /// Who answers, by the last state that the service sent.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Whether a turn is in progress: its message or its reply is not finished. If false,
    /// another message can be sent.
    #[must_use]
    pub const fn turn_in_progress(&self) -> bool {
        self.turn.is_in_progress()
    }

    /// Whether a request in flight belongs to the turn: it carries the message, or it searches
    /// for the reply.
    #[must_use]
    pub fn is_of_turn(&self, id: RequestId) -> bool {
        self.exchanges.purpose(id).is_some_and(Purpose::is_of_turn)
    }

    /// Whether a request still needs input: false after its answer is decided or it was
    /// aborted.
    #[must_use]
    pub fn is_live(&self, id: RequestId) -> bool {
        self.exchanges.purpose(id).is_some()
    }

    /// Whether the conversation polls for a person's messages.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        !self.handoff.is_off()
    }

    /// The timestamp after which the next poll asks for messages. Pass it as `after` to another
    /// client that continues from here.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Timestamp> {
        self.handoff.cursor()
    }

    /// Sends a message. Returns the id of the turn, which [`Update::TurnEnded`] repeats.
    ///
    /// # Errors
    ///
    /// The previous turn is not over. The error contains the message.
    pub fn send(&mut self, message: Message, now: Instant) -> Result<TurnId, SendError> {
        if self.turn.is_in_progress() {
            return Err(SendError(message));
        }
        // The rest of the previous reply no longer matters.
        self.abort(Purpose::Message);
        self.history.send(message.as_str(), self.newest.clone());
        let mut request = ChatRequest::new(message);
        request.conversation_id.clone_from(&self.id);
        request.visitor_ref.clone_from(&self.visitor);
        let turn_id = TurnId::from_u64(self.exchanges.next_id().as_u64());
        let step = self.turn.begin(turn_id, request);
        self.apply(step, now);
        Ok(turn_id)
    }

    /// Rates the conversation. Returns the id of the rating, which [`Update::Rated`] or
    /// [`Update::RatingFailed`] repeats.
    ///
    /// # Errors
    ///
    /// There is no conversation yet, or the previous rating is not answered yet. The error
    /// contains the comment.
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
        let rating_id = self.exchanges.next_id();
        self.rating = Some(Box::new(PendingRating::new(rating_id, request)));
        self.transmit(Purpose::Rating, now);
        Ok(rating_id)
    }

    /// Cancels the turn in progress, in any phase. Its message may have been taken. Without a
    /// turn in progress, this does nothing.
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
        self.report_end(TurnEnd::Cancelled);
    }

    /// Polls for a person's messages now instead of at the next due time, if polling is on.
    pub fn check_now(&mut self, now: Instant) {
        let step = self.handoff.check_now();
        self.apply(step, now);
    }

    /// Handles the head of a response.
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
        if exchange.is_decided() {
            self.end_early(id, now);
        }
    }

    /// Handles a chunk of a response body.
    pub fn handle_body(&mut self, id: RequestId, chunk: &[u8], now: Instant) {
        let Some(exchange) = self.exchanges.get_mut(id) else {
            return;
        };
        if exchange.purpose == Purpose::Message && self.turn.has_stream() {
            return self.read_reply(chunk, now);
        }
        exchange.handle_body(chunk);
        if exchange.is_decided() {
            self.end_early(id, now);
        }
    }

    /// Handles the end of a response body, as HTTP reports it.
    pub fn handle_end(&mut self, id: RequestId, now: Instant) {
        let Some(exchange) = self.exchanges.end(id) else {
            return;
        };
        if exchange.purpose == Purpose::Message && self.turn.has_stream() {
            self.finish_reply(now);
        } else {
            let lost = Failure::Unanswered(Cause::UNKNOWN);
            self.handle_answer(exchange.purpose, exchange.into_answer(), lost, now);
        }
    }

    /// Handles a failed exchange: no response comes, or no more of it. The cause is passed on
    /// to the application.
    pub fn handle_failure(&mut self, id: RequestId, failure: TransportFailure, now: Instant) {
        let Some(mut exchange) = self.exchanges.end(id) else {
            return;
        };
        match (exchange.purpose, failure) {
            (Purpose::Message, _) if self.turn.has_stream() => {
                let step = self.turn.handle_interruption();
                self.apply(step, now);
            }
            (Purpose::Poll, TransportFailure::Withdrawn) => self.handoff.withdraw(now),
            (Purpose::Rating, TransportFailure::Withdrawn) => {
                if let Some(rating) = &mut self.rating {
                    rating.withdraw(now);
                }
            }
            (Purpose::Search, failure @ TransportFailure::Withdrawn) => {
                self.handle_answer(Purpose::Search, None, failure.into(), now);
            }
            (purpose, failure) => {
                exchange.break_off();
                self.handle_answer(purpose, exchange.into_answer(), failure.into(), now);
            }
        }
    }

    /// Notes that the driver reads again after a pause. The time since the last input does not
    /// count for the reply's timeouts. Use this if the driver slows the service down by not
    /// reading.
    pub fn handle_return(&mut self, now: Instant) {
        self.turn.handle_return(now);
    }

    /// Handles the passing of time. Call it at the time given by [`Output::Wait`]; an earlier
    /// call does no harm.
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
                // The turn handles the timeouts of a search.
                (Purpose::Search, _) | (Purpose::Rating, None) => Step::Nothing,
            };
            self.apply(step, now);
        }
    }

    /// Returns what the driver must do next.
    #[must_use]
    #[inline]
    pub fn poll_output(&mut self) -> Output {
        if self.outbox.show_next() {
            return Output::Update;
        }
        self.poll_other_output()
    }

    /// The update that the last [`Output::Update`] announced. `None` after the next
    /// [`poll_output`](Self::poll_output), and before the first.
    #[must_use]
    #[inline]
    pub fn update(&self) -> Option<Update<'_>> {
        self.outbox.shown()
    }
}

/// The private part: it carries out the steps of the state machines.
impl Conversation {
    /// Returns an output that is no update.
    fn poll_other_output(&mut self) -> Output {
        let deadlines = [
            self.exchanges.deadline(),
            self.turn.deadline(),
            self.handoff.deadline(),
            self.rating.as_ref().and_then(|rating| rating.deadline()),
        ];
        self.outbox.poll(deadlines.into_iter().flatten().min())
    }

    /// Carries out a step of one of the state machines.
    fn apply(&mut self, step: Step, now: Instant) {
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
            Step::Searched {
                found,
                end,
                reported,
            } => {
                if let Some(found) = found {
                    self.report_found(found);
                }
                self.set_state(reported, StateSource::Search, now);
                if let Some(end) = end {
                    self.end_turn(end, now);
                }
            }
            Step::Polled {
                messages,
                unreadable,
                reported,
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
                if let Some(reported) = reported {
                    self.set_state(reported, StateSource::Poll, now);
                    // An event ended the handoff before, and the page agrees. This was the last
                    // poll.
                    if !self.state.is_handoff() {
                        self.handoff.stop();
                    }
                }
            }
            // An event ended the handoff before, so a failed last poll is no error.
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
        // There is always a request here: a machine holds its request while it is sent, and a
        // conversation that searches or polls has an id.
        if let Some(request) = request {
            let wait = self.config.response_timeout;
            let id = self.exchanges.begin(purpose, wait, now);
            self.outbox.transmit(id, request);
        }
    }

    /// Aborts the exchange with this purpose, if there is one.
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
            self.handle_answer(purpose, exchange.into_answer(), Failure::TimedOut, now);
        }
    }

    /// Passes the answer of an exchange to its state machine. `failure` applies if no head
    /// came.
    fn handle_answer(
        &mut self,
        purpose: Purpose,
        answer: Option<Answer>,
        failure: Failure,
        now: Instant,
    ) {
        let answer = answer.ok_or(failure);
        let page =
            |answer: Result<Answer, Failure>| -> Result<Page, Failure> { Ok(answer?.into_page()?) };
        let mut timing = Timing {
            config: &self.config,
            jitter: &mut self.jitter,
            now,
        };
        let step = match (purpose, &mut self.rating) {
            (Purpose::Message, _) => {
                let refused = |answer: Answer| Failure::Refused(answer.into_chat_error());
                let failure = answer.map_or_else(|failure| failure, refused);
                self.turn.handle_refusal(failure, &mut timing)
            }
            (Purpose::Search, _) => {
                let context = SearchContext {
                    handoff: &self.handoff,
                    history: &mut self.history,
                    config: &self.config,
                    now,
                };
                self.turn.handle_page(page(answer), context)
            }
            (Purpose::Poll, _) => self.handoff.handle_page(page(answer), &mut timing),
            (Purpose::Rating, Some(rating)) => {
                let taken = answer.and_then(|answer| Ok(answer.into_rating()?));
                rating.handle_answer(taken, &mut timing)
            }
            (Purpose::Rating, None) => Step::Nothing,
        };
        self.apply(step, now);
    }

    // ---- the reply ----

    fn read_reply(&mut self, chunk: &[u8], now: Instant) {
        let mut input = chunk;
        loop {
            let (config, outbox) = (&self.config, &mut self.outbox);
            let event = match self.turn.next_event(&mut input, config, now, outbox) {
                Ok(Some(Event::Delta { .. })) => continue,
                Ok(Some(event)) => event.into_owned(),
                Ok(None) => return,
                Err(cut) => {
                    let step = self.turn.handle_cut(cut);
                    return self.apply(step, now);
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
                    return self.apply(step, now);
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
                let unidentified = message_id.is_none().then_some(Extent::Whole);
                self.outbox.update(Update::Done {
                    message_id: message_id.map(Cow::Owned),
                    state: state.clone().map(Cow::Owned),
                    ts: ts.clone().map(Cow::Owned),
                });
                self.set_state(ReportedState { state, ts }, StateSource::Event, now);
                self.settle(TurnEnd::Done, unidentified, now);
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
                self.set_state(ReportedState { state, ts }, StateSource::Event, now);
                self.settle(TurnEnd::Human, Some(Extent::Whole), now);
            }
            Event::Error { message } => {
                let secret = self.endpoint.secret();
                let message = message.as_deref().map(|message| secret.hide(message));
                let end = TurnEnd::Failed(Failure::of_error_event(message.as_deref()));
                self.settle(end, Some(Extent::Failed), now);
            }
            Event::Unknown { event, data } => {
                self.outbox.update(Update::Unknown { event, data });
            }
            Event::Ping => {}
        }
    }

    /// Ends the turn for the user at the end of the reply. The body may continue for a short
    /// time. `unidentified` says how much of the reply is known, if its message id is unknown.
    fn settle(&mut self, end: TurnEnd, unidentified: Option<Extent>, now: Instant) {
        // A `done` after the end only updates the state.
        if !self.turn.is_in_progress() {
            return;
        }
        if let Some(extent) = unidentified {
            self.note_reply(extent, now);
        }
        let until = now + self.config.settle_timeout;
        self.turn.settle(end == TurnEnd::Human, until);
        self.report_end(end);
    }

    // ---- the end of a turn ----

    fn end_turn(&mut self, end: TurnEnd, now: Instant) {
        match &end {
            TurnEnd::Failed(failure) if !failure.may_have_been_taken() => self.history.retract(),
            TurnEnd::Failed(_) => self.note_reply(Extent::Cut, now),
            TurnEnd::Done | TurnEnd::Human | TurnEnd::Recovered | TurnEnd::Cancelled => {}
        }
        self.turn.end();
        self.report_end(end);
    }

    fn report_end(&mut self, end: TurnEnd) {
        self.outbox.update(Update::TurnEnded {
            turn: self.turn.id(),
            end: Cow::Owned(end),
        });
    }

    /// Whether the reply of a failed turn may exist, and can be distinguished from older
    /// replies.
    fn can_be_found(&self, failure: &Failure) -> bool {
        let is_distinguishable = match self.turn.so_far() {
            None => false,
            // Without any text, a person's message would match too.
            Some("") => self.history.sent().after.is_some() && self.handoff.is_off(),
            Some(_) => true,
        };
        let is_known = self.id.is_some() && self.history.is_known();
        is_known && is_distinguishable && failure.may_have_a_reply()
    }

    /// Reports a cut reply that was found.
    fn report_found(&mut self, found: FoundReply) {
        let FoundReply { message, missing } = found;
        let ts = message.created_at.clone();
        self.handoff.remember(&message.id, ts.clone());
        self.note_time(ts.as_ref());
        self.outbox.update(Update::Recovered {
            message: Cow::Owned(message),
            missing: Cow::Owned(missing.into()),
        });
    }

    /// Remembers that the reply so far may appear among the messages under an unknown id. A
    /// reply that ended without text does not appear.
    fn note_reply(&mut self, extent: Extent, now: Instant) {
        let beginning = self.turn.beginning();
        let extent = match self.turn.so_far() {
            Some(_) => extent,
            None => extent.of_beginning(),
        };
        if extent == Extent::Cut || !beginning.is_empty() {
            self.history.note_reply(beginning, extent, now);
        }
    }

    // ---- what is known about the conversation ----

    /// Remembers a timestamp. Returns whether it is newer than all before.
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

    /// Applies a state that the service sent. This may begin or end the handoff.
    fn set_state(&mut self, reported: ReportedState, source: StateSource, now: Instant) {
        let is_polling = !self.handoff.is_off();
        let state = match reported.state {
            Some(State::Other(_)) | None => return,
            // The poll will report the end of the handoff too, with the messages before it.
            Some(_) if source == StateSource::Search && is_polling => return,
            Some(state) => state,
        };
        let is_handoff = state.is_handoff();
        if self.state != state {
            self.state = state.clone();
            self.outbox.update(Update::State(Cow::Owned(state)));
        }
        if !is_handoff {
            if source == StateSource::Event {
                self.handoff.end_with_next_poll();
            } else {
                self.handoff.stop();
            }
        } else {
            self.begin_handoff_if_due(reported.ts, now);
        }
    }

    /// Begins to poll if a person answers and the conversation's id is known. The service may
    /// send these two facts in any order.
    fn begin_handoff_if_due(&mut self, ts: Option<Timestamp>, now: Instant) {
        if self.state.is_handoff() && self.id.is_some() && self.handoff.is_off() {
            let after = self.first_after(ts);
            let mut timing = Timing {
                config: &self.config,
                jitter: &mut self.jitter,
                now,
            };
            self.handoff.begin(after, timing.next_poll());
        }
    }

    /// The timestamp after which the first poll asks for messages: the newest one that was
    /// known before the turn in which the handoff begins, so that no message written just
    /// before is lost. If none is known and this client began the conversation, the poll asks
    /// for all messages.
    fn first_after(&self, ts: Option<Timestamp>) -> Option<Timestamp> {
        match &self.history.sent().after {
            None if !self.history.is_known() => ts,
            after => after.clone(),
        }
    }

    /// Forgets all timestamps and messages, because they belong to another conversation.
    /// Something may have been said in the new one before.
    fn forget_messages(&mut self) {
        self.abort(Purpose::Poll);
        self.handoff = Handoff::new(None);
        self.history = History::new(false);
        self.newest = None;
        // A person answered in the old conversation. In the new one, the service must say so
        // first.
        if self.state != State::Bot {
            self.state = State::Bot;
            self.outbox.update(Update::State(Cow::Owned(State::Bot)));
        }
    }
}
