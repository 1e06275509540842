//! One exchange a call.

use std::env;

use futures_util::StreamExt;
use highchat_connect::{BoxError, Connection, Connector, Offer};
use highchat_proto::http::{Answer, InvalidRoots, InvalidVariables, Request, Roots};
use highchat_proto::{
    ChatRequest, Config, Endpoint, Failure, MessagesRequest, Page, RatingRequest,
};
use http::{Uri, response};
use tokio::time::timeout;

use crate::exchange::{self, Body};
use crate::reply::Reply;

/// An async client of the three endpoints: each call is one exchange.
///
/// Every exchange has a connection of its own: one that was kept open may have gone
/// stale, and a message that was written to it could not be sent again. Cheap to
/// clone; to be shared between tasks as it is.
///
/// Nothing is repeated, no redirect is followed, no compression decoded, and nothing is
/// spawned (but that the default connector looks names up on tokio's blocking threads,
/// as tokio itself does). A call makes progress only while it is polled, on a tokio
/// runtime with its I/O and its time enabled; dropping it closes the connection.
///
/// HTTP/2 is spoken where the connector says that it was agreed on, HTTP/1.1 otherwise.
///
/// By default, a proxy is taken from the usual environment variables, as curl takes it:
/// `HTTPS_PROXY` or `HTTP_PROXY`, and `ALL_PROXY` if the scheme has none of its own, in
/// either case; but not for what `NO_PROXY` lists, nor for a service on this machine. An
/// `http://` proxy is asked for a tunnel, a `socks5://` one finds the name of the service as
/// well. A proxy that cannot be used means that nothing is sent. HTTP/2 is offered to a
/// service that is reached by TLS.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: Config,
    connector: Connector,
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
        Self {
            connector: Connector::new(&endpoint, config.connect_timeout(), Offer::Http1And2),
            endpoint,
            config,
        }
    }

    /// The same, connecting by default and trusting others than [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// There is nobody to trust.
    pub fn with_roots(mut self, roots: &Roots) -> Result<Self, InvalidRoots> {
        let timeout = self.config.connect_timeout();
        let offer = Offer::Http1And2;
        self.connector = Connector::with_roots(&self.endpoint, timeout, offer, roots)?;
        Ok(self)
    }

    /// A client that connects in a way of your own: from the base URL of the service (its
    /// scheme and authority are what counts) to a connection. TLS, proxies and what else there
    /// is on the way are its business; any failure of it means that the message was not sent.
    #[must_use]
    pub fn with_connector<F>(
        endpoint: Endpoint,
        config: Config,
        connect: impl Fn(Uri) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Connection, BoxError>> + Send + 'static,
    {
        Self {
            connector: Connector::from_fn(&endpoint, config.connect_timeout(), connect),
            endpoint,
            config,
        }
    }

    /// Sends a message, and waits for the head of the reply.
    ///
    /// Dropping it before it is ready gives the exchange up; the message may have been
    /// taken then, and must not be sent again by a program.
    ///
    /// # Errors
    ///
    /// There is no reply; the [`Failure`] says whether the message may have been taken
    /// all the same.
    pub async fn chat(&self, request: &ChatRequest) -> Result<Reply, Failure> {
        let (head, body) = self.exchange(self.endpoint.chat(request)).await?;
        if let Some(answer) = Answer::to_chat(&head, &self.endpoint, &self.config) {
            return Err(self.read(body, answer).await.into_chat_error().into());
        }
        Ok(Reply::new(&self.endpoint, &self.config, body))
    }

    /// Asks what was said.
    ///
    /// # Errors
    ///
    /// There is no page. Asking again does no harm.
    pub async fn messages(&self, request: &MessagesRequest) -> Result<Page, Failure> {
        let (head, body) = self.exchange(self.endpoint.messages(request)).await?;
        let answer = Answer::to_messages(&head, &self.endpoint, &self.config);
        Ok(self.read(body, answer).await.into_page()?)
    }

    /// Rates a conversation.
    ///
    /// # Errors
    ///
    /// The rating may not have been taken. Rating again does no harm: the last one
    /// counts.
    pub async fn rate(&self, request: &RatingRequest) -> Result<(), Failure> {
        let (head, body) = self.exchange(self.endpoint.rate(request)).await?;
        let answer = Answer::to_rating(&head, &self.endpoint, &self.config);
        Ok(self.read(body, answer).await.into_rating()?)
    }

    /// Sends a request and waits for the head of its answer, which is not judged. The
    /// connection is there within [`Config::connect_timeout`], or nothing was sent; nothing
    /// else is timed here.
    ///
    /// Dropping it, or the body, closes the connection.
    pub(crate) fn open(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<(response::Parts, Body), Failure>> + Send + use<> {
        exchange::open(
            self.connector.clone(),
            request.into(),
            self.config.connect_timeout(),
        )
    }

    async fn exchange(&self, request: Request) -> Result<(response::Parts, Body), Failure> {
        let opened = timeout(self.config.response_timeout, self.open(request)).await;
        // Connecting has less time than that.
        opened.unwrap_or(Err(Failure::TimedOut))
    }

    /// Reads an answer that is no reply stream, as far as it comes.
    async fn read(&self, mut body: Body, mut answer: Answer) -> Answer {
        let reading = async {
            while answer.wants_more() {
                match body.next().await {
                    Some(Ok(chunk)) => answer.handle_body(&chunk),
                    Some(Err(_)) => answer.handle_interruption(),
                    None => break,
                }
            }
        };
        let limit = self.config.response_timeout;
        if timeout(limit, reading).await.is_err() {
            answer.handle_interruption();
        }
        answer
    }
}
