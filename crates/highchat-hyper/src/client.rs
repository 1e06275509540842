//! The async client: each call is one exchange.

use core::pin::Pin;
use std::env;

use highchat_async::{TokioTimer, Transport};
use highchat_connect::{BoxError, Connection, Connector, Offer};
use highchat_proto::http::{Head, InvalidRoots, InvalidVariables, Request, Roots};
use highchat_proto::{
    ChatRequest, Config, Endpoint, Failure, MessagesRequest, Page, RatingRequest,
};
use http::Uri;

use crate::Reply;
use crate::exchange::{self, Body};
use crate::kept::Kept;

/// An async client of the three endpoints: each call is one exchange.
///
/// Every call opens its own connection; a [`Session`](crate::Session) keeps one for its polls. A
/// client is cheap to clone, and tasks can share it.
///
/// The client repeats nothing, follows no redirect and decodes no compression. It spawns
/// nothing, except that the default connector looks names up on tokio's blocking threads, as
/// tokio itself does. A call makes progress only while it is polled, on a tokio runtime with
/// I/O and time enabled. Dropping a call closes its connection.
///
/// The client speaks HTTP/2 if the connector reports that both sides agreed on it, and
/// HTTP/1.1 otherwise. The default connector offers HTTP/2 over TLS.
///
/// By default, the proxy comes from the usual environment variables, read as curl reads them:
/// `HTTPS_PROXY` or `HTTP_PROXY` by the scheme of the service, then `ALL_PROXY`, each in upper
/// or lower case. No proxy is used for hosts that `NO_PROXY` lists, or for a service on this
/// machine. An `http://` proxy is asked for a tunnel. A `socks5://` proxy also looks up the
/// name of the service. If the proxy cannot be used, nothing is sent.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    config: Config,
    connector: Connector,
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
        Self {
            connector: Connector::new(&endpoint, config.connect_timeout(), Offer::Http1And2),
            endpoint,
            config,
        }
    }

    /// Returns the client with the default connector, which now trusts `roots` instead of
    /// [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, none is valid, or this build cannot use them.
    pub fn with_roots(mut self, roots: &Roots) -> Result<Self, InvalidRoots> {
        let timeout = self.config.connect_timeout();
        let offer = Offer::Http1And2;
        self.connector = Connector::with_roots(&self.endpoint, timeout, offer, roots)?;
        Ok(self)
    }

    /// Creates a client that calls `connect` for each connection, with the base URL of the
    /// service. Only the scheme and the authority of the URL matter. `connect` is responsible
    /// for TLS and proxies. Any error that it returns means that the message was not sent.
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
    /// Dropping the future gives the exchange up. The service may already have accepted the
    /// message, so a program must not send it again.
    ///
    /// # Errors
    ///
    /// There is no reply. The [`Failure`] says whether the service may still have accepted the
    /// message.
    pub async fn chat(&self, request: &ChatRequest) -> Result<Reply, Failure> {
        highchat_async::chat(self, request).await
    }

    /// Gets the messages of a conversation.
    ///
    /// # Errors
    ///
    /// There is no valid page of messages. Calling again does no harm.
    pub async fn messages(&self, request: &MessagesRequest) -> Result<Page, Failure> {
        highchat_async::messages(self, request).await
    }

    /// Rates a conversation.
    ///
    /// # Errors
    ///
    /// The service may not have accepted the rating. Rating again does no harm: the last
    /// rating counts.
    pub async fn rate(&self, request: &RatingRequest) -> Result<(), Failure> {
        highchat_async::rate(self, request).await
    }
}

impl Transport for Client {
    type Opening = Pin<Box<dyn Future<Output = Result<(Head, Body), Failure>> + Send>>;
    type Body = Body;
    type Kept = Kept;
    type Timer = TokioTimer;
    const NAME: &'static str = env!("CARGO_CRATE_NAME");

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn open(&self, request: Request, kept: &Kept) -> Self::Opening {
        let (connector, config) = (self.connector.clone(), self.config.clone());
        Box::pin(exchange::open(connector, request, config, kept.clone()))
    }
}
