//! A conversation that makes progress when it is polled.

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
use crate::kept::Kept;

/// The inputs that one exchange produces, in order.
type Exchange = Pin<Box<dyn Stream<Item = Input> + Send>>;

enum Input {
    Head(response::Parts),
    Chunk(Bytes),
    End,
    Failure(TransportFailure),
}

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
///
/// A message always gets a new connection, because it could not be sent again if it were lost
/// with a stale one. The connection is then kept while a person answers or a cut reply is
/// searched for, and carries the polls, the searches and ratings. If it turns out to be stale,
/// the request goes out again on a new one. It is closed when nothing needs it any more, or
/// after [`Config::keep_alive`](highchat_proto::Config::keep_alive).
///
/// Needs a tokio runtime with I/O and time enabled.
pub struct Session {
    conversation: Conversation,
    client: Client,
    clock: Clock,
    exchanges: StreamMap<RequestId, Exchange>,
    kept: Kept,
    is_waiting: bool,
}

impl Session {
    /// Creates a new conversation, which begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            conversation: Conversation::new(client.endpoint.clone(), client.config.clone())
                .with_seed(RandomState::new().hash_one(0)),
            client,
            clock: Clock::start(),
            exchanges: StreamMap::new(),
            kept: Kept::default(),
            is_waiting: false,
        }
    }

    /// Continues a saved conversation. If a person is answering, it polls at once.
    #[must_use]
    pub fn resume(client: Client, saved: Saved) -> Self {
        let mut session = Self::new(client);
        let (endpoint, config) = (&session.client.endpoint, &session.client.config);
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
    /// answer too ([`AnsweredBy::Human`](crate::AnsweredBy::Human)); call [`next`](Self::next)
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

impl Session {
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
    pub const fn updates(&mut self) -> Updates<'_> {
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
                    log::info!("request {id}: {request}");
                    let exchange = inputs(self.client.open(request, self.kept.clone()));
                    self.exchanges.insert(id, Box::pin(exchange));
                    continue;
                }
                Output::Abort(id) => {
                    self.exchanges.remove(&id);
                    continue;
                }
                Output::Wait(when) => when,
            };
            self.close_unneeded();
            let kept = self.kept.poll(self.client.config.keep_alive, cx);
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
                log::info!("request {id}: {}", head.status);
                self.conversation.handle_response(id, &head, now);
            }
            Input::Chunk(chunk) => self.conversation.handle_body(id, &chunk, now),
            Input::End => {
                self.conversation.handle_end(id, now);
                self.close_unneeded();
            }
            Input::Failure(failure) => {
                log::info!("request {id}: {failure}");
                self.conversation.handle_failure(id, failure, now);
            }
        }
    }
}

/// A stream of the owned updates of a [`Session`], from [`Session::updates`].
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

/// Returns the inputs of an exchange: its head, the chunks of its body, and its end or
/// failure.
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
        // An end after a failure is ignored: the exchange is no longer live.
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
