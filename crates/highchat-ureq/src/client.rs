//! One exchange a call.

use std::env;
use std::sync::Arc;

use highchat_proto::failure::Cause;
use highchat_proto::http::{Answer, InvalidRoots, InvalidVariables, Request, Roots};
use highchat_proto::{
    ChatRequest, Config, Endpoint, Failure, MessagesRequest, Page, RatingRequest,
};
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use crate::clock::Clock;
use crate::exchange::Exchange;
use crate::proxies::Way;
use crate::reply::Reply;
use crate::roots;
use crate::watch::{LONGEST_TIMEOUT, Watch, Watching};

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
    ureq: ureq::config::Config,
    connector: Arc<DefaultConnector>,
    way: Way,
    /// Why nobody can be trusted.
    untrusting: Option<InvalidRoots>,
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
        Self::trusting(endpoint, config, &Roots::Default)
    }

    /// The same, trusting others than [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// There is nobody to trust.
    pub fn with_roots(self, roots: &Roots) -> Result<Self, InvalidRoots> {
        let client = Self::trusting(self.endpoint, self.config, roots);
        match client.untrusting {
            Some(error) => Err(error),
            None => Ok(client),
        }
    }

    /// A client that trusts those; if there is nobody to trust, each exchange says so.
    fn trusting(endpoint: Endpoint, config: Config, roots: &Roots) -> Self {
        // The way to the service has half of the time for its name, and half for its
        // connection; what the request and the head of its answer have is what is left.
        let half = Some(config.connect_timeout().min(LONGEST_TIMEOUT));
        let ureq = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_response_header_size(Config::HEAD_LIMIT)
            .timeout_resolve(half)
            .timeout_connect(half);
        let way = Way::to(&endpoint);
        let ureq = match &way {
            Way::Through(proxy) => ureq.proxy(Some(proxy.clone())),
            Way::Direct | Way::Refused(_) => ureq.proxy(None),
        };
        // In the clear nobody needs to be trusted.
        let (ureq, untrusting) = match endpoint.is_tls() {
            true => roots::trust(ureq, roots),
            false => (ureq, None),
        };
        Self {
            endpoint,
            config,
            clock: Clock::start(),
            ureq: ureq.build(),
            connector: Arc::default(),
            way,
            untrusting,
        }
    }

    /// Sends a message, and waits for the head of the reply.
    ///
    /// # Errors
    ///
    /// There is no reply; the [`Failure`] says whether the message may have been taken
    /// all the same.
    pub fn chat(&self, request: &ChatRequest) -> Result<Reply, Failure> {
        let exchange = self.exchange(self.endpoint.chat(request))?;
        match Answer::to_chat(&exchange.head, &self.endpoint, &self.config) {
            Some(answer) => Err(self.read(exchange, answer).into_chat_error().into()),
            None => Ok(Reply::new(
                &self.endpoint,
                &self.config,
                exchange,
                self.clock,
            )),
        }
    }

    /// Asks what was said.
    ///
    /// # Errors
    ///
    /// There is no page. Asking again does no harm.
    pub fn messages(&self, request: &MessagesRequest) -> Result<Page, Failure> {
        let exchange = self.exchange(self.endpoint.messages(request))?;
        let answer = Answer::to_messages(&exchange.head, &self.endpoint, &self.config);
        Ok(self.read(exchange, answer).into_page()?)
    }

    /// Rates a conversation.
    ///
    /// # Errors
    ///
    /// The rating may not have been taken. Rating again does no harm: the last one
    /// counts.
    pub fn rate(&self, request: &RatingRequest) -> Result<(), Failure> {
        let exchange = self.exchange(self.endpoint.rate(request))?;
        let answer = Answer::to_rating(&exchange.head, &self.endpoint, &self.config);
        Ok(self.read(exchange, answer).into_rating()?)
    }

    fn exchange(&self, request: Request) -> Result<Exchange, Failure> {
        self.open(request, |_| ())
    }

    /// Begins an exchange on a connection of its own; `begins` gets what can end it.
    pub(crate) fn open(
        &self,
        request: Request,
        begins: impl FnOnce(Agent),
    ) -> Result<Exchange, Failure> {
        let deadline = self.clock.now() + self.config.response_timeout;
        let watch = Arc::new(Watch::new(self.clock, deadline));
        let connector = Watching {
            connector: Arc::clone(&self.connector),
            watch: Arc::clone(&watch),
        };
        let agent = Agent::with_parts(self.ureq.clone(), connector, DefaultResolver::default());
        begins(agent.clone());
        match self.check_way() {
            Some(problem) => Err(Failure::NotSent(Cause::from(&*problem).at(&self.place()))),
            None => Exchange::open(&agent, watch, || self.place(), request.into()),
        }
    }

    /// Why there is no way to the service that may be taken.
    fn check_way(&self) -> Option<String> {
        match (&self.way, &self.untrusting) {
            (Way::Refused(name), _) => Some(format!("{name} names no proxy that can be used")),
            (Way::Direct | Way::Through(_), Some(error)) => Some(error.to_string()),
            (Way::Direct | Way::Through(_), None) => None,
        }
    }

    /// What an error names: the service, and the proxy on the way.
    fn place(&self) -> String {
        let service = self.endpoint.authority();
        match &self.way {
            Way::Through(proxy) => {
                let (host, port) = (proxy.host(), proxy.port());
                format!("{service}: through the proxy {host}:{port}")
            }
            Way::Direct | Way::Refused(_) => service,
        }
    }

    /// Reads an answer that is no reply stream, as far as it comes.
    fn read(&self, mut exchange: Exchange, mut answer: Answer) -> Answer {
        let deadline = self.clock.now() + self.config.response_timeout;
        while answer.wants_more() {
            let is_in_time = self.clock.now() < deadline;
            match exchange.read(Some(deadline)) {
                Ok([]) => break,
                Ok(chunk) if is_in_time => answer.handle_body(chunk),
                Ok(_) | Err(_) => answer.handle_interruption(),
            }
        }
        answer
    }
}
