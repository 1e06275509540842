//! A conversation, driven by polling.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use highchat_proto::conversation::{Conversation, Output, RateError, SendError, Update};
use highchat_proto::exchange::{RequestId, TransportFailure};
use highchat_proto::failure::Failure;
use highchat_proto::id::VisitorRef;
use highchat_proto::message::Message;
use highchat_proto::request::Rating;
use highchat_proto::saved::Saved;
use highchat_proto::time::Instant;
use http::{Request, response};
use tokio::time::{Sleep, sleep};

use crate::client::Client;
use crate::clock::Clock;
use crate::exchange::Body;

type Opening = Pin<Box<dyn Future<Output = Result<(response::Parts, Body), Failure>> + Send>>;

/// An exchange that is under way.
enum Exchange {
    Opening(Opening),
    Reading(Body),
}

/// What an exchange gave, when there was something.
enum Input {
    Head(response::Parts),
    Chunk(Bytes),
    End,
    Failure(TransportFailure),
}

/// A conversation over async HTTP: turns, handoff, recovery and rating, as
/// [`Conversation`] has them.
///
/// [`next`](Self::next) waits for what happens next. Nothing is spawned and no channel
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
    exchanges: Vec<(RequestId, Exchange)>,
    /// Which exchange is looked at first the next time, so that none is left waiting.
    first: usize,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
    is_waiting: bool,
}

impl Session {
    /// A new conversation; it begins with the first message.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let conversation = Conversation::new(client.endpoint.clone(), client.config.clone());
        Self::over(conversation, client, Clock::start())
    }

    /// A conversation that goes on; one in which a person answers polls at once.
    #[must_use]
    pub fn resume(client: Client, saved: Saved) -> Self {
        let (endpoint, config) = (client.endpoint.clone(), client.config.clone());
        let clock = Clock::start();
        let conversation = Conversation::resume(endpoint, config, saved, clock.now());
        Self::over(conversation, client, clock)
    }

    const fn over(conversation: Conversation, client: Client, clock: Clock) -> Self {
        Self {
            conversation,
            client,
            clock,
            exchanges: Vec::new(),
            first: 0,
            timer: None,
            is_waiting: false,
        }
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
    pub fn send(&mut self, message: Message) -> Result<RequestId, SendError> {
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

    /// Cancels the turn that is under way; its end is told by [`next`](Self::next), which
    /// also drops the connection.
    pub fn cancel(&mut self) {
        self.conversation.cancel(self.clock.now());
    }

    /// Asks for a person's messages now instead of when it is due.
    pub fn check_now(&mut self) {
        self.conversation.check_now(self.clock.now());
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

    /// Goes on until an update can be looked at; `false`: there will be none.
    fn poll_update(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if !core::mem::take(&mut self.is_waiting) {
            self.conversation.handle_return(self.clock.now());
        }
        loop {
            match self.conversation.poll_output() {
                Output::Update => return Poll::Ready(true),
                Output::Transmit(id, request) => self.transmit(id, request),
                Output::Abort(id) => self.exchanges.retain(|(live, _)| *live != id),
                Output::Wait(when) => {
                    if self.poll_exchanges(cx) {
                        continue;
                    }
                    if when.is_none() && self.exchanges.is_empty() {
                        return Poll::Ready(false);
                    }
                    let Some(when) = when.filter(|when| self.poll_timer(*when, cx).is_ready())
                    else {
                        self.is_waiting = true;
                        return Poll::Pending;
                    };
                    self.conversation.handle_timeout(self.clock.now().max(when));
                }
                _ => return Poll::Ready(false),
            }
        }
    }

    /// Waits until then, by a timer rather than the clock: where the runtime wants the
    /// task to pause, bytes may be there and not be seen, but no timer ends.
    fn poll_timer(&mut self, when: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = match &mut self.timer {
            Some((set, timer)) if *set == when => timer,
            timer => {
                let wait = when.saturating_duration_since(self.clock.now());
                &mut timer.insert((when, Box::pin(sleep(wait)))).1
            }
        };
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(())
    }

    fn transmit(&mut self, id: RequestId, request: Request<Bytes>) {
        let exchange = Exchange::Opening(Box::pin(self.client.open(request)));
        self.exchanges.push((id, exchange));
    }

    /// Takes in what one of the exchanges has; whether one had anything.
    fn poll_exchanges(&mut self, cx: &mut Context<'_>) -> bool {
        let count = self.exchanges.len();
        for offset in 0..count {
            let index = (self.first + offset) % count;
            let (id, exchange) = &mut self.exchanges[index];
            let id = *id;
            let Poll::Ready(input) = exchange.poll_input(cx) else {
                continue;
            };
            self.first = index + 1;
            let now = self.clock.now();
            match input {
                Input::Head(head) => self.conversation.handle_response(id, &head, now),
                Input::Chunk(chunk) => self.conversation.handle_body(id, &chunk, now),
                Input::End => {
                    self.exchanges.swap_remove(index);
                    self.conversation.handle_end(id, now);
                }
                Input::Failure(failure) => {
                    self.exchanges.swap_remove(index);
                    self.conversation.handle_failure(id, failure, now);
                }
            }
            return true;
        }
        false
    }
}

impl Exchange {
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        match self {
            Self::Opening(opening) => {
                let opened = ready!(opening.as_mut().poll(cx));
                Poll::Ready(match opened {
                    Ok((head, body)) => {
                        *self = Self::Reading(body);
                        Input::Head(head)
                    }
                    Err(failure) => Input::Failure(match failure {
                        Failure::NotSent(_) => TransportFailure::NotSent,
                        _ => TransportFailure::Interrupted,
                    }),
                })
            }
            Self::Reading(body) => body.poll_chunk(cx).map(|chunk| match chunk {
                Some(Ok(chunk)) => Input::Chunk(chunk),
                Some(Err(_)) => Input::Failure(TransportFailure::Interrupted),
                None => Input::End,
            }),
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
