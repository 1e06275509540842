//! The HTTP proxy that environment variables name.

use alloc::string::String;
use core::net::IpAddr;

use super::endpoint::Endpoint;

/// The HTTP proxy that environment variables name for a service, with the rules of curl.
///
/// `HTTPS_PROXY` or `HTTP_PROXY` names the proxy for its scheme, and `ALL_PROXY` names it if
/// that variable is not set. Each name may be in upper or lower case. There is no proxy for a
/// host that `NO_PROXY` lists: a name and all names under it, an address, a network
/// (`10.0.0.0/8`), or `*` for all hosts. There is also none for a service on this machine, and
/// none in a CGI program, because there `HTTP_PROXY` is a header of the visitor's request.
/// Source: our decision.
///
/// An adapter that cannot use the proxy must send nothing. A direct connection would use a
/// network that the proxy is meant to avoid, and would send the key over it.
///
/// ```
/// use highchat_proto::http::NamedProxy;
/// use highchat_proto::{Credentials, Endpoint};
///
/// let endpoint = Endpoint::new("https://chat.example", Credentials::slug("demo")?)?;
/// let set = |name| (name == "https_proxy").then(|| "http://proxy.example:3128".into());
/// let proxy = NamedProxy::of(&endpoint, set).expect("it is named");
/// assert_eq!((proxy.variable, &*proxy.url), ("https_proxy", "http://proxy.example:3128"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedProxy {
    /// The variable that names the proxy, for error messages.
    pub variable: &'static str,
    /// The value of the variable, unchecked. It may contain a password.
    pub url: String,
}

impl NamedProxy {
    /// The proxy for a service, or `None` if the connection is direct. The function `variable`
    /// returns the value of an environment variable.
    #[must_use]
    pub fn of(
        endpoint: &Endpoint,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Option<Self> {
        let first = |names: [&'static str; 2]| {
            let set = names
                .into_iter()
                .find_map(|name| Some((name, variable(name)?)));
            set.filter(|(_, value)| !value.is_empty())
        };
        if endpoint.is_loopback() || variable("REQUEST_METHOD").is_some() {
            return None;
        }
        let own = if endpoint.is_tls() {
            ["HTTPS_PROXY", "https_proxy"]
        } else {
            ["HTTP_PROXY", "http_proxy"]
        };
        let (variable, url) = first(own).or_else(|| first(["ALL_PROXY", "all_proxy"]))?;
        let exceptions = first(["NO_PROXY", "no_proxy"]);
        let is_excepted = exceptions.is_some_and(|(_, list)| is_in(&list, endpoint.host()));
        (!is_excepted).then_some(Self { variable, url })
    }
}

/// The output leaves out the URL, because it may contain a password.
impl core::fmt::Debug for NamedProxy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NamedProxy")
            .field("variable", &self.variable)
            .finish_non_exhaustive()
    }
}

/// Whether a `NO_PROXY` list contains the host: its name or a domain above it, its address or
/// a network, or `*`.
fn is_in(list: &str, host: &str) -> bool {
    let mut entries = list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.any(|entry| entry == "*" || is_in_network(entry, address)),
        Err(_) => entries.any(|entry| entry == "*" || is_under(host, entry)),
    }
}

/// Whether the address is in the network. The network is like `10.0.0.0/8`, or is one address.
fn is_in_network(network: &str, address: IpAddr) -> bool {
    let (base, len) = match network.split_once('/') {
        Some((base, len)) => (base, len.parse().ok()),
        None => (network, Some(u32::MAX)),
    };
    let differ = match (base.parse(), address) {
        (Ok(IpAddr::V4(base)), IpAddr::V4(address)) => {
            u128::from(u32::from(base) ^ u32::from(address)) << 96
        }
        (Ok(IpAddr::V6(base)), IpAddr::V6(address)) => u128::from(base) ^ u128::from(address),
        _ => return false,
    };
    len.is_some_and(|len| differ.leading_zeros() >= len.min(address_len(address)))
}

const fn address_len(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn is_under(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    // The host is ASCII, so this cuts no character.
    let is_end = host
        .get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(domain));
    is_end && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::http::Credentials;

    fn named(base_url: &str, set: &[(&str, &str)]) -> Option<&'static str> {
        let endpoint = Endpoint::with_insecure_http(base_url, Credentials::none()).unwrap();
        let proxy = NamedProxy::of(&endpoint, |name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| String::from(*value))
        });
        proxy.map(|proxy| proxy.variable)
    }

    #[test]
    fn the_variable_of_the_scheme_comes_before_all_proxy_in_either_case() {
        let all = [
            ("ALL_PROXY", "a"),
            ("http_proxy", "b"),
            ("HTTPS_PROXY", "c"),
        ];
        assert_eq!(named("https://chat.example", &all), Some("HTTPS_PROXY"));
        assert_eq!(named("http://chat.example", &all), Some("http_proxy"));
        assert_eq!(named("http://chat.example", &all[..1]), Some("ALL_PROXY"));
        // An empty variable names no proxy, and its lower-case form is then not read.
        let empty = [("HTTP_PROXY", ""), ("http_proxy", "b")];
        assert_eq!(named("http://chat.example", &empty), None);
        assert_eq!(named("http://127.0.0.1:1", &all), None);
        assert_eq!(named("https://[::1]", &all), None);
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "b")];
        assert_eq!(named("http://chat.example", &cgi), None);
    }

    #[test]
    fn no_proxy_lists_names_addresses_and_networks() {
        let cases = [
            ("chat.example", "https://chat.example", true),
            ("example", "https://chat.example", true),
            (".Example", "https://chat.example", true),
            ("t.example", "https://chat.example", false),
            ("a, *", "https://chat.example", true),
            ("10.0.0.0/8", "http://10.200.3.4", true),
            ("10.0.0.0/8", "http://11.0.0.1", false),
            ("10.1.2.3", "http://10.1.2.3", true),
            ("10.1.2.3", "http://10.1.2.4", false),
            ("0.0.0.0/0", "http://93.184.216.34", true),
            ("10.0.0.0/x", "http://10.0.0.1", false),
            ("2001:db8::/33", "http://[2001:db8:7fff::1]", true),
            ("2001:db8::/33", "http://[2001:db8:8000::1]", false),
            ("2001:db8::1", "http://[2001:db8::1]", true),
            ("0.0.0.0/0", "http://[2001:db8::1]", false),
            ("*", "http://[2001:db8::1]", true),
        ];
        for (list, base_url, is_excepted) in cases {
            let found = named(base_url, &[("ALL_PROXY", "p"), ("no_proxy", list)]);
            assert_eq!(found.is_none(), is_excepted, "{list} for {base_url}");
        }
    }

    #[test]
    fn no_debug_output_shows_a_password() {
        let proxy = NamedProxy {
            variable: "ALL_PROXY",
            url: "http://user:գաղտնի🔑@proxy".into(),
        };
        assert!(!format!("{proxy:?}").contains("գաղտնի"));
    }
}
