//! A conversation, driven by blocking reads.

use core::fmt;
use core::time::Duration;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use highchat_proto::conversation::{Conversation, Output, RateError, SendError, Update};
use highchat_proto::exchange::{RequestId, TransportFailure};
use highchat_proto::failure::Failure;
use highchat_proto::id::{ConversationId, Timestamp, VisitorRef};
use highchat_proto::message::Message;
use highchat_proto::request::Rating;
use highchat_proto::saved::Saved;
use highchat_proto::state::State;
use highchat_proto::time::Instant;
use http::Request;
use ureq::Agent;

use crate::client::{Client, Exchange};
use crate::clock::Clock;
use crate::watch::is_timeout;

/// What is read from the connection at a time, at most.
const BUFFER_LEN: usize = 16 * 1024;

/// A conversation over blocking HTTP: turns, handoff, recovery and rating, as
/// [`Conversation`] has them.
///
/// [`next`](Self::next) waits for what happens next. While a reply streams, a poll or a
/// rating that comes due is done in between; nothing runs beside the caller. Every
/// exchange has a connection of its own, so that no message is lost to one that went
/// stale. Dropping the session ends what is under way.
pub struct Session {
    conversation: Conversation,
    client: Client,
    clock: Clock,
    /// The reply stream that is being read.
    stream: Option<(RequestId, Exchange)>,
    buffer: Box<[u8]>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    wish: Mutex<Wish>,
    changed: Condvar,
}

#[derive(Default)]
struct Wish {
    cancel: bool,
    wake: bool,
    /// The agents whose connections the turn waits for.
    agents: Vec<(RequestId, Agent)>,
}

impl Shared {
    fn wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reaches into a [`Session`] from another thread, at any time.
#[derive(Clone)]
pub struct Canceller(Arc<Shared>);

impl Canceller {
    /// Cancels the turn that is under way: a blocked [`Session::next`] is woken at once,
    /// but where it still connects, which ends with its own timeout. Where no turn is
    /// under way, this does nothing but to wake.
    pub fn cancel(&self) {
        let mut wish = self.0.wish();
        wish.cancel = true;
        wish.wake = true;
        for (_, agent) in wish.agents.drain(..) {
            agent.shutdown();
        }
        self.0.changed.notify_all();
    }

    /// Makes [`Session::next`] return `None` where it waits for the time to pass, as it
    /// does between polls, so that its caller can do something else. What is under way
    /// goes on.
    pub fn wake(&self) {
        self.0.wish().wake = true;
        self.0.changed.notify_all();
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").finish_non_exhaustive()
    }
}

impl Session {
    /// A new conversation; it begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let conversation = Conversation::new(client.endpoint().clone(), client.config().clone());
        Self::over(conversation, client, Clock::start())
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(client: Client, saved: Saved) -> Self {
        let (endpoint, config) = (client.endpoint().clone(), client.config().clone());
        let clock = Clock::start();
        let conversation = Conversation::resume(endpoint, config, saved, clock.now());
        Self::over(conversation, client, clock)
    }

    fn over(conversation: Conversation, client: Client, clock: Clock) -> Self {
        Self {
            conversation,
            client,
            clock,
            stream: None,
            buffer: vec![0; BUFFER_LEN].into(),
            shared: Arc::default(),
        }
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
    pub fn send(&mut self, message: Message) -> Result<RequestId, SendError> {
        // A wish to cancel was for what was under way until now.
        self.shared.wish().cancel = false;
        self.conversation.send(message, self.clock.now())
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
        self.conversation.rate(rating, comment, self.clock.now())
    }

    /// Cancels the turn that is under way; its end is told by [`next`](Self::next).
    pub fn cancel(&mut self) {
        self.conversation.cancel(self.clock.now());
    }

    /// Asks for a person's messages now instead of when it is due.
    pub fn check_now(&mut self) {
        self.conversation.check_now(self.clock.now());
    }

    /// What cancels and wakes from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.shared))
    }

    /// The id of the conversation, once the service gave one.
    #[must_use]
    pub const fn id(&self) -> Option<&ConversationId> {
        self.conversation.id()
    }

    /// Who answers, as far as the service told.
    #[must_use]
    pub const fn state(&self) -> &State {
        self.conversation.state()
    }

    /// Whether a message is on its way, or its reply not over.
    #[must_use]
    pub const fn turn_in_progress(&self) -> bool {
        self.conversation.turn_in_progress()
    }

    /// Whether a person's messages are polled for.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        self.conversation.is_polling()
    }

