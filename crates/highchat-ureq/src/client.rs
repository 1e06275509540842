//! One exchange a call.

use std::io::Read;
use std::sync::Arc;

use highchat_proto::config::Config;
use highchat_proto::endpoint::Endpoint;
use highchat_proto::failure::Failure;
use highchat_proto::reply;
use highchat_proto::request::{ChatRequest, MessagesRequest, RatingRequest};
use highchat_proto::response::{Answer, Page};
use http::{Method, Request, response};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, BodyReader};

use crate::clock::Clock;
use crate::reply::Reply;
use crate::watch::{LONGEST_TIMEOUT, Watch, Watching};

/// The most that a head may have, in bytes (our decision).
const HEAD_LIMIT: usize = 64 * 1024;

/// A blocking client of the three endpoints: each call is one exchange.
///
/// Every exchange has a connection of its own: one that was kept open may have gone
/// stale, and a message that was written to it could not be sent again. Cheap to
/// clone; to be shared between threads as it is.
///
/// Nothing is repeated, no redirect is followed, no compression decoded. An HTTP proxy is
/// taken from the usual environment variables (`HTTPS_PROXY`, `NO_PROXY`, …), but for
/// a service on this machine; SOCKS is not spoken.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    config: Config,
    ureq: ureq::config::Config,
    connector: Arc<DefaultConnector>,
}

/// What one exchange is done with.
pub(crate) struct Line {
    pub(crate) agent: Agent,
    watch: Arc<Watch>,
}

/// The head of an answer, and its body to be read.
pub(crate) struct Exchange {
    pub(crate) head: response::Parts,
    pub(crate) body: BodyReader<'static>,
    pub(crate) watch: Arc<Watch>,
    clock: Clock,
}

impl Client {
    /// A client with the default [`Config`].
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_config(endpoint, Config::default())
    }

    /// A client that waits and reads as much as `config` says.
    #[must_use]
    pub fn with_config(endpoint: Endpoint, config: Config) -> Self {
        // The way to the service has half of the time for its name, and half for its
        // connection; what the request and the head of its answer have is what is left.
        let half = Some((config.response_timeout / 2).min(LONGEST_TIMEOUT));
        let ureq = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_response_header_size(HEAD_LIMIT)
            .timeout_resolve(half)
            .timeout_connect(half);
        // What is on this machine is not reached through another one.
        let ureq = if endpoint.is_loopback() {
            ureq.proxy(None)
        } else {
            ureq
        };
        #[cfg(feature = "native-roots")]
        let ureq = ureq.tls_config(
            ureq::tls::TlsConfig::builder()
                .root_certs(ureq::tls::RootCerts::PlatformVerifier)
                .build(),
        );
        Self {
            endpoint,
            config,
            ureq: ureq.build(),
            connector: Arc::default(),
        }
    }

    /// Sends a message, and waits for the head of the reply.
    ///
    /// # Errors
    ///
    /// There is no reply; the [`Failure`] says whether the message may have been taken
    /// all the same.
    pub fn chat(&self, request: &ChatRequest) -> Result<Reply, Failure> {
        let exchange = self.exchange(self.endpoint.chat(request).map(Vec::from))?;
        if let Some(answer) = Answer::to_chat(&exchange.head, &self.config) {
            return Err(self.read(exchange, answer).into_chat_error().into());
        }
        let reply = reply::Reply::new(&self.config, exchange.clock.now());
        Ok(Reply::new(
            reply,
            exchange.body,
            exchange.watch,
            exchange.clock,
        ))
    }

    /// Asks what was said.
    ///
    /// # Errors
    ///
    /// There is no page. Asking again does no harm.
    pub fn messages(&self, request: &MessagesRequest) -> Result<Page, Failure> {
        let exchange = self.exchange(self.endpoint.messages(request).map(Vec::from))?;
        let answer = Answer::to_messages(&exchange.head, &self.config);
        Ok(self.read(exchange, answer).into_page()?)
    }

    /// Rates a conversation.
    ///
    /// # Errors
    ///
    /// The rating may not have been taken. Rating again does no harm: the last one
    /// counts.
    pub fn rate(&self, request: &RatingRequest) -> Result<(), Failure> {
        let exchange = self.exchange(self.endpoint.rate(request).map(Vec::from))?;
        let answer = Answer::to_rating(&exchange.head, &self.config);
        Ok(self.read(exchange, answer).into_rating()?)
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    fn exchange(&self, request: Request<Vec<u8>>) -> Result<Exchange, Failure> {
        self.line().run(request)
    }

    /// A line of its own for an exchange.
    pub(crate) fn line(&self) -> Line {
        let watch = Watch::new(self.config.response_timeout);
        let connector = Watching {
            connector: Arc::clone(&self.connector),
            watch: Arc::clone(&watch),
        };
        let agent = Agent::with_parts(self.ureq.clone(), connector, DefaultResolver::default());
        Line { agent, watch }
    }

    /// Reads an answer that is no reply stream, as far as it comes.
    fn read(&self, exchange: Exchange, mut answer: Answer) -> Answer {
        let Exchange {
            mut body,
            watch,
            clock,
            ..
        } = exchange;
        let due = clock.now() + self.config.response_timeout;
        let mut buffer = [0; 4096];
        while answer.wants_more() {
            let wait = due.saturating_duration_since(clock.now());
            watch.set_timeout(wait);
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) if !wait.is_zero() => answer.handle_body(&buffer[..len]),
                Ok(_) | Err(_) => answer.handle_interruption(),
            }
        }
        answer
    }
}

impl Line {
    /// Sends a request and waits for the head of its answer.
    pub(crate) fn run(self, request: Request<Vec<u8>>) -> Result<Exchange, Failure> {
        let Self { agent, watch } = self;
        let answer = match *request.method() {
            Method::GET => agent.run(request.map(|_| ())),
            _ => agent.run(request),
        };
        match answer {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let body = body.into_reader();
                let clock = Clock::start();
                Ok(Exchange {
                    head,
                    body,
                    watch,
                    clock,
                })
            }
            Err(error) if watch.request_left() => Err(Failure::Interrupted(error.into())),
            Err(error) => Err(Failure::NotSent(error.into())),
        }
    }
}
