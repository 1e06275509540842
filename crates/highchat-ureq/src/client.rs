//! One exchange a call.

use std::env;

use highchat_connect::blocking::{Closer, Connector};
use highchat_proto::http::{Answer, InvalidRoots, InvalidVariables, Request, Roots};
use highchat_proto::{
    ChatRequest, Config, Endpoint, Failure, MessagesRequest, Page, RatingRequest,
};
use http::response;

use crate::clock::Clock;
use crate::exchange::{self, Body};
use crate::reply::Reply;

/// A blocking client of the three endpoints: each call is one exchange.
///
/// Every exchange has a connection of its own: one that was kept open may have gone
/// stale, and a message that was written to it could not be sent again. Cheap to
/// clone; to be shared between threads as it is.
///
/// Nothing is repeated, no redirect is followed, no compression decoded.
///
/// A proxy is taken from the usual environment variables, as curl takes it: `HTTPS_PROXY`
/// or `HTTP_PROXY`, and `ALL_PROXY` if the scheme has none of its own, in either case; but
/// not for what `NO_PROXY` lists, nor for a service on this machine. `http://` and
/// `https://` proxies are asked for a tunnel, `socks5://` ones find the name of the service
/// as well. A proxy that cannot be used means that nothing is sent.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) connector: Connector,
}

impl Client {
    /// A client with the default [`Config`].
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_config(endpoint, Config::default())
    }

    /// A client of the service that `HIGHCHAT_KEY` or `HIGHCHAT_SLUG`, and `HIGHCHAT_BASE_URL`,
    /// name in the environment, as the program `highchat` reads them.
    ///
    /// # Errors
    ///
    /// It is not clear who asks, or a value cannot be used.
    pub fn from_env() -> Result<Self, InvalidVariables> {
        Endpoint::from_variables(|name| env::var(name).ok()).map(Self::new)
    }

    /// A client that waits and reads as much as `config` says.
    #[must_use]
    pub fn with_config(endpoint: Endpoint, config: Config) -> Self {
        // The way to the service has half of the time for its name, and half for its
        // connection; what the request and the head of its answer have is what is left.
        let connector = Connector::new(&endpoint, config.connect_timeout());
        Self {
            endpoint,
            config,
            clock: Clock::start(),
            connector,
        }
    }

    /// The same, trusting others than [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// There is nobody to trust.
    pub fn with_roots(mut self, roots: &Roots) -> Result<Self, InvalidRoots> {
        let timeout = self.config.connect_timeout();
        self.connector = Connector::with_roots(&self.endpoint, timeout, roots)?;
        Ok(self)
    }

    /// Sends a message, and waits for the head of the reply.
    ///
    /// # Errors
    ///
    /// There is no reply; the [`Failure`] says whether the message may have been taken
    /// all the same.
    pub fn chat(&self, request: &ChatRequest) -> Result<Reply, Failure> {
        let (head, body) = self.open(self.endpoint.chat(request), &Closer::default())?;
        if let Some(answer) = Answer::to_chat(&head, &self.endpoint, &self.config) {
            return Err(self.read(body, answer).into_chat_error().into());
        }
        Ok(Reply::new(&self.endpoint, &self.config, self.clock, body))
    }

    /// Asks what was said.
    ///
    /// # Errors
    ///
    /// There is no page. Asking again does no harm.
    pub fn messages(&self, request: &MessagesRequest) -> Result<Page, Failure> {
        let (head, body) = self.open(self.endpoint.messages(request), &Closer::default())?;
        let answer = Answer::to_messages(&head, &self.endpoint, &self.config);
        Ok(self.read(body, answer).into_page()?)
    }

    /// Rates a conversation.
    ///
    /// # Errors
    ///
    /// The rating may not have been taken. Rating again does no harm: the last one
    /// counts.
    pub fn rate(&self, request: &RatingRequest) -> Result<(), Failure> {
        let (head, body) = self.open(self.endpoint.rate(request), &Closer::default())?;
        let answer = Answer::to_rating(&head, &self.endpoint, &self.config);
        Ok(self.read(body, answer).into_rating()?)
    }

    /// Sends a request, and waits for the head of its answer. `closer` ends it.
    pub(crate) fn open(
        &self,
        request: Request,
        closer: &Closer,
    ) -> Result<(response::Parts, Body), Failure> {
        let until = self.clock.now() + self.config.response_timeout;
        exchange::open(&self.connector, self.clock, until, request, closer)
    }

    /// Reads an answer that is no reply stream, as far as it comes.
    fn read(&self, mut body: Body, mut answer: Answer) -> Answer {
        let deadline = self.clock.now() + self.config.response_timeout;
        while answer.wants_more() {
            match body.read(self.clock.left(Some(deadline))) {
                Ok([]) => break,
                Ok(chunk) if self.clock.now() < deadline => answer.handle_body(chunk),
                Ok(_) | Err(_) => answer.handle_interruption(),
            }
        }
        answer
    }
}
