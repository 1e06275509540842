//! The key-hiding proxy: where, for whom, how much.

use core::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgAction, Args};
use highchat_proxy::{IpNet, Origin, Prefix};
use http::HeaderName;

use super::roots::RootsOptions;

/// Put a backend between browsers and the service, so that the key never leaves it
///
/// Serves the three /v1 endpoints to clients without a key, streams replies through as they
/// come, and adds the key. Prints `listening on http://ADDR` when it is ready, and a line a
/// request on standard error, without texts and keys.
///
/// SIGHUP reads the key again. At SIGTERM or Ctrl-C it is not ready any more (/readyz) and
/// takes nothing new; streams may finish for 30 s. A second one ends it at once.
#[derive(Args, Debug)]
pub(crate) struct ProxyOptions {
    /// Where to listen; port 0: any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8788")]
    pub(crate) listen: SocketAddr,

    /// File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]
    ///
    /// Without it the key is HIGHCHAT_KEY, or the file highchat-key in
    /// $CREDENTIALS_DIRECTORY, as systemd's LoadCredential= puts it there.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// Where the service is; a path is kept as a prefix [default:
    /// https://app.highchat.am] [env: HIGHCHAT_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Take http:// to a host other than this machine: whoever listens reads the key
    #[arg(long)]
    pub(crate) insecure_http: bool,

    #[command(flatten)]
    pub(crate) roots: RootsOptions,

    /// Serve PATH/v1/… as well as /v1/…
    #[arg(long, value_name = "PATH")]
    pub(crate) prefix: Option<Prefix>,

    /// Let pages of that origin use the proxy; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<Origin>,

    /// Tell what was counted at http://ADDR/metrics, in Prometheus' text form
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Believe what peers in that network say of the visitor (x-forwarded-for and
    /// --visitor-header), such as 10.0.0.0/8; may be repeated
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    pub(crate) trust: Vec<IpNet>,

    /// The header in which a trusted peer says who the visitor is; sent as visitor_ref
    #[arg(long, value_name = "NAME", requires = "trust")]
    pub(crate) visitor_header: Option<HeaderName>,

    /// File with a secret of at least 16 bytes, to sign conversation ids with: nobody can
    /// read or rate another's conversation by guessing its id
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,

    /// Messages a minute for all visitors; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Limits")]
    pub(crate) messages: u32,

    /// Messages a minute for one visitor; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Limits")]
    pub(crate) visitor_messages: u32,

    /// Polls and ratings a minute for one visitor; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 120, help_heading = "Limits")]
    pub(crate) visitor_polls: u32,

    /// Replies that stream at once
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2048,
        help_heading = "Limits"
    )]
    pub(crate) streams: usize,

    /// Replies that stream at once to one visitor
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = "Limits")]
    pub(crate) visitor_streams: usize,

    /// Connections of visitors at once
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4096,
        help_heading = "Limits"
    )]
    pub(crate) connections: usize,

    /// Connections of one visitor at once; peers in a --trust network are not counted
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Limits")]
    pub(crate) visitor_connections: usize,

    /// Tell more on standard error [env: HIGHCHAT_LOG]
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// A network, or one address.
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
