//! A conversation, driven by blocking reads.

use core::fmt;
use core::hash::BuildHasher;
use core::time::Duration;
use std::hash::RandomState;

use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::http::Request;
use highchat_proto::session::{Collector, Commands};
use highchat_proto::time::Instant;
use highchat_proto::{
    Answered, AskError, Conversation, Failure, Message, Output, RequestId, Saved, SendError,
    TurnId, Update,
};

use crate::canceller::{Canceller, Wishes};
use crate::client::Client;
use crate::exchange::{Body, is_timeout};

/// A conversation over blocking HTTP: turns, handoff, recovery and rating, as
/// [`Conversation`] has them.
///
/// [`next`](Self::next) waits for what happens next. That a turn is over is told by
/// [`Update::TurnEnded`]: what [`conversation`](Self::conversation) tells is ahead of
/// updates that were not taken yet. While a reply streams, a poll or a rating that comes
/// due is done in between; nothing runs beside the caller. Every exchange has a connection
/// of its own, so that no message is lost to one that went stale. Dropping the session ends
/// what is under way.
pub struct Session {
    conversation: Conversation,
    client: Client,
    /// The reply stream that is being read.
    stream: Option<(RequestId, Body)>,
    wishes: Wishes,
}

/// What [`Session::next`] returned for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Something happened.
    Update(Update<'a>),
    /// Another thread called [`Canceller::wake`], or [`Canceller::cancel`] without a turn.
    Woken,
    /// Nothing happened within the time of [`Session::next_timeout`].
    TimedOut,
    /// Nothing is under way and nothing is waited for: nothing will happen before the next
    /// command.
    Idle,
}

impl<'a> Next<'a> {
    /// The update, for a caller that need not know why there is none.
    #[must_use]
    pub fn update(self) -> Option<Update<'a>> {
        match self {
            Self::Update(update) => Some(update),
            Self::Woken | Self::TimedOut | Self::Idle => None,
        }
    }
}

impl Session {
    /// A new conversation; it begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let (endpoint, config) = (client.endpoint.clone(), client.config.clone());
        Self::of(client, Conversation::new(endpoint, config))
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(client: Client, saved: Saved) -> Self {
        let (endpoint, config) = (client.endpoint.clone(), client.config.clone());
        let conversation = Conversation::resume(endpoint, config, saved, client.clock.now());
        Self::of(client, conversation)
    }

    fn of(client: Client, conversation: Conversation) -> Self {
        Self {
            conversation: conversation.with_seed(RandomState::new().hash_one(0)),
            client,
            stream: None,
            wishes: Wishes::default(),
        }
    }

