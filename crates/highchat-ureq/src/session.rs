//! A conversation that makes progress by blocking reads.

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
use crate::kept::Kept;

/// A conversation over blocking HTTP: turns, handoff, recovery and rating, as in
/// [`Conversation`].
///
/// [`next`](Self::next) waits for the next update. [`Update::TurnEnded`] reports the end of a
/// turn. Do not use [`conversation`](Self::conversation) for that: it already includes updates
/// that `next` has not returned yet.
///
/// A session starts no thread for its exchanges: a poll or a rating that is due while a reply
/// streams is done between two reads. Dropping the session ends its exchanges.
///
/// A message always gets a new connection, because it could not be sent again if it were lost
/// with a stale one. The connection is then kept while a person answers or a cut reply is
/// searched for, and carries the polls, the searches and ratings. If it turns out to be stale,
/// the request goes out again on a new one. It is closed when nothing needs it any longer, or
/// after [`Config::keep_alive`](highchat_proto::Config::keep_alive), during a call of `next`.
pub struct Session {
    conversation: Conversation,
    client: Client,
    /// The reply stream of the current turn, if one is open.
    stream: Option<(RequestId, Box<Body>)>,
    kept: Kept,
    wishes: Wishes,
}

/// The reason why [`Session::next`] returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// There is an update.
    Update(Update<'a>),
    /// Another thread called [`Canceller::wake`], or [`Canceller::cancel`] when there was no
    /// turn.
    Woken,
    /// There was no update within the timeout of [`Session::next_timeout`].
    TimedOut,
    /// No exchange is running and nothing is scheduled. There is no update before the next
    /// command.
    Idle,
}

impl<'a> Next<'a> {
    /// Returns the update, if there is one. Use it if the other reasons do not matter.
    #[must_use]
    pub fn update(self) -> Option<Update<'a>> {
        match self {
            Self::Update(update) => Some(update),
            Self::Woken | Self::TimedOut | Self::Idle => None,
        }
    }
}

