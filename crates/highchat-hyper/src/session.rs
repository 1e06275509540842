//! A conversation, driven by polling.

use core::fmt;
use core::future::{poll_fn, ready};
use core::hash::BuildHasher;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::hash::RandomState;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::once;
use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::session::{Collector, Commands};
use highchat_proto::{
    Answered, AskError, Conversation, Failure, Message, Output, RequestId, Saved, SendError,
    TurnId, Update,
};
use http::response;
use tokio_stream::StreamMap;

use crate::client::Client;
use crate::clock::Clock;
use crate::exchange::Body;

/// What comes of an exchange, one after another.
type Exchange = Pin<Box<dyn Stream<Item = Input> + Send>>;

enum Input {
    Head(response::Parts),
    Chunk(Bytes),
    End,
    Failure(TransportFailure),
}

/// A conversation over async HTTP: turns, handoff, recovery and rating, as
/// [`Conversation`] has them.
///
/// [`next`](Self::next) waits for what happens next. That a turn is over is told by
/// [`Update::TurnEnded`]: what [`conversation`](Self::conversation) tells is ahead of
/// updates that were not taken yet. Nothing is spawned and no channel
/// used: all that is under way makes progress while `next` is awaited, and is read no
/// further than that, which slows the service down for an application that takes its
/// time. Every exchange has a connection of its own, so that no message is lost to one
/// that went stale. Dropping the session ends what is under way.
///
/// Needs a tokio runtime with I/O and time enabled.
pub struct Session {
    conversation: Conversation,
    client: Client,
    clock: Clock,
    exchanges: StreamMap<RequestId, Exchange>,
    is_waiting: bool,
}

impl Session {
    /// A new conversation; it begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            conversation: Conversation::new(client.endpoint.clone(), client.config.clone())
                .with_seed(RandomState::new().hash_one(0)),
            client,
            clock: Clock::start(),
            exchanges: StreamMap::new(),
            is_waiting: false,
        }
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(client: Client, saved: Saved) -> Self {
        let mut session = Self::new(client);
        let (endpoint, config) = (&session.client.endpoint, &session.client.config);
        let (endpoint, config, now) = (endpoint.clone(), config.clone(), session.clock.now());
        session.conversation = Conversation::resume(endpoint, config, saved, now)
            .with_seed(RandomState::new().hash_one(0));
        session
    }

    /// What is known of the conversation: id, state, cursor, what to save.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Rates the conversation, names the user, checks for a person's messages: all commands
    /// there are. They act with the next call of [`next`](Self::next).
    pub fn commands(&mut self) -> Commands<'_> {
        Commands::new(&mut self.conversation, self.clock.now())
    }

    /// Sends a message, with the next call of [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// The turn before is not over; the error gives the message back.
    pub fn send(&mut self, message: Message) -> Result<TurnId, SendError> {
        self.commands().send(message)
    }

    /// Cancels the turn that is under way; its end is told by [`next`](Self::next), which
    /// also drops the connection.
    pub fn cancel(&mut self) {
        self.commands().cancel();
    }

    /// Sends a message, and waits for the whole answer. A person who takes over is an answer
    /// as well ([`AnsweredBy::Human`](crate::AnsweredBy::Human)); go on with
    /// [`next`](Self::next) for their messages. Other updates (states, ratings) are passed
    /// over meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the text so far; the turn goes on with the next call of
    /// `next`, until it is [cancelled](Self::cancel).
    ///
    /// # Errors
    ///
    /// The turn before is not over, or there is no whole answer: a part of one stands in the
    /// error, and is never passed off as the whole.
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

impl Session {
    /// Waits for what happens next; `None`: nothing is under way and nothing is waited
    /// for.
    ///
    /// In a handoff it waits for the person, between polls, until the bot is back or the
    /// conversation is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what was under way goes on with the next call.
    pub async fn next(&mut self) -> Option<Update<'_>> {
        if poll_fn(|cx| self.poll_update(cx)).await {
            self.conversation.update()
        } else {
            None
        }
    }

    /// The updates as a [`Stream`] of owned ones, for combinators and other tasks: [`next`]
    /// without the borrow. It ends when nothing is under way and nothing is waited for; it can
    /// be polled again after the next command.
    ///
    /// # Cancel safety
    ///
    /// Dropping it, or a future of its items, loses nothing: what was under way goes on with
    /// the next call of [`next`] or of this.
    ///
    /// [`next`]: Self::next
    pub const fn updates(&mut self) -> Updates<'_> {
        Updates(self)
    }

    /// Goes on until an update can be looked at; `false`: there will be none.
    fn poll_update(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if !core::mem::take(&mut self.is_waiting) {
            self.conversation.handle_return(self.clock.now());
        }
        loop {
            let when = match self.conversation.poll_output() {
                Output::Update => return Poll::Ready(true),
                Output::Transmit(id, request) => {
                    log::info!("request {id}: {request}");
                    let exchange = inputs(self.client.open(request));
                    self.exchanges.insert(id, Box::pin(exchange));
                    continue;
                }
                Output::Abort(id) => {
                    self.exchanges.remove(&id);
                    continue;
                }
                Output::Wait(when) => when,
            };
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

    fn handle(&mut self, id: RequestId, input: Input) {
        let now = self.clock.now();
        match input {
            Input::Head(head) => {
                log::info!("request {id}: {}", head.status);
                self.conversation.handle_response(id, &head, now);
            }
            Input::Chunk(chunk) => self.conversation.handle_body(id, &chunk, now),
            Input::End => self.conversation.handle_end(id, now),
            Input::Failure(failure) => {
                log::info!("request {id}: {failure}");
                self.conversation.handle_failure(id, failure, now);
            }
        }
    }
}

/// The updates of a [`Session`], owned: what [`Session::updates`] returned.
#[derive(Debug)]
pub struct Updates<'a>(&'a mut Session);

impl Stream for Updates<'_> {
    type Item = Update<'static>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let has_update = ready!(self.0.poll_update(cx));
        let update = has_update.then(|| self.0.conversation.update()).flatten();
        Poll::Ready(update.map(Update::into_owned))
    }
}

/// What comes of an exchange: its head, its body, and how that ends.
fn inputs(
    opening: impl Future<Output = Result<(response::Parts, Body), Failure>>,
) -> impl Stream<Item = Input> {
    once(opening).flat_map(|opened| {
        let (first, body) = match opened {
            Ok((head, body)) => (Input::Head(head), Some(body)),
            Err(failure) => (Input::Failure(failure.into()), None),
        };
        let chunks = futures_util::stream::iter(body).flatten();
        let rest = chunks.map(|chunk| match chunk {
            Ok(chunk) => Input::Chunk(chunk),
            Err(lost) => Input::Failure(TransportFailure::Interrupted(Cause::of(&lost))),
        });
        // Behind a failure the end says nothing: the exchange is no longer live.
        let first = once(ready(first));
        first.chain(rest).chain(once(ready(Input::End)))
    })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.conversation.id())
            .field("state", self.conversation.state())
            .finish_non_exhaustive()
    }
}
