//! The route to the service: direct, or through the proxy that the environment names.

use std::env;

use highchat_proto::Endpoint;
use highchat_proto::http::NamedProxy;

/// The route to the service. `P` is the HTTP client's type for a proxy.
#[derive(Clone, Debug)]
pub(crate) enum Route<P> {
    Direct,
    Through(P),
    /// The reason why the named proxy cannot be used. A direct connection instead would show
    /// the key to a network that the proxy was meant to keep it from.
    Refused(String),
}

impl<P> Route<P> {
    /// Reads the route from the environment. `usable` parses the URL of a proxy; it returns
    /// `None` if the proxy cannot be used.
    pub(crate) fn to(endpoint: &Endpoint, usable: impl FnOnce(&str) -> Option<P>) -> Self {
        let named = NamedProxy::of(endpoint, |name| {
            // A value that is not UTF-8 cannot name a usable proxy, so a lossy copy is enough.
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

    /// The name for errors: the host and port of the service, and of the proxy if there is
    /// one. `at` returns the host and port of a proxy.
    pub(crate) fn place(&self, endpoint: &Endpoint, at: impl FnOnce(&P) -> String) -> String {
        let service = endpoint.authority();
        match self {
            Self::Through(proxy) => format!("{service}: through the proxy {}", at(proxy)),
            Self::Direct | Self::Refused(_) => service,
        }
    }
}
