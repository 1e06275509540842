//! Which proxy is on the way, by the environment, as curl has it and the async adapter.
//!
//! ureq reads the environment by itself, but takes `ALL_PROXY` before a scheme's own
//! variable, goes directly where it cannot use what is named, and knows neither networks nor
//! subdomains in `NO_PROXY`.

use core::net::IpAddr;
use std::env;

use highchat_proto::Endpoint;
use ipnet::IpNet;
use ureq::Proxy;

/// The way to the service.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Direct,
    Through(Proxy),
    /// The variable of that name says what cannot be used. To go directly would show the key
    /// to a network that it was to be kept from.
    Refused(&'static str),
}

impl Way {
    /// As the environment says; but what is on this machine is not reached through another.
    pub(crate) fn to(endpoint: &Endpoint) -> Self {
        Self::by(endpoint, |name| {
            // What is no UTF-8 names no proxy that can be used.
            Some(env::var_os(name)?.to_string_lossy().into_owned())
        })
    }

    fn by(endpoint: &Endpoint, variable: impl Fn(&'static str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let set = names
                .into_iter()
                .find_map(|name| Some((name, variable(name)?)));
            set.filter(|(_, value)| !value.is_empty())
        };
        // Of a CGI program, HTTP_PROXY is a header of the visitor's request.
        if endpoint.is_loopback() || variable("REQUEST_METHOD").is_some() {
            return Self::Direct;
        }
        let own = if endpoint.is_tls() {
            ["HTTPS_PROXY", "https_proxy"]
        } else {
            ["HTTP_PROXY", "http_proxy"]
        };
        let Some((name, value)) = first(own).or_else(|| first(["ALL_PROXY", "all_proxy"])) else {
            return Self::Direct;
        };
        let exceptions = first(["NO_PROXY", "no_proxy"]);
        if exceptions.is_some_and(|(_, list)| is_in(&list, endpoint.host())) {
            return Self::Direct;
        }
        proxy(&value).map_or(Self::Refused(name), Self::Through)
    }
}

/// The proxy, if it is one that can be used.
fn proxy(value: &str) -> Option<Proxy> {
    let value = match value.split_once("://") {
        // The proxy finds the name: where one is needed, nobody else may be able to.
        Some(("socks5" | "socks5h", rest)) => format!("socks5h://{rest}"),
        Some(("http" | "https", _)) | None => value.to_owned(),
        Some(_) => return None,
    };
    Proxy::new(&value).ok()
}

/// Whether the host is on the list: by its name or that of a domain above it, by its address
/// or a network, or by `*`.
fn is_in(list: &str, host: &str) -> bool {
    let mut entries = list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.any(|entry| match entry.parse::<IpNet>() {
            Ok(network) => network.contains(&address),
            Err(_) => entry == "*" || entry.parse() == Ok(address),
        }),
        Err(_) => entries.any(|entry| entry == "*" || is_under(host, entry)),
    }
}

fn is_under(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    // Names are ASCII, as the endpoint's host is.
    let is_end = host
        .get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(domain));
    is_end && (start == 0 || host.as_bytes()[start - 1] == b'.')
}
