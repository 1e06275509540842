//! The client: reqwest, the service, and the timeouts and limits.

use std::env;

use highchat_async::Transport;
use highchat_proto::failure::Cause;
use highchat_proto::http::{InvalidRoots, InvalidVariables, Request, Roots};
use highchat_proto::{
    ChatRequest, Config, Endpoint, Failure, MessagesRequest, Page, RatingRequest,
};
use reqwest::ClientBuilder;

use crate::Reply;
use crate::exchange::{self, Adjust, Http};
use crate::platform::{self, Body, Opening, Timer};

/// An async client of the three endpoints: each call is one exchange.
///
/// The client repeats nothing, follows no redirect and decodes no compression. It is cheap to
/// clone, and tasks can share it. Dropping a call closes its connection. A call waits at most
/// [`Config::response_timeout`] for the head of the answer.
///
/// On a native target, every message gets its own connection. Polls, searches and ratings use one
/// that is kept for [`Config::keep_alive`]; a request on it that is lost or silent for
/// [`Config::REUSE_TIMEOUT`] goes out again on a new one. A call needs a tokio runtime with I/O
/// and time enabled: reqwest runs each connection as a task of it. By default, the proxy comes
/// from the usual environment variables, in the same order as in curl: `HTTPS_PROXY` or
/// `HTTP_PROXY` by the scheme of the service, then `ALL_PROXY`. No proxy is used for hosts that
/// `NO_PROXY` lists, or for a service on this machine. If the proxy cannot be used, nothing is
/// sent. In a browser, `fetch` makes the requests.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    config: Config,
    http: Http,
}

impl Client {
    /// Creates a client with the default [`Config`].
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_config(endpoint, Config::default())
    }

    /// Creates a client from the environment: `HIGHCHAT_KEY` or `HIGHCHAT_SLUG` is the
    /// credential, and `HIGHCHAT_BASE_URL` the service. A browser has no such variables.
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
        Self::built(endpoint, config, None)
    }

    /// Creates a client over the builder that `adjust` returns, for a resolver, a proxy or a
    /// local address of your own.
    ///
    /// `adjust` gets a builder with this crate's TLS and proxy. It may return another one, such
    /// as `reqwest::Client::builder()`, whose TLS is that of reqwest's features. After `adjust`,
    /// this crate turns off everything in [the list](crate#what-must-be-off) except cookies and
    /// default headers, so `adjust` cannot turn it on. `adjust` is called twice: for messages, and
    /// for requests that may use a kept connection.
    ///
    /// ```
    /// # use highchat_reqwest::{Client, Config, Credentials, Endpoint};
    /// let endpoint = Endpoint::new("https://chat.example", Credentials::slug("demo")?)?;
    /// let client = Client::with_builder(endpoint, Config::default(), |builder| {
    ///     builder.local_address(core::net::IpAddr::from([192, 0, 2, 7]))
    /// });
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_builder(
        endpoint: Endpoint,
        config: Config,
        adjust: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        Self::built(endpoint, config, Some(Box::new(adjust)))
    }

    /// Creates a client over a reqwest client whose settings cannot be checked: reqwest does not
    /// show how a client was built. You promise that everything marked with *you* in
    /// [the list](crate#what-must-be-off) is off. Prefer [`with_builder`](Self::with_builder).
    ///
    /// The connection timeout is then that of `client`.
    #[must_use]
    pub const fn with_unchecked_client(
        endpoint: Endpoint,
        config: Config,
        client: reqwest::Client,
    ) -> Self {
        let http = Http::Unchecked(client);
        Self {
            endpoint,
            config,
            http,
        }
    }

    /// Returns the client that [`with_config`](Self::with_config) would create if it trusted
    /// `roots` instead of [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, none is valid, or this build cannot use them. A browser
    /// accepts only [`Roots::Default`].
    pub fn with_roots(self, roots: &Roots) -> Result<Self, InvalidRoots> {
        let http = platform::build(&self.endpoint, &self.config, roots, None)?;
        Ok(Self { http, ..self })
    }

    fn built(endpoint: Endpoint, config: Config, adjust: Option<Adjust<'_>>) -> Self {
        let http = platform::build(&endpoint, &config, &Roots::Default, adjust)
            .unwrap_or_else(|error| Http::Unusable(Cause::of(&error)));
        Self {
            endpoint,
            config,
            http,
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
    type Opening = Opening;
    type Body = Body;
    type Kept = ();
    type Timer = Timer;
    const NAME: &'static str = env!("CARGO_CRATE_NAME");

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn open(&self, request: Request, (): &()) -> Opening {
        let (http, place) = (self.http.clone(), self.endpoint.authority());
        platform::opening(async move { exchange::open(&http, request, &place).await })
    }
}
