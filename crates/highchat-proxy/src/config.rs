//! Every limit and clock of the proxy, with its reason.

use core::fmt;
use core::time::Duration;

use highchat_proto::Endpoint;
use highchat_proto::http::{InvalidBaseUrl, InvalidRoots, Roots};
use http::HeaderName;
use ipnet::IpNet;

use crate::front::origin::Origin;
use crate::front::route::Prefix;
use crate::key::KeyError;
use crate::visitor::ownership::Secret;

/// What a [`Proxy`](crate::Proxy) does and how much of it.
///
/// The 30 messages a minute are the API's text, the 64 KiB, the 10, 15 and 30 seconds the
/// contract of `highchat proxy`; everything else is our decision.
///
/// ```
/// use highchat_proxy::Config;
///
/// let mut config = Config::default();
/// config.allow_origins.push("https://shop.example".parse()?);
/// config.trusted_networks.push("127.0.0.0/8".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the service is.
    pub base_url: String,
    /// Takes `http://` to a host other than this machine: whoever listens reads the key.
    pub insecure_http: bool,
    /// Who may vouch for the service.
    pub roots: Roots,
    /// A path under which the endpoints are served as well as under `/v1`.
    pub prefix: Option<Prefix>,
    /// The origins whose pages may use the proxy. None by default.
    pub allow_origins: Vec<Origin>,
    /// Peers whose `x-forwarded-for` and visitor header are believed. None by default.
    pub trusted_networks: Vec<IpNet>,
    /// The header in which a trusted peer says who the visitor is; sent on as
    /// `visitor_ref`. Without it no visitor has one.
    pub visitor_header: Option<HeaderName>,
    /// Signs the conversation ids that visitors are given; without it they are the
    /// service's own.
    pub secret: Option<Secret>,

    /// Messages a minute for all visitors together: 30, the service's limit for a key. Of
    /// several proxies with one key each has its share. 0: no limit.
    pub messages_in_all: u32,
    /// Messages a minute for one visitor: 10, the first 5 of them at once. 0: no limit.
    pub messages_a_visitor: u32,
    /// Polls and ratings a minute for one visitor: 120, the first 60 of them at once,
    /// which is eight tabs that poll every 4 s. 0: no limit.
    pub polls_a_visitor: u32,
    /// How long a message waits for its turn under `messages_in_all`: 5 s. Longer, and it
    /// is refused at once with 429 and the time that would have been left.
    pub queue_patience: Duration,
    /// For how long the answer to a poll is also the answer to the next one like it: 2 s,
    /// half the time between a client's own polls.
    pub poll_memory: Duration,

    /// Connections from visitors, in all: 4096.
    pub connections: usize,
    /// Connections of one visitor: 256; trusted peers are not counted.
    pub connections_a_visitor: usize,
    /// Replies that stream at once, in all: 2048.
    pub streams: usize,
    /// Replies that stream at once to one visitor: 16.
    pub streams_a_visitor: usize,

    /// For a visitor's head, and then for the body: 10 s each.
    pub request_timeout: Duration,
    /// A visitor who takes nothing for that long is dropped: 30 s.
    pub visitor_timeout: Duration,
    /// Silence after which a stream carries a comment: 15 s. Where the service has not
    /// begun to answer a message by then, the stream begins without it.
    pub keepalive: Duration,
    /// For the head of the service's answer, and for the end of one that is no stream:
    /// 60 s, half of it for the connection.
    pub response_timeout: Duration,
    /// Without a byte from the service in a stream: 60 s.
    pub idle_timeout: Duration,
    /// With bytes but no event other than `ping`: 300 s.
    pub progress_timeout: Duration,
    /// For what may follow the end of a reply: 2 s.
    pub settle_timeout: Duration,
    /// For streams to finish once the proxy is to end: 30 s.
    pub drain_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let client = highchat_proto::config::Config::default();
        Self {
            base_url: Endpoint::DEFAULT_BASE_URL.into(),
            insecure_http: false,
            roots: Roots::Default,
            prefix: None,
            allow_origins: Vec::new(),
            trusted_networks: Vec::new(),
            visitor_header: None,
            secret: None,
            messages_in_all: 30,
            messages_a_visitor: 10,
            polls_a_visitor: 120,
            queue_patience: Duration::from_secs(5),
            poll_memory: Duration::from_secs(2),
            connections: 4096,
            connections_a_visitor: 256,
            streams: 2048,
            streams_a_visitor: 16,
            request_timeout: Duration::from_secs(10),
            visitor_timeout: Duration::from_secs(30),
            keepalive: Duration::from_secs(15),
            response_timeout: client.response_timeout,
            idle_timeout: client.idle_timeout,
            progress_timeout: client.progress_timeout,
            settle_timeout: client.settle_timeout,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// Why a proxy cannot be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// Its base URL is not one that a key may be sent to.
    BaseUrl(InvalidBaseUrl),
    /// There is no key.
    Key(KeyError),
    /// There is nobody who may vouch for the service.
    Roots(InvalidRoots),
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl(error) => error.fmt(f),
            Self::Roots(error) => error.fmt(f),
            Self::Key(error) => write!(f, "there is no key: {error}"),
        }
    }
}

impl core::error::Error for InvalidConfig {}
