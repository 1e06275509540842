//! A conversation that makes progress when it is polled.

use core::fmt;
use core::future::poll_fn;
use core::hash::BuildHasher;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::hash::RandomState;

use futures_core::Stream;
use futures_util::StreamExt;
use highchat_proto::session::{Collector, Commands};
use highchat_proto::{
    Answered, AskError, Conversation, Message, Output, RequestId, Saved, SendError, TurnId, Update,
};
use tokio_stream::StreamMap;

use crate::clock::Clock;
use crate::exchange::{Exchange, Input};
use crate::transport::{KeptConnection as _, Transport};

/// A conversation over async HTTP: turns, handoff, recovery and rating, as in
/// [`Conversation`].
///
/// [`next`](Self::next) waits for the next update. [`Update::TurnEnded`] reports the end of a
/// turn. Do not use [`conversation`](Self::conversation) for that: it already includes updates
/// that `next` has not returned yet.
///
/// A session spawns nothing and uses no channel. All exchanges make progress only while `next`
/// is awaited, and are read no further than needed, so a slow application slows the service
/// down. Dropping the session ends its exchanges.
pub struct Session<T: Transport> {
    conversation: Conversation,
    client: T,
    clock: Clock<T::Timer>,
    exchanges: StreamMap<RequestId, Exchange<T>>,
    kept: T::Kept,
    is_waiting: bool,
}

impl<T: Transport> Session<T> {
    /// Creates a new conversation, which begins with the first message.
    #[must_use]
    pub fn new(client: T) -> Self {
        Self {
            conversation: Conversation::new(client.endpoint().clone(), client.config().clone())
                .with_seed(RandomState::new().hash_one(0)),
            client,
            clock: Clock::start(),
            exchanges: StreamMap::new(),
            kept: T::Kept::default(),
            is_waiting: false,
        }
    }

    /// Continues a saved conversation. If a person is answering, it polls at once.
    #[must_use]
    pub fn resume(client: T, saved: Saved) -> Self {
        let mut session = Self::new(client);
        let (endpoint, config) = (session.client.endpoint(), session.client.config());
        let (endpoint, config, now) = (endpoint.clone(), config.clone(), session.clock.now());
        session.conversation = Conversation::resume(endpoint, config, saved, now)
            .with_seed(RandomState::new().hash_one(0));
        session
    }

    /// The state of the conversation: id, state, cursor, and what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Returns all commands, such as to rate the conversation, to name the user, or to check
    /// for messages of a person. They take effect with the next call of [`next`](Self::next).
    pub fn commands(&mut self) -> Commands<'_> {
        Commands::new(&mut self.conversation, self.clock.now())
    }

    /// Queues a message. The next call of [`next`](Self::next) sends it.
    ///
    /// # Errors
    ///
    /// The previous turn is not over. The error returns the message.
    pub fn send(&mut self, message: Message) -> Result<TurnId, SendError> {
        self.commands().send(message)
    }

    /// Cancels the current turn. The next call of [`next`](Self::next) closes its connection
    /// and reports its end.
    pub fn cancel(&mut self) {
        self.commands().cancel();
    }

    /// Sends a message, and waits for the whole answer. If a person takes over, that is an
    /// answer too ([`AnsweredBy::Human`](highchat_proto::AnsweredBy::Human)); call [`next`](Self::next)
    /// for the person's messages. Other updates (states, ratings) are dropped meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the text received so far. The turn continues with the next
    /// call of `next`, unless it is [cancelled](Self::cancel).
    ///
    /// # Errors
    ///
    /// The previous turn is not over, or there is no whole answer. The error contains the part
    /// that arrived, which is never returned as a whole answer.
    pub async fn ask(&mut self, message: Message) -> Result<Answered, AskError> {
        let mut collector = Collector::new(self.send(message)?);
        while let Some(update) = self.next().await {
            if let Some(answered) = collector.handle_update(&update) {
                return answered;
            }
        }
        unreachable!("each turn that was sent ends")
    }
}

