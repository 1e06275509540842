//! The way to the service: directly, or through the proxy that the environment names.

use std::env;

use highchat_proto::Endpoint;
use highchat_proto::http::NamedProxy;

/// The way to the service; a proxy is what the HTTP client calls one.
#[derive(Clone, Debug)]
pub(crate) enum Way<P> {
    Direct,
    Through(P),
    /// Why the proxy that is named cannot be used. To go directly would show the key to a
    /// network that it was to be kept from.
    Refused(String),
}

impl<P> Way<P> {
    /// The way that the environment names. `usable` returns the proxy of that URL, if it is
    /// one that can be used.
    pub(crate) fn to(endpoint: &Endpoint, usable: impl FnOnce(&str) -> Option<P>) -> Self {
        let named = NamedProxy::of(endpoint, |name| {
            // What is no UTF-8 names no proxy that can be used.
            Some(env::var_os(name)?.to_string_lossy().into_owned())
        });
        named.map_or(Self::Direct, |named| {
            usable(&named.url).map_or_else(
                || {
                    Self::Refused(format!(
                        "{} names no proxy that can be used",
                        named.variable
                    ))
                },
                Self::Through,
            )
        })
    }

    /// What an error names: the service, and the proxy on the way, which is `at` a host and
    /// port.
    pub(crate) fn place(&self, endpoint: &Endpoint, at: impl FnOnce(&P) -> String) -> String {
        let service = endpoint.authority();
        match self {
            Self::Through(proxy) => format!("{service}: through the proxy {}", at(proxy)),
            Self::Direct | Self::Refused(_) => service,
        }
    }
}
