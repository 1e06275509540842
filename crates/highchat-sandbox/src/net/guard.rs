//! Protects the control API and the inbox: only programs of this machine and the sandbox's own
//! pages may use them, and no other web page.

use core::net::IpAddr;

use http::HeaderMap;
use http::header::{HOST, HeaderName, ORIGIN};

use crate::net::refusal::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that a browser sends for a page of another origin.
///
/// `Host` must be a loopback name. So a page whose host name was changed to point to this machine
/// (DNS rebinding) is refused. The port may differ, for example through a tunnel. All other pages
/// are recognised by `Origin` and `Sec-Fetch-Site`, which browsers send and pages cannot change.
/// A page from another port of this machine has another origin too.
///
/// A request without `Origin` is allowed, even a `POST`. Browsers send `Origin` with every request
/// other than `GET` and `HEAD` (`null` if the page has no origin). So such a request comes from a
/// program of this machine.
pub(crate) fn admit(headers: &HeaderMap) -> Result<(), Refusal> {
    let host = host(headers).ok_or_else(Refusal::foreign)?;
    let own = |origin: &str| {
        origin
            .strip_prefix("http://")
            .is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    if all_values(headers, &ORIGIN, own) && all_values(headers, &SEC_FETCH_SITE, is_own_site) {
        Ok(())
    } else {
        Err(Refusal::foreign())
    }
}

/// Returns the value of `Host` if it is a loopback name.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, None) = (hosts.next()?.to_str().ok()?, hosts.next()) else {
        return None;
    };
    let (name, port) = match host.rsplit_once(':') {
        // An IPv6 address has its colons inside brackets.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_none_or(is_port) && is_loopback(name)).then_some(host)
}

fn is_loopback(name: &str) -> bool {
    if let Some(address) = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        return matches!(address.parse(), Ok(IpAddr::V6(address)) if address.is_loopback());
    }
    match name.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(_)) => false,
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

fn is_own_site(site: &str) -> bool {
    matches!(site, "same-origin" | "none")
}

/// Whether a condition is true for all values of a header. Also true without values.
fn all_values(headers: &HeaderMap, name: &HeaderName, condition: impl Fn(&str) -> bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .all(|value| value.to_str().is_ok_and(&condition))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(lines: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        admit(&headers).is_ok()
    }

    #[test]
    fn the_host_must_be_a_loopback_name() {
        for (host, right) in [
            ("127.0.0.1:8787", true),
            ("127.0.0.1", true),
            ("127.1.2.3:80", true),
            ("localhost:8787", true),
            ("LOCALHOST", true),
            ("[::1]:8787", true),
            ("[::1]", true),
            ("evil.example", false),
            ("evil.example:8787", false),
            ("localhost.evil.example:8787", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1:8787@evil.example", false),
            ("192.168.1.2:8787", false),
            ("0.0.0.0:8787", false),
            ("[2001:db8::1]:8787", false),
            ("::1", false),
            ("localhost:evil", false),
            ("", false),
        ] {
            assert_eq!(admitted(&[("host", host)]), right, "{host}");
        }
        assert!(!admitted(&[]));
        assert!(!admitted(&[("host", "localhost"), ("host", "localhost")]));
    }

    #[test]
    fn requests_of_other_origins_are_refused() {
        let host = ("host", "127.0.0.1:8787");
        for (name, value, right) in [
            ("origin", "http://127.0.0.1:8787", true),
            ("origin", "http://127.0.0.1:3000", false),
            ("origin", "http://localhost:8787", false),
            ("origin", "https://127.0.0.1:8787", false),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "", false),
        ] {
            assert_eq!(admitted(&[host, (name, value)]), right, "{name}: {value}");
        }
    }
}