impl Session {
    /// Creates a new conversation, which begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let (endpoint, config) = (client.endpoint.clone(), client.config.clone());
        Self::of(client, Conversation::new(endpoint, config))
    }

    /// Continues a saved conversation. If a person is answering, it polls at once.
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
            kept: Kept::default(),
            wishes: Wishes::default(),
        }
    }

    /// The state of the conversation: id, state, cursor, and what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Returns all commands, such as to rate the conversation, to name the user, or to check
    /// for messages of a person. They take effect with the next call of [`next`](Self::next).
    pub fn commands(&mut self) -> Commands<'_> {
        if !self.conversation.turn_in_progress() {
            // An earlier request to cancel was for a turn that is already over.
            self.wishes.forget_cancel();
        }
        let now = self.now();
        Commands::new(&mut self.conversation, now)
    }

    /// Queues a message. The next call of [`next`](Self::next) sends it.
    ///
    /// # Errors
    ///
    /// The previous turn is not over. The error returns the message.
    pub fn send(&mut self, message: Message) -> Result<TurnId, SendError> {
        self.commands().send(message)
    }

    /// Cancels the current turn. [`next`](Self::next) reports its end.
    pub fn cancel(&mut self) {
        self.commands().cancel();
    }

    /// Sends a message, and waits for the whole answer. If a person takes over, that is an
    /// answer too ([`AnsweredBy::Human`](crate::AnsweredBy::Human)); call [`next`](Self::next)
    /// for the person's messages. Other updates (states, ratings) are dropped meanwhile.
    /// [`Canceller::cancel`] ends the wait from another thread; [`Canceller::wake`] does not.
    ///
    /// # Errors
    ///
    /// The previous turn is not over, or there is no whole answer. The error contains the part
    /// that arrived, which is never returned as a whole answer.
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

    /// Returns a handle that cancels or wakes the session from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(self.wishes.clone())
    }

    /// Waits for the next update. Returns it, or the reason why there is none.
    ///
    /// During a handoff, it polls and waits for messages of the person, until the bot is back
    /// or the conversation is closed.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Next<'_> {
        self.next_until(None)
    }

    /// Like [`next`](Self::next), but returns [`Next::TimedOut`] if there is no update within
    /// `timeout`. Updates that were read by then come first.
    pub fn next_timeout(&mut self, timeout: Duration) -> Next<'_> {
        let until = self.now() + timeout;
        self.next_until(Some(until))
    }

    fn now(&self) -> Instant {
        self.client.clock.now()
    }

    fn next_until(&mut self, until: Option<Instant>) -> Next<'_> {
        let mut now = self.now();
        self.conversation.handle_return(now);
        let mut is_late = false;
        loop {
            self.take_cancel();
            match self.conversation.poll_output() {
                Output::Update => break,
                Output::Transmit(id, request) => {
                    self.transmit(id, request);
                    now = self.now();
                }
                Output::Abort(id) => {
                    self.wishes.leave(id);
                    self.stream = self.stream.take().filter(|(live, _)| *live != id);
                }
                Output::Wait(when) => {
                    self.close_unneeded();
                    if when.is_none() && self.stream.is_none() {
                        return Next::Idle;
                    }
                    if self.wishes.take_wake() {
                        return Next::Woken;
                    }
                    if is_late {
                        return Next::TimedOut;
                    }
                    let closing = self.kept.deadline(&self.client.config);
                    let due = [when, until, closing].into_iter().flatten().min();
                    let left = due.map_or(Duration::MAX, |due| due.saturating_duration_since(now));
                    now = self.wait(left, now);
                    if due.is_some_and(|due| due <= now) {
                        // The protocol's timeouts must run even if the caller's own timeouts
                        // are shorter.
                        self.conversation.handle_timeout(now);
                    }
                    // Updates read during the wait are returned before `TimedOut`.
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

    /// Waits up to `time` from `now` for more of the reply stream. Without a stream, it waits for a
    /// request of another thread. Returns the time at the end of the wait.
    fn wait(&mut self, time: Duration, now: Instant) -> Instant {
        let Some((id, mut body)) = self.stream.take() else {
            self.wishes.wait(time);
            return self.now();
        };
        let (goes_on, now) = self.read(id, &mut body, time, now);
        if goes_on {
            self.stream = Some((id, body));
        } else {
            self.kept.put(*body, now);
        }
        now
    }

    /// Closes the kept connection if its time is over, or no request is to come.
    fn close_unneeded(&mut self) {
        let is_needed = self.conversation.is_polling() || self.conversation.turn_in_progress();
        let closing = self.kept.deadline(&self.client.config);
        if !is_needed || closing.is_some_and(|closing| closing <= self.now()) {
            self.kept.close();
        }
    }

    /// Sends a request. The answer to a request of the turn is read later, piece by piece. Any
    /// other answer is short, and is read whole here, even while a reply streams.
    fn transmit(&mut self, id: RequestId, request: Request) {
        log::info!("request {id}: {request}");
        let is_of_turn = self.conversation.is_of_turn(id);
        let closer = self.wishes.enter(id, is_of_turn);
        let (config, now) = (&self.client.config, self.now());
        let kept = self.kept.take(&request, config, &closer, now);
        let (head, mut body) = match self.client.open(&request, &closer, kept) {
            Ok(opened) => opened,
            Err(failure) => return self.end(id, Some(failure)),
        };
        log::info!("request {id}: {}", head.status());
        let mut now = self.now();
        self.conversation.handle_response(id, &head, now);
        if is_of_turn {
            self.stream = Some((id, Box::new(body)));
            return;
        }
        let until = now + self.client.config.response_timeout;
        let mut goes_on = true;
        while goes_on && self.conversation.is_live(id) {
            let left = until.saturating_duration_since(now);
            (goes_on, now) = self.read(id, &mut body, left, now);
            if goes_on && until <= now {
                self.end(id, Some(Failure::Unanswered(Cause::UNKNOWN)));
            }
        }
        self.wishes.leave(id);
        self.kept.put(body, now);
    }

    /// Reads the next bytes, or waits up to `time` from `now` for them. Returns whether there may
    /// be more, and the time after the wait: each clock read counts when a reply has many pieces.
    fn read(
        &mut self,
        id: RequestId,
        body: &mut Body,
        time: Duration,
        now: Instant,
    ) -> (bool, Instant) {
        let read = body.read(self.client.clock.std(now), time, |chunk| {
            let now = self.now();
            self.take_cancel();
            self.conversation.handle_body(id, chunk, now);
            now
        });
        let failure = match read {
            Ok(Some(now)) => return (true, now),
            Ok(None) => None,
            // This is only the end of the wait, not of the body.
            Err(error) if is_timeout(&error) => return (true, self.now()),
            Err(error) => Some(Failure::Unanswered(Cause::of(&error))),
        };
        self.end(id, failure);
        (false, self.now())
    }

    /// Ends an exchange. If another thread closed it, its end or failure is not reported to
    /// the conversation.
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
