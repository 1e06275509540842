//! Options of `highchat proxy`.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use highchat_proxy::{IpNet, Origin, Prefix};
use http::HeaderName;

use super::roots::RootsOptions;

/// Put a backend between browsers and the service, so that the key never leaves your server
///
/// Serves the three /v1 endpoints to clients without a key, adds the key, and streams
/// replies as they arrive. Prints `listening on http://ADDR` when it is ready. Logs one
/// line per request on standard error, without texts and keys.
///
/// SIGHUP makes it read the key again. At SIGTERM or Ctrl-C it refuses new connections, so
/// that a load balancer uses another proxy; streams have 30 s to finish. A second signal
/// ends it at once.
#[derive(Args, Debug)]
pub(crate) struct ProxyOptions {
    /// Address to listen on; port 0 is any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8788")]
    pub(crate) listen: SocketAddr,

    /// File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]
    ///
    /// Without it, the key is HIGHCHAT_KEY, or the content of the file highchat-key in
    /// $CREDENTIALS_DIRECTORY, where LoadCredential= of systemd puts it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// URL of the service; a path is kept as a prefix [default: https://app.highchat.am]
    /// [env: HIGHCHAT_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Allow http:// to another host. Anybody on the network path can read the key
    #[arg(long)]
    pub(crate) insecure_http: bool,

    #[command(flatten)]
    pub(crate) roots: RootsOptions,

    /// Serve PATH/v1/… as well as /v1/…
    #[arg(long, value_name = "PATH")]
    pub(crate) prefix: Option<Prefix>,

    /// Allow pages of this origin to use the proxy; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<Origin>,

    /// Serve counters at http://ADDR/metrics, in the text format of Prometheus
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Trust what peers in this network say about the visitor (x-forwarded-for and
    /// --visitor-header), such as 10.0.0.0/8; may be repeated
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    pub(crate) trust: Vec<IpNet>,

    /// Header in which a trusted peer names the visitor; it is sent to the service as
    /// visitor_ref
    #[arg(long, value_name = "NAME", requires = "trust")]
    pub(crate) visitor_header: Option<HeaderName>,

    /// File with a secret of at least 16 bytes that signs conversation ids, so that nobody
    /// can read or rate another visitor's conversation by guessing its id
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,

    /// Share limits with other proxies through Redis or Valkey: redis://:PASSWORD@HOST:6379/0, or
    /// rediss:// with TLS [env: HIGHCHAT_REDIS]
    ///
    /// Then --messages, --visitor-messages and --visitor-polls are limits of all proxies with the
    /// same key together, the answer to a poll serves all of them, and a cut reply is searched for
    /// even if several proxies serve the conversation in turn. All proxies need the same options
    /// for limits. While Redis is away, each proxy keeps to its own part. Other users of this
    /// machine can see the options of a program: use --redis-file if there is a password.
    #[arg(long, value_name = "URL", conflicts_with = "redis_file")]
    pub(crate) redis: Option<HiddenText>,

    /// File that contains the URL for --redis and nothing else [env: HIGHCHAT_REDIS_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) redis_file: Option<PathBuf>,

    /// Do not search for the rest of a reply that the service cut; end it with an error
    ///
    /// Without this flag, the proxy asks the service for the messages of the conversation, up
    /// to four times in 20 s, and sends the visitor the rest of the reply. The message is never
    /// sent again.
    #[arg(long)]
    pub(crate) no_heal: bool,

    /// Messages per minute of all visitors together; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Limits")]
    pub(crate) messages: u32,

    /// Messages per minute of one visitor; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Limits")]
    pub(crate) visitor_messages: u32,

    /// Polls and ratings per minute of one visitor; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 120, help_heading = "Limits")]
    pub(crate) visitor_polls: u32,

    /// Replies that stream at the same time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2048,
        help_heading = "Limits"
    )]
    pub(crate) streams: usize,

    /// Replies that stream to one visitor at the same time
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = "Limits")]
    pub(crate) visitor_streams: usize,

    /// Connections of all visitors at the same time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4096,
        help_heading = "Limits"
    )]
    pub(crate) connections: usize,

    /// Connections of one visitor at the same time; peers in a --trust network are not
    /// counted
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Limits")]
    pub(crate) visitor_connections: usize,

    /// MiB of incomplete request bodies and of unread answers in memory, of all visitors
    #[arg(
        long,
        value_name = "N",
        default_value_t = 32,
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = "Limits"
    )]
    pub(crate) held_mib: u16,

    /// Form of the log on standard error: text, or one JSON object per line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// Read and check the options, the key, the secret and the URL of Redis, and end: with status
    /// 0 if the proxy would start, and 2 if not. Listens on no address, and asks neither the
    /// service nor Redis
    #[arg(long)]
    pub(crate) check_config: bool,

    /// Log more to standard error [env: HIGHCHAT_LOG]
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// A text that no `Debug` and no error shows, because it may have a password.
#[derive(Clone)]
pub(crate) struct HiddenText(pub(crate) String);

impl From<String> for HiddenText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenText(…)")
    }
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Parses a network or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse().map(|address: IpAddr| address.into());
    text.parse()
        .or_else(|_| address())
        .map_err(|_| "not a network such as 10.0.0.0/8, nor an address".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_may_be_an_address() {
        for (text, shown) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), shown);
        }
        assert!(network("localhost").is_err());
        assert!(network("10.0.0.0/33").is_err());
    }
}