    /// What is known of the conversation: id, state, cursor, what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Rates the conversation, names the user, checks for a person's messages: all commands
    /// there are. They act with the next call of [`next`](Self::next).
    pub fn commands(&mut self) -> Commands<'_> {
        if !self.conversation.turn_in_progress() {
            // A wish to cancel was for the turn that is over now.
            self.wishes.forget_cancel();
        }
        let now = self.now();
        Commands::new(&mut self.conversation, now)
    }

    /// Sends a message, with the next call of [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(&mut self, message: Message) -> Result<TurnId, SendError> {
        self.commands().send(message)
    }

    /// Cancels the turn that is under way; its end is told by [`next`](Self::next).
    pub fn cancel(&mut self) {
        self.commands().cancel();
    }

    /// Sends a message, and waits for the whole answer. A person who takes over is an answer
    /// as well ([`AnsweredBy::Human`](crate::AnsweredBy::Human)); go on with
    /// [`next`](Self::next) for their messages. Other updates (states, ratings) are passed
    /// over meanwhile. [`Canceller::cancel`] ends it from another thread;
    /// [`Canceller::wake`] does not.
    ///
    /// # Errors
    ///
    /// The turn before is not over, or there is no whole answer: a part of one stands in the
    /// error, and is never passed off as the whole.
    pub fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        let mut collector = Collector::new(self.send(message)?);
        loop {
            match self.next() {
                Next::Update(update) => {
                    if let Some(answered) = collector.handle_update(&update) {
                        return answered;
                    }
                }
                Next::Woken | Next::TimedOut => {}
                Next::Idle => unreachable!("each turn that was sent ends"),
            }
        }
    }

    /// What cancels and wakes from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(self.wishes.clone())
    }

    /// Waits for what happens next, and says why it returned.
    ///
    /// In a handoff it waits for the person, between polls, until the bot is back or the
    /// conversation is closed.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Next<'_> {
        self.next_until(None)
    }

    /// As [`next`](Self::next), for at most that long: [`Next::TimedOut`] if nothing happened
    /// until then. What was read until then comes first.
    pub fn next_timeout(&mut self, timeout: Duration) -> Next<'_> {
        let until = self.now() + timeout;
        self.next_until(Some(until))
    }

    fn now(&self) -> Instant {
        self.client.clock.now()
    }

    fn next_until(&mut self, until: Option<Instant>) -> Next<'_> {
        self.conversation.handle_return(self.now());
        let mut is_late = false;
        loop {
            self.take_cancel();
            match self.conversation.poll_output() {
                Output::Update => break,
                Output::Transmit(id, request) => self.transmit(id, request),
                Output::Abort(id) => {
                    self.wishes.leave(id);
                    self.stream = self.stream.take().filter(|(live, _)| *live != id);
                }
                Output::Wait(when) => {
                    if when.is_none() && self.stream.is_none() {
                        return Next::Idle;
                    }
                    if self.wishes.take_wake() {
                        return Next::Woken;
                    }
                    if is_late {
                        return Next::TimedOut;
                    }
                    let due = [when, until].into_iter().flatten().min();
                    self.wait(due);
                    let now = self.now();
                    if due.is_some_and(|due| due <= now) {
                        // The clocks go on, however short the caller's patience is.
                        self.conversation.handle_timeout(now);
                    }
                    // What was read meanwhile is told first.
                    is_late = until.is_some_and(|until| until <= now);
                }
            }
        }
        self.conversation.update().map_or(Next::Idle, Next::Update)
    }

    fn take_cancel(&mut self) {
        let is_turning = self.conversation.turn_in_progress();
        if self.wishes.take_cancel(is_turning) {
            self.conversation.cancel(self.now());
        }
    }

    /// Waits for the reply that streams, or for a wish, until then.
    fn wait(&mut self, due: Option<Instant>) {
        let Some((id, mut body)) = self.stream.take() else {
            return self.wishes.wait(self.client.clock.left(due));
        };
        if self.read(id, &mut body, due) {
            self.stream = Some((id, body));
        }
    }

    /// Sends a request. What belongs to the turn is read as it comes; any other answer
    /// is a short one, and is read whole here, though a reply may be streaming.
    fn transmit(&mut self, id: RequestId, request: Request) {
        log::info!("request {id}: {request}");
        let is_of_turn = self.conversation.is_of_turn(id);
        let closer = self.wishes.enter(id, is_of_turn);
        let (head, mut body) = match self.client.open(request, &closer) {
            Ok(opened) => opened,
            Err(failure) => return self.end(id, Some(failure)),
        };
        log::info!("request {id}: {}", head.status);
        let now = self.now();
        self.conversation.handle_response(id, &head, now);
        if is_of_turn {
            self.stream = Some((id, body));
            return;
        }
        let until = now + self.client.config.response_timeout;
        while self.conversation.is_live(id) && self.read(id, &mut body, Some(until)) {
            if until <= self.now() {
                self.end(id, Some(Failure::Unanswered(Cause::UNKNOWN)));
            }
        }
        self.wishes.leave(id);
    }

    /// Reads what there is, waiting for it until then; whether there may be more.
    fn read(&mut self, id: RequestId, body: &mut Body, until: Option<Instant>) -> bool {
        let failure = match body.read(self.client.clock.left(until)) {
            Ok([]) => None,
            Ok(chunk) => {
                self.take_cancel();
                self.conversation.handle_body(id, chunk, self.now());
                return true;
            }
            // Only the moment that was waited for.
            Err(error) if is_timeout(&error) => return true,
            Err(error) => Some(Failure::Unanswered(Cause::of(&error))),
        };
        self.end(id, failure);
        false
    }

    /// Ends an exchange. One that was shut down on purpose has no end and no failure.
    fn end(&mut self, id: RequestId, failure: Option<Failure>) {
        if let Some(failure) = &failure {
            log::info!("request {id}: {failure}");
        }
        let was_shut_down = !self.wishes.leave(id);
        self.take_cancel();
        let now = self.now();
        let withdrawn = TransportFailure::Withdrawn;
        match failure {
            _ if was_shut_down => self.conversation.handle_failure(id, withdrawn, now),
            Some(failure) => self.conversation.handle_failure(id, failure.into(), now),
            None => self.conversation.handle_end(id, now),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.conversation.id())
            .field("state", self.conversation.state())
            .finish_non_exhaustive()
    }
}
