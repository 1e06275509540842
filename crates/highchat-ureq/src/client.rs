//! The blocking client: each call is one exchange.

use std::env;

use highchat_connect::blocking::{Closer, Connection, Connector};
use highchat_http1::ResponseHead;
use highchat_proto::http::{Answer, InvalidRoots, InvalidVariables, Request, Roots};
use highchat_proto::{
    ChatRequest, Config, Endpoint, Failure, MessagesRequest, Page, RatingRequest,
};

use crate::clock::Clock;
use crate::exchange::{self, Body};
use crate::reply::Reply;

/// A blocking client of the three endpoints: each call is one exchange.
///
/// Every call opens its own connection; a [`Session`](crate::Session) keeps one for its polls. A
/// client is cheap to clone, and threads can share it.
///
/// The client repeats nothing, follows no redirect and decodes no compression.
///
/// The proxy comes from the usual environment variables, read as curl reads them:
/// `HTTPS_PROXY` or `HTTP_PROXY` by the scheme of the service, then `ALL_PROXY`, each in upper
/// or lower case. No proxy is used for hosts that `NO_PROXY` lists, or for a service on this
/// machine. An `http://` or `https://` proxy is asked for a tunnel. A `socks5://` proxy also
/// looks up the name of the service. If the proxy cannot be used, nothing is sent.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) connector: Connector,
}

impl Client {
    /// Creates a client with the default [`Config`].
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_config(endpoint, Config::default())
    }

    /// Creates a client from the environment: `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` is the
    /// credential, and `HIGHCHAT_BASE_URL` the service. The program `highchat` reads the same
    /// variables.
    ///
    /// # Errors
    ///
    /// The credential is missing or ambiguous, or a value is invalid.
    pub fn from_env() -> Result<Self, InvalidVariables> {
        Endpoint::from_variables(|name| env::var(name).ok()).map(Self::new)
    }

    /// Creates a client with the timeouts and limits of `config`.
    #[must_use]
    pub fn with_config(endpoint: Endpoint, config: Config) -> Self {
        // `connect_timeout` applies once to the name lookup and once to the connection. The
        // request and the head of its answer get the rest of the response timeout.
        let connector = Connector::new(&endpoint, config.connect_timeout());
        Self {
            endpoint,
            config,
            clock: Clock::start(),
            connector,
        }
    }

    /// Returns the client, which now trusts `roots` instead of [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, none is valid, or this build cannot use them.
    pub fn with_roots(mut self, roots: &Roots) -> Result<Self, InvalidRoots> {
        let timeout = self.config.connect_timeout();
        self.connector = Connector::with_roots(&self.endpoint, timeout, roots)?;
        Ok(self)
    }

    /// Sends a message, and waits for the head of the reply.
    ///
    /// # Errors
    ///
    /// There is no reply. The [`Failure`] says whether the service may still have accepted the
    /// message.
    pub fn chat(&self, request: &ChatRequest) -> Result<Reply, Failure> {
        let (head, body) = self.open(&self.endpoint.chat(request), &Closer::default(), None)?;
        if let Some(answer) = Answer::to_chat(&head, &self.endpoint, &self.config) {
            return Err(self.read(body, answer).into_chat_error().into());
        }
        Ok(Reply::new(&self.endpoint, &self.config, self.clock, body))
    }

    /// Gets the messages of a conversation.
    ///
    /// # Errors
    ///
    /// There is no valid page of messages. Calling again does no harm.
    pub fn messages(&self, request: &MessagesRequest) -> Result<Page, Failure> {
        let (head, body) = self.open(&self.endpoint.messages(request), &Closer::default(), None)?;
        let answer = Answer::to_messages(&head, &self.endpoint, &self.config);
        Ok(self.read(body, answer).into_page()?)
    }

    /// Rates a conversation.
    ///
    /// # Errors
    ///
    /// The service may not have accepted the rating. Rating again does no harm: the last
    /// rating counts.
    pub fn rate(&self, request: &RatingRequest) -> Result<(), Failure> {
        let (head, body) = self.open(&self.endpoint.rate(request), &Closer::default(), None)?;
        let answer = Answer::to_rating(&head, &self.endpoint, &self.config);
        Ok(self.read(body, answer).into_rating()?)
    }

    /// Sends a request on the kept connection or on a new one, and waits for the head of its
    /// answer. `closer` can close the connection from another thread.
    pub(crate) fn open(
        &self,
        request: &Request,
        closer: &Closer,
        kept: Option<Connection>,
    ) -> Result<(ResponseHead, Body), Failure> {
        let until = self.clock.now() + self.config.response_timeout;
        exchange::open(&self.connector, self.clock, until, request, closer, kept)
    }

    /// Reads the body of an answer that is not a reply stream. On an error or a timeout, the
    /// answer keeps what arrived.
    fn read(&self, mut body: Body, mut answer: Answer) -> Answer {
        let mut now = self.clock.now();
        let deadline = now + self.config.response_timeout;
        while answer.wants_more() {
            let left = deadline.saturating_duration_since(now);
            let read = body.read(self.clock.std(now), left, |chunk| answer.handle_body(chunk));
            now = self.clock.now();
            match read {
                Ok(None) => break,
                Ok(Some(())) if now < deadline => {}
                Ok(Some(())) | Err(_) => answer.handle_interruption(),
            }
        }
        answer
    }
}
