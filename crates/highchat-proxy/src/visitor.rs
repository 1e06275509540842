//! Identifies the visitor of a request by address and by the headers of trusted peers.

pub(crate) mod ownership;

use core::fmt;
use core::net::IpAddr;

use highchat_proto::VisitorRef;
use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv6Net};
use ring::digest;

/// The visitor who sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) network: Network,
    /// What the limits for one visitor count.
    pub(crate) identity: Identity,
    /// The name that your own server gave the visitor.
    pub(crate) reference: Option<VisitorRef>,
}

/// The network that counts as one visitor: an IPv4 address, or an IPv6 /64, because one IPv6
/// customer usually has a whole /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl Network {
    #[cfg(feature = "redis")]
    pub(crate) const fn address(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).network().into(),
        })
    }
}

/// What counts as one visitor: the name that a trusted peer gave, or else a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    Network(Network),
    /// The first bytes of the SHA-256 of the name. It is short, the same at every proxy, and
    /// nobody can find another name with the same one.
    Name([u8; 16]),
}

impl From<IpAddr> for Identity {
    fn from(address: IpAddr) -> Self {
        Self::Network(address.into())
    }
}

impl Identity {
    fn named(name: &VisitorRef) -> Self {
        let hash = digest::digest(&digest::SHA256, name.as_str().as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_ref()[..16]);
        Self::Name(short)
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

/// The peers whose headers are trusted.
#[derive(Clone, Debug, Default)]
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

    /// Returns the visitor of a request from `peer`.
    pub(crate) fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> Visitor {
        if !self.includes(peer) {
            return Visitor {
                network: peer.into(),
                identity: peer.into(),
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
        let network = self.origin(peer, headers).into();
        let name = reference.as_ref().map(Identity::named);
        Visitor {
            network,
            identity: name.unwrap_or(Identity::Network(network)),
            reference,
        }
    }

    /// Returns the visitor's address. Each proxy appends the address of its own peer to
    /// `x-forwarded-for`. So, read from the right, the first address that is not trusted is
    /// the visitor's, and the visitor may have invented all addresses to the left of it.
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

/// Parses an address as proxies write it: plain, in brackets, or with a port.
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
            ..Trust::default()
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
    fn only_trusted_peers_can_forward_an_address() {
        assert_eq!(origin("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(origin("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            origin("::ffff:127.0.0.1", &["198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(origin("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn the_last_forwarded_address_that_is_not_trusted_is_the_visitor() {
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
    fn a_visitor_whom_a_trusted_peer_names_is_counted_by_name() {
        let trust = Trust {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            visitor_header: Some("x-user".parse().unwrap()),
        };
        let identity = |peer: &str, name: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-user", name.parse().unwrap());
            trust.visitor(peer.parse().unwrap(), &headers).identity
        };
        let named = identity("10.0.0.1", "ani");
        assert_eq!(identity("10.0.0.2", "ani"), named);
        assert_ne!(identity("10.0.0.1", "aram"), named);
        let address = |peer: &str| Identity::from(peer.parse::<IpAddr>().unwrap());
        assert_eq!(identity("10.0.0.1", ""), address("10.0.0.1"));
        assert_eq!(identity("203.0.113.7", "ani"), address("203.0.113.7"));
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_visitor() {
        assert_eq!(origin("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::/64");
    }
}
