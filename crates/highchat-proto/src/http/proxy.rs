//! Which proxy is on the way, as environment variables say.

use alloc::string::String;
use core::net::IpAddr;

use super::endpoint::Endpoint;

/// The proxy that the environment names for a service, as curl reads it.
///
/// `HTTPS_PROXY` or `HTTP_PROXY` by the scheme, and `ALL_PROXY` if the scheme has none of its
/// own, in either case; but not for what `NO_PROXY` lists: names with all names under them,
/// addresses, networks (`10.0.0.0/8`), `*`. Never for a service on this machine, nor in a CGI
/// program, whose `HTTP_PROXY` is a header of the visitor's request. Source: our decision.
///
/// An adapter that cannot use the proxy must send nothing: to go directly would show the key to
/// a network that it was to be kept from.
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
    /// The variable that names it, for an error to show.
    pub variable: &'static str,
    /// What it names, unchecked. It may hold a password.
    pub url: String,
}

impl NamedProxy {
    /// The proxy on the way to a service; `None`: it is reached directly. `variable` looks a
    /// variable up.
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

/// Without the URL, which may hold a password.
impl core::fmt::Debug for NamedProxy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NamedProxy")
            .field("variable", &self.variable)
            .finish_non_exhaustive()
    }
}

/// Whether the host is on the list: by its name or a domain above it, by its address or a
/// network, or by `*`.
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

/// Whether `10.0.0.0/8`, or an address alone, holds the address.
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
    // Names are ASCII, as the endpoint's host is.
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
    fn a_schemes_own_variable_comes_first_in_either_case() {
        let all = [
            ("ALL_PROXY", "a"),
            ("http_proxy", "b"),
            ("HTTPS_PROXY", "c"),
        ];
        assert_eq!(named("https://chat.example", &all), Some("HTTPS_PROXY"));
        assert_eq!(named("http://chat.example", &all), Some("http_proxy"));
        assert_eq!(named("http://chat.example", &all[..1]), Some("ALL_PROXY"));
        // One that is set to nothing names nothing, whatever its other spelling says.
        let empty = [("HTTP_PROXY", ""), ("http_proxy", "b")];
        assert_eq!(named("http://chat.example", &empty), None);
        assert_eq!(named("http://127.0.0.1:1", &all), None);
        assert_eq!(named("https://[::1]", &all), None);
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "b")];
        assert_eq!(named("http://chat.example", &cgi), None);
    }

    #[test]
    fn exceptions_are_names_addresses_and_networks() {
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
