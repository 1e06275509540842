//! The configuration of the proxy: addresses, trusted networks, limits and timeouts.

pub(crate) mod origin;
pub(crate) mod prefix;

use core::fmt;
use core::time::Duration;

use highchat_proto::Endpoint;
use highchat_proto::http::{InvalidBaseUrl, InvalidRoots, Roots};
use http::HeaderName;
use ipnet::IpNet;

use self::origin::Origin;
use self::prefix::Prefix;
use crate::key::KeyError;
#[cfg(feature = "redis")]
use crate::redis_url::Redis;
use crate::visitor::ownership::Secret;

/// The configuration of a [`Proxy`](crate::Proxy): addresses, trust, limits and timeouts.
///
/// The limit of 30 messages a minute comes from the API's text. The timeouts of 10, 15 and
/// 30 seconds are part of the contract of `highchat proxy`. Everything else is our decision.
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
    /// The base URL of the service. A path prefix is kept. Default: the public service.
    pub base_url: String,
    /// Allows `http://` to a host other than this machine. Anyone on the network path can
    /// then read the key.
    pub insecure_http: bool,
    /// The certificate authorities that are trusted for the service.
    pub roots: Roots,
    /// A path below which the endpoints are served too, for example `/api` for
    /// `/api/v1/chat`. None by default.
    pub prefix: Option<Prefix>,
    /// The origins whose pages may use the proxy. None by default.
    pub allow_origins: Vec<Origin>,
    /// Networks of peers whose `x-forwarded-for` and visitor header are trusted. None by
    /// default.
    pub trusted_networks: Vec<IpNet>,
    /// The header in which a trusted peer names the visitor. The service gets the name as
    /// `visitor_ref`. Without this header no `visitor_ref` is sent.
    pub visitor_header: Option<HeaderName>,
    /// The secret that signs the conversation ids that visitors see. Without it visitors see
    /// the service's own ids.
    pub secret: Option<Secret>,
    /// The Redis server through which several proxies share their limits of messages and polls,
    /// the answers to polls, and what the search for a cut reply must know. None by default.
    #[cfg(feature = "redis")]
    pub redis: Option<Redis>,

    /// Messages a minute for all visitors together. Default: 30, the service's limit for one
    /// key. If several proxies use one key, let them share it through `redis`, or give each its
    /// part. 0: no limit.
    pub messages_in_all: u32,
    /// The time in which at most `messages_in_all` messages are sent. Default: 60 s.
    pub message_span: Duration,
    /// Messages a minute for one visitor. Half of them may come at once. Default: 10.
    /// 0: no limit.
    pub messages_a_visitor: u32,
    /// Polls and ratings a minute for one visitor. Half of them may come at once. Default:
    /// 120, which is enough for eight tabs that poll every 4 s. 0: no limit.
    pub polls_a_visitor: u32,
    /// The longest time that a message waits because of `messages_in_all`. Default: 5 s. If
    /// the wait would be longer, the message is refused at once with 429, and `retry-after`
    /// is the length of the wait.
    pub queue_patience: Duration,
    /// How long the answer to a poll is reused for polls with the same parameters. Default:
    /// 2 s, half the interval at which clients poll.
    pub poll_memory: Duration,

    /// Open connections of all visitors together. Default: 4096.
    pub connections: usize,
    /// Open connections of one visitor. Default: 256. Connections from trusted networks
    /// have no such limit.
    pub connections_a_visitor: usize,
    /// Open streams of all visitors together. Default: 2048.
    pub streams: usize,
    /// Open streams of one visitor. Default: 16.
    pub streams_a_visitor: usize,

    /// How many bytes of request bodies, of answers that are not streams, and of the rests of
    /// cut replies the proxy holds in memory, for all visitors together. If there would be more, a request is refused with
    /// 503. Default: 32 MiB. In addition, each connection has buffers of at most 32 KiB, and
    /// the recent answers to polls take at most 16 MiB.
    pub held_bytes: usize,

    /// Whether the proxy searches for the rest of a cut reply. Default: true. Turn it off if
    /// several proxies serve the messages of one conversation in turn and do not share `redis`.
    pub heal: bool,
    /// The delays before each of the four requests of such a search. Default: 1, 3, 6 and
    /// 10 s. A search takes at most 60 s in all.
    pub recovery_delays: [Duration; 4],

    /// The longest time for the head of a visitor's request, and again for its body.
    /// Default: 10 s.
    pub request_timeout: Duration,
    /// The longest time in which a visitor may read nothing of an answer. Then the
    /// connection is closed. Default: 30 s.
    pub visitor_timeout: Duration,
    /// How many bytes a second a visitor must read, on average over `visitor_timeout`, while
    /// the proxy waits for this. Then the connection is closed. Default: 1024. 0: no floor.
    /// Only [`Server`](crate::Server) does this.
    pub visitor_floor: u32,
    /// The silence after which a comment is written into a stream. Default: 15 s. If the
    /// service has not begun to answer a message by then, the stream begins without it.
    pub keepalive: Duration,
    /// The longest time for the head of the service's answer, and again for the body if it
    /// is not a stream. Half of it is for the connection. Default: 60 s.
    pub response_timeout: Duration,
    /// The longest time without a byte from the service in a stream. Default: 60 s.
    pub idle_timeout: Duration,
    /// The longest time in a stream without an event other than `ping`. Default: 300 s.
    pub progress_timeout: Duration,
    /// How long a stream stays open after the event that ends the reply, if the service does
    /// not close it. Default: 2 s.
    pub settle_timeout: Duration,
    /// How long streams may go on after [`drain`](crate::Server::drain). Default: 30 s.
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
            #[cfg(feature = "redis")]
            redis: None,
            messages_in_all: 30,
            message_span: Duration::from_secs(60),
            messages_a_visitor: 10,
            polls_a_visitor: 120,
            queue_patience: Duration::from_secs(5),
            poll_memory: Duration::from_secs(2),
            connections: 4096,
            connections_a_visitor: 256,
            streams: 2048,
            streams_a_visitor: 16,
            held_bytes: 32 << 20,
            heal: true,
            recovery_delays: client.recovery_delays,
            request_timeout: Duration::from_secs(10),
            visitor_timeout: Duration::from_secs(30),
            visitor_floor: 1024,
            keepalive: Duration::from_secs(15),
            response_timeout: client.response_timeout,
            idle_timeout: client.idle_timeout,
            progress_timeout: client.progress_timeout,
            settle_timeout: client.settle_timeout,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// Why a [`Proxy`](crate::Proxy) cannot be created from a configuration.
#[derive(Debug)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// The key may not be sent to the base URL.
    BaseUrl(InvalidBaseUrl),
    /// The key cannot be read.
    Key(KeyError),
    /// The certificate authorities cannot be used.
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