impl<T: Transport> Session<T> {
    /// Waits for the next update. `None` means that the session is idle: no exchange is
    /// running, and nothing is scheduled.
    ///
    /// During a handoff, it polls and waits for messages of the person, until the bot is back
    /// or the conversation is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing. Running exchanges continue with the next call.
    pub async fn next(&mut self) -> Option<Update<'_>> {
        if poll_fn(|cx| self.poll_update(cx)).await {
            self.conversation.update()
        } else {
            None
        }
    }

    /// Returns the updates as a [`Stream`] of owned values, for combinators and other tasks.
    /// It yields the same updates as [`next`]. It ends when the session is idle, and can be
    /// polled again after the next command.
    ///
    /// # Cancel safety
    ///
    /// Dropping the stream, or a future of its items, loses nothing. Running exchanges
    /// continue with the next call of [`next`] or `updates`.
    ///
    /// [`next`]: Self::next
    pub const fn updates(&mut self) -> Updates<'_, T> {
        Updates(self)
    }

    /// Polls until an update is available. `false` means that there will be none.
    fn poll_update(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if !core::mem::take(&mut self.is_waiting) {
            self.conversation.handle_return(self.clock.now());
        }
        loop {
            let when = match self.conversation.poll_output() {
                Output::Update => return Poll::Ready(true),
                Output::Transmit(id, request) => {
                    log::info!(target: T::NAME, "request {id}: {request}");
                    let opening = self.client.open(request, &self.kept);
                    self.exchanges.insert(id, Exchange::Opening(opening));
                    continue;
                }
                Output::Abort(id) => {
                    self.exchanges.remove(&id);
                    continue;
                }
                Output::Wait(when) => when,
            };
            self.close_unneeded();
            let kept = self.kept.poll(self.client.config().keep_alive, cx);
            let closing = kept.map(|left| self.clock.now() + left);
            let when = [when, closing].into_iter().flatten().min();
            match (self.exchanges.poll_next_unpin(cx), when) {
                (Poll::Ready(Some((id, input))), _) => self.handle(id, input),
                (Poll::Ready(None), None) => return Poll::Ready(false),
                (_, when) => {
                    let due = when.map_or(Poll::Pending, |when| self.clock.poll_until(when, cx));
                    self.is_waiting = due.is_pending();
                    self.conversation.handle_timeout(ready!(due));
                }
            }
        }
    }

    /// Closes the kept connection unless more requests are to come.
    fn close_unneeded(&self) {
        if !self.conversation.is_polling() && !self.conversation.turn_in_progress() {
            self.kept.close();
        }
    }

    fn handle(&mut self, id: RequestId, input: Input) {
        let now = self.clock.now();
        match input {
            Input::Head(head) => {
                log::info!(target: T::NAME, "request {id}: {}", head.status());
                self.conversation.handle_response(id, head, now);
            }
            Input::Chunk(chunk) => self.conversation.handle_body(id, &chunk, now),
            Input::End => {
                self.conversation.handle_end(id, now);
                self.close_unneeded();
            }
            Input::Failure(failure) => {
                log::info!(target: T::NAME, "request {id}: {failure}");
                self.conversation.handle_failure(id, failure, now);
            }
        }
    }
}

/// A stream of the owned updates of a [`Session`], from [`Session::updates`].
#[derive(Debug)]
pub struct Updates<'a, T: Transport>(&'a mut Session<T>);

impl<T: Transport> Stream for Updates<'_, T> {
    type Item = Update<'static>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let has_update = ready!(self.0.poll_update(cx));
        let update = has_update.then(|| self.0.conversation.update()).flatten();
        Poll::Ready(update.map(Update::into_owned))
    }
}

impl<T: Transport> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.conversation.id())
            .field("state", self.conversation.state())
            .finish_non_exhaustive()
    }
}
