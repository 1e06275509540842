//! The visitor of a request: by address, and by what a trusted peer reports.

pub(crate) mod ownership;

use core::fmt;
use core::net::IpAddr;

use highchat_proto::VisitorRef;
use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv6Net};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) network: Network,
    /// Who it is to the site around the chat.
    pub(crate) reference: Option<VisitorRef>,
}

/// What is counted as one visitor: an IPv4 address, or the /64 that one IPv6 customer has
/// to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).network().into(),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

/// Which peers are believed, and in what.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    pub(crate) networks: Vec<IpNet>,
    pub(crate) visitor_header: Option<HeaderName>,
}

const FORWARDED_FOR: &str = "x-forwarded-for";

impl Trust {
    pub(crate) fn includes(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The visitor for whom a peer speaks.
    pub(crate) fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> Visitor {
        if !self.includes(peer) {
            return Visitor {
                network: peer.into(),
                reference: None,
            };
        }
        let reference = self
            .visitor_header
            .as_ref()
            .and_then(|name| headers.get(name))
            .and_then(|value| core::str::from_utf8(value.as_bytes()).ok())
            .filter(|text| !text.is_empty())
            .and_then(|text| VisitorRef::new(text).ok());
        Visitor {
            network: self.origin(peer, headers).into(),
            reference,
        }
    }

    /// Each peer appends the one it heard from: from the right, the first that is not
    /// trusted is the visitor, and what stands to its left is its own invention.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let hops = lines
            .iter()
            .rev()
            .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut origin = peer;
        for hop in hops {
            let Some(address) = address(hop) else { break };
            origin = address;
            if !self.includes(address) {
                break;
            }
        }
        origin
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = core::str::from_utf8(hop).ok()?.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| {
        hop.parse()
            .ok()
            .map(|socket: core::net::SocketAddr| socket.ip())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str, forwarded: &[&str]) -> String {
        let trust = Trust {
            networks: ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]
                .map(|net| net.parse().unwrap())
                .into(),
            visitor_header: None,
        };
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        trust
            .visitor(peer.parse().unwrap(), &headers)
            .network
            .to_string()
    }

    #[test]
    fn a_forwarded_address_is_taken_from_trusted_peers_alone() {
        assert_eq!(origin("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(origin("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            origin("::ffff:127.0.0.1", &["198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(origin("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn the_last_hop_that_is_not_trusted_is_the_visitor() {
        let forged = "1.2.3.4, 198.51.100.1, 10.0.0.9";
        assert_eq!(origin("127.0.0.1", &[forged]), "198.51.100.1");
        assert_eq!(
            origin("127.0.0.1", &["1.2.3.4", "198.51.100.1", "10.0.0.9"]),
            "198.51.100.1"
        );
        assert_eq!(
            origin("127.0.0.1", &["1.2.3.4, nonsense, 10.0.0.9"]),
            "10.0.0.9"
        );
        assert_eq!(origin("127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::/64");
        assert_eq!(origin("fd00::1", &["198.51.100.1:80"]), "198.51.100.1");
    }

    #[test]
    fn a_v6_customer_is_one_visitor() {
        assert_eq!(origin("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::/64");
    }
}
