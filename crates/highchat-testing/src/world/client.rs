//! A client in virtual time.

use std::sync::Arc;

use highchat_proto::failure::{Cause, TransportFailure};
use highchat_proto::time::Instant;
use highchat_proto::{
    Config, Conversation, Endpoint, Message, Output, Rating, RequestId, Saved, Update,
};

use crate::standing::Standing;
use crate::world::step::Step;

/// An output of a client.
#[derive(Debug)]
pub enum Said<'a> {
    /// The client opens a connection. Only clients report it that know this before the
    /// request.
    Connect,
    /// The client sends a request: the number of the exchange, the target and the body.
    Request(u64, &'a str, &'a [u8]),
    /// The client aborts an exchange.
    Abort(u64),
    /// The client shows an update.
    Update(Update<'a>),
}

/// A client that does not wait and does not read a clock.
pub trait Client {
    /// The conversation of the client, or what stands for it.
    type Conversation: Standing;

    /// Sends a message. Returns whether it was accepted.
    fn send(&mut self, message: Message, now: Instant) -> bool;
    /// Rates the conversation. Returns whether the rating was accepted.
    fn rate(&mut self, rating: Rating, now: Instant) -> bool;
    /// Cancels the turn.
    fn cancel(&mut self, now: Instant);
    /// The conversation.
    fn conversation(&self) -> &Self::Conversation;
    /// Ends the client and starts it again, with what was saved or as new.
    fn resume(&mut self, saved: Option<Saved>, now: Instant);
    /// Reports all outputs to `hear`. Returns when the client wants to be called next.
    ///
    /// `hear` returns `false` if a connection cannot be opened, and `true` otherwise.
    fn drain(&mut self, now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant>;
    /// Handles a step of an answer.
    fn handle(&mut self, exchange: u64, step: &Step, now: Instant);
    /// Handles the moment that [`drain`](Self::drain) returned.
    fn handle_timeout(&mut self, now: Instant);
}

/// The protocol without an adapter.
#[derive(Debug)]
pub struct Alone {
    endpoint: Arc<Endpoint>,
    config: Arc<Config>,
    conversation: Conversation,
    /// The number of the first exchange since the last start.
    first: u64,
    requests: Vec<RequestId>,
}

impl Alone {
    /// A client at the beginning of a life.
    #[must_use]
    pub fn new(endpoint: Arc<Endpoint>, config: Config) -> Self {
        let config = Arc::new(config);
        Self {
            conversation: Conversation::new(Arc::clone(&endpoint), Arc::clone(&config)),
            endpoint,
            config,
            first: 0,
            requests: Vec::new(),
        }
    }
}

impl Client for Alone {
    type Conversation = Conversation;

    fn send(&mut self, message: Message, now: Instant) -> bool {
        self.conversation.send(message, now).is_ok()
    }

    fn rate(&mut self, rating: Rating, now: Instant) -> bool {
        self.conversation.rate(rating, None, now).is_ok()
    }

    fn cancel(&mut self, now: Instant) {
        self.conversation.cancel(now);
    }

    fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    fn resume(&mut self, saved: Option<Saved>, now: Instant) {
        let (endpoint, config) = (Arc::clone(&self.endpoint), Arc::clone(&self.config));
        self.conversation = match saved {
            Some(saved) => Conversation::resume(endpoint, config, saved, now),
            None => Conversation::new(endpoint, config),
        };
        // Numbers are never reused, so late steps of earlier exchanges are recognised.
        let gone = self.requests.len();
        self.requests.clear();
        self.first += u64::try_from(gone).unwrap_or(u64::MAX);
    }

    fn drain(&mut self, _now: Instant, hear: &mut dyn FnMut(Said<'_>) -> bool) -> Option<Instant> {
        loop {
            match self.conversation.poll_output() {
                Output::Transmit(id, request) => {
                    let number = self.first + self.requests.len() as u64;
                    self.requests.push(id);
                    hear(Said::Request(number, request.target(), request.body()));
                }
                Output::Abort(id) => {
                    if let Some(at) = self.requests.iter().position(|request| *request == id) {
                        hear(Said::Abort(self.first + at as u64));
                    }
                }
                Output::Update => {
                    if let Some(update) = self.conversation.update() {
                        hear(Said::Update(update));
                    }
                }
                Output::Wait(when) => return when,
            }
        }
    }

    fn handle(&mut self, exchange: u64, step: &Step, now: Instant) {
        let at = exchange
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok());
        let Some(id) = at.and_then(|at| self.requests.get(at)).copied() else {
            return;
        };
        let conversation = &mut self.conversation;
        match step {
            Step::NotSent => {
                conversation.handle_failure(id, TransportFailure::NotSent(Cause::UNKNOWN), now)
            }
            Step::Head(head) => conversation.handle_response(id, *head, now),
            Step::Body(bytes) => conversation.handle_body(id, bytes, now),
            Step::End => conversation.handle_end(id, now),
            Step::Lost => {
                conversation.handle_failure(id, TransportFailure::Interrupted(Cause::UNKNOWN), now)
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.conversation.handle_timeout(now);
    }
}
