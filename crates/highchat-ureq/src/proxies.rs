//! Which proxy is on the way, by the environment, as curl has it and the async adapter.
//!
//! ureq reads the environment by itself, but takes `ALL_PROXY` before a scheme's own
//! variable, goes directly where it cannot use what is named, and knows neither networks nor
//! subdomains in `NO_PROXY`.

use std::env;

use highchat_proto::Endpoint;
use highchat_proto::http::NamedProxy;
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
    /// As the environment says.
    pub(crate) fn to(endpoint: &Endpoint) -> Self {
        let named = NamedProxy::of(endpoint, |name| {
            // What is no UTF-8 names no proxy that can be used.
            Some(env::var_os(name)?.to_string_lossy().into_owned())
        });
        named.map_or(Self::Direct, |named| {
            proxy(&named.url).map_or(Self::Refused(named.variable), Self::Through)
        })
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