    /// Where a poll for a person's messages goes on.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Timestamp> {
        self.conversation.cursor()
    }

    /// What to keep over a restart.
    #[must_use]
    pub fn save(&self) -> Saved {
        self.conversation.save()
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

    /// As [`next`](Self::next), for at most that long.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Update<'_>> {
        let until = self.clock.now() + timeout;
        self.next_until(Some(until))
    }

    fn next_until(&mut self, until: Option<Instant>) -> Option<Update<'_>> {
        self.conversation.handle_return(self.clock.now());
        loop {
            self.take_cancel();
            match self.conversation.poll_output() {
                Output::Update => break,
                Output::Transmit(id, request) => self.transmit(id, request.map(Vec::from)),
                Output::Abort(id) => self.abort(id),
                Output::Wait(when) => {
                    let wait_until = [when, until].into_iter().flatten().min();
                    if self.stream.is_some() {
                        self.read(wait_until);
                    } else if when.is_none() || !self.sleep(wait_until) {
                        return None;
                    }
                    let now = self.clock.now();
                    if when.is_some_and(|when| when <= now) {
                        self.conversation.handle_timeout(now);
                    } else if until.is_some_and(|until| until <= now) {
                        // The clocks go on, however short the caller's patience is.
                        self.conversation.handle_timeout(now);
                        return None;
                    }
                }
                _ => return None,
            }
        }
        self.conversation.update()
    }

    fn take_cancel(&mut self) {
        let mut wish = self.shared.wish();
        if core::mem::take(&mut wish.cancel) && self.conversation.turn_in_progress() {
            wish.wake = false;
            self.conversation.cancel(self.clock.now());
        }
    }

    /// Waits for the moment; `false` where it was woken before.
    fn sleep(&self, until: Option<Instant>) -> bool {
        let mut wish = self.shared.wish();
        let wait = until.map_or(Duration::MAX, |until| {
            until.saturating_duration_since(self.clock.now())
        });
        let waited = self
            .shared
            .changed
            .wait_timeout_while(wish, wait, |wish| !wish.wake);
        (wish, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !core::mem::take(&mut wish.wake)
    }

    /// Sends a request. What belongs to the turn is read as it comes; any other answer
    /// is a short one, and is read whole here, though a reply may be streaming.
    fn transmit(&mut self, id: RequestId, request: Request<Vec<u8>>) {
        let line = self.client.line();
        let is_of_turn = self.conversation.is_of_turn(id);
        log::info!(
            "request {id}: {} {}",
            request.method(),
            request.uri().path()
        );
        if is_of_turn {
            self.shared.wish().agents.push((id, line.agent.clone()));
        }
        let exchange = line.run(request);
        let now = self.clock.now();
        match exchange {
            Ok(exchange) => {
                log::info!("request {id}: {}", exchange.head.status);
                self.conversation.handle_response(id, &exchange.head, now);
                if is_of_turn {
                    self.stream = Some((id, exchange));
                } else {
                    let stream = self.stream.replace((id, exchange));
                    self.read_whole(id);
                    self.stream = stream;
                }
            }
            Err(failure) => {
                log::info!("request {id}: {failure}");
                self.forget(id);
                let failure = match failure {
                    Failure::NotSent(_) => TransportFailure::NotSent,
                    _ => TransportFailure::Interrupted,
                };
                // What was shut down on purpose is no failure.
                self.take_cancel();
                self.conversation.handle_failure(id, failure, now);
            }
        }
    }

    /// Reads an answer as far as it is wanted.
    fn read_whole(&mut self, id: RequestId) {
        let until = self.clock.now() + self.client.config().response_timeout;
        while self.conversation.is_live(id) {
            self.read(Some(until));
            let now = self.clock.now();
            if until <= now {
                self.conversation
                    .handle_failure(id, TransportFailure::Interrupted, now);
                break;
            }
        }
        self.drop_stream();
    }

    /// Reads what there is, waiting for it until then.
    fn read(&mut self, until: Option<Instant>) {
        let Some((id, exchange)) = &mut self.stream else {
            return;
        };
        let id = *id;
        let wait = until.map_or(Duration::MAX, |until| {
            until.saturating_duration_since(self.clock.now())
        });
        exchange.watch.set_timeout(wait);
        let read = exchange.body.read(&mut self.buffer);
        self.take_cancel();
        let now = self.clock.now();
        match read {
            Ok(0) => {
                self.drop_stream();
                self.conversation.handle_end(id, now);
            }
            Ok(len) => self.conversation.handle_body(id, &self.buffer[..len], now),
            // Only the moment that was waited for.
            Err(error) if is_timeout(&error) => {}
            Err(error) => {
                log::info!("request {id}: {error}");
                self.drop_stream();
                let lost = TransportFailure::Interrupted;
                self.conversation.handle_failure(id, lost, now);
            }
        }
    }

    fn abort(&mut self, id: RequestId) {
        if self.stream.as_ref().is_some_and(|(live, _)| *live == id) {
            self.drop_stream();
        }
    }

    fn drop_stream(&mut self) {
        if let Some((id, _)) = self.stream.take() {
            self.forget(id);
        }
    }

    fn forget(&self, id: RequestId) {
        self.shared.wish().agents.retain(|(live, _)| *live != id);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("state", self.state())
            .finish_non_exhaustive()
    }
}
