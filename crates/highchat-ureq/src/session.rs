//! A conversation, driven by blocking reads.

use core::fmt;
use core::hash::BuildHasher;
use core::time::Duration;
use std::hash::RandomState;

use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::http::Request;
use highchat_proto::time::Instant;
use highchat_proto::{
    Conversation, Failure, Message, Output, RateError, Rating, RequestId, Saved, SendError, TurnId,
    Update, VisitorRef,
};

use crate::canceller::{Canceller, Wishes};
use crate::client::Client;
use crate::exchange::Exchange;
use crate::watch::is_timeout;

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
    stream: Option<(RequestId, Exchange)>,
    wishes: Wishes,
}

impl Session {
    /// A new conversation; it begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            conversation: Conversation::new(client.endpoint.clone(), client.config.clone())
                .with_seed(RandomState::new().hash_one(0)),
            client,
            stream: None,
            wishes: Wishes::default(),
        }
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(client: Client, saved: Saved) -> Self {
        let (endpoint, config) = (client.endpoint.clone(), client.config.clone());
        let conversation = Conversation::resume(endpoint, config, saved, client.clock.now())
            .with_seed(RandomState::new().hash_one(0));
        let mut session = Self::new(client);
        session.conversation = conversation;
        session
    }

    /// What is known of the conversation: id, state, cursor, what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Says who the end user is, from the next message on.
    pub fn set_visitor(&mut self, visitor: Option<VisitorRef>) {
        self.conversation.set_visitor(visitor);
    }

    /// Sends a message, with the next call of [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(&mut self, message: Message) -> Result<TurnId, SendError> {
        // A wish to cancel was for what was under way until now.
        self.wishes.forget_cancel();
        self.conversation.send(message, self.now())
    }

    /// Rates the conversation, with the next call of [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// There is nothing to rate yet, or a rating is under way; the error gives the
    /// comment back.
    pub fn rate(
        &mut self,
        rating: Rating,
        comment: Option<String>,
    ) -> Result<RequestId, RateError> {
        self.conversation.rate(rating, comment, self.now())
    }

    /// Cancels the turn that is under way; its end is told by [`next`](Self::next).
    pub fn cancel(&mut self) {
        self.conversation.cancel(self.now());
    }

    /// Asks for a person's messages now instead of when it is due.
    pub fn check_now(&mut self) {
        self.conversation.check_now(self.now());
    }

    /// What cancels and wakes from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.wishes.canceller()
    }

    /// Waits for what happens next; `None`: nothing is under way and nothing is waited
    /// for, or [`Canceller::wake`] was called.
    ///
    /// In a handoff it waits for the person, between polls, until the bot is back or the
    /// conversation is closed.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Option<Update<'_>> {
        self.next_until(None)
    }

    /// As [`next`](Self::next), for at most that long: `None` as well if nothing happened
    /// until then. What was read until then is told first.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Update<'_>> {
        let until = self.now() + timeout;
        self.next_until(Some(until))
    }

    fn now(&self) -> Instant {
        self.client.clock.now()
    }

    fn next_until(&mut self, until: Option<Instant>) -> Option<Update<'_>> {
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
                    let is_over = when.is_none() && self.stream.is_none();
                    if is_over || is_late || self.wishes.take_wake() {
                        return None;
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
        self.conversation.update()
    }

    fn take_cancel(&mut self) {
        let is_turning = self.conversation.turn_in_progress();
        if self.wishes.take_cancel(is_turning) {
            self.conversation.cancel(self.now());
        }
    }

    /// Waits for the reply that streams, or for a wish, until then.
    fn wait(&mut self, due: Option<Instant>) {
        let Some((id, mut exchange)) = self.stream.take() else {
            return self.wishes.wait(self.client.clock.left(due));
        };
        if self.read(id, &mut exchange, due) {
            self.stream = Some((id, exchange));
        }
    }

    /// Sends a request. What belongs to the turn is read as it comes; any other answer
    /// is a short one, and is read whole here, though a reply may be streaming.
    fn transmit(&mut self, id: RequestId, request: Request) {
        let path = request.target().split('?').next().unwrap_or_default();
        log::info!("request {id}: {} {path}", request.method());
        let is_of_turn = self.conversation.is_of_turn(id);
        let begins = |agent| self.wishes.enter(id, is_of_turn, agent);
        match self.client.open(request, begins) {
            Err(failure) => self.end(id, Some(failure)),
            Ok(mut exchange) => {
                log::info!("request {id}: {}", exchange.head.status);
                let now = self.now();
                self.conversation.handle_response(id, &exchange.head, now);
                if is_of_turn {
                    self.stream = Some((id, exchange));
                } else {
                    let until = now + self.client.config.response_timeout;
                    self.read_whole(id, &mut exchange, until);
                }
            }
        }
    }

    /// Reads an answer as far as it is wanted, until then.
    fn read_whole(&mut self, id: RequestId, exchange: &mut Exchange, until: Instant) {
        while self.conversation.is_live(id) && self.read(id, exchange, Some(until)) {
            let now = self.now();
            if until <= now {
                let late = TransportFailure::Interrupted(Cause::UNKNOWN);
                self.conversation.handle_failure(id, late, now);
            }
        }
        self.wishes.leave(id);
    }

    /// Reads what there is, waiting for it until then; whether there may be more.
    fn read(&mut self, id: RequestId, exchange: &mut Exchange, until: Option<Instant>) -> bool {
        match exchange.read(until) {
            Ok([]) => {
                self.end(id, None);
                false
            }
            Ok(chunk) => {
                self.take_cancel();
                self.conversation.handle_body(id, chunk, self.now());
                true
            }
            // Only the moment that was waited for.
            Err(error) if is_timeout(&error) => true,
            Err(error) => {
                self.end(id, Some(Failure::Unanswered(Cause::of(&error))));
                false
            }
        }
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
