//! How to connect: TCP, through a proxy if the environment names one, and TLS if a feature
//! brings it.
//!
//! ureq's traits for this do not follow semantic versioning yet; the tests of this crate and of
//! `highchat-ureq` pin what is relied on here.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use highchat_proto::failure::Cause;
use highchat_proto::http::{InvalidRoots, Roots};
use highchat_proto::{Endpoint, Failure};
use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::time::{Duration as UreqDuration, Instant};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector as _, DefaultConnector, NextTimeout, Transport, TransportAdapter,
};
use ureq::{Error, Proxy, Timeout};

use super::closer::Closer;
use super::connection::{Connection, LONGEST_TIMEOUT};
use super::tls::{self, Builder};
use crate::way::Way;

/// Connects to one service. Cheap to clone.
///
/// The name of the service is looked up in a thread of its own, which may outlive the lookup.
#[derive(Clone)]
pub struct Connector {
    uri: Uri,
    /// What an error names that could not be reached.
    place: Arc<str>,
    timeout: Duration,
    /// How ureq connects, or why it must not.
    config: Result<Arc<Config>, Cause>,
    ureq: Arc<DefaultConnector>,
}

impl Connector {
    /// A connector to that service. The lookup of its name may take `timeout`, and so may the
    /// connection with its handshakes. If there is nobody to trust, each connection fails with
    /// that reason.
    #[must_use]
    pub fn new(endpoint: &Endpoint, timeout: Duration) -> Self {
        let config = tls::config(endpoint, &Roots::Default);
        Self::over(endpoint, timeout, config.map_err(|error| Cause::of(&error)))
    }

    /// As [`new`](Self::new), trusting others than [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// There is nobody to trust.
    pub fn with_roots(
        endpoint: &Endpoint,
        timeout: Duration,
        roots: &Roots,
    ) -> Result<Self, InvalidRoots> {
        let config = tls::config(endpoint, roots)?;
        Ok(Self::over(endpoint, timeout, Ok(config)))
    }

    fn over(endpoint: &Endpoint, timeout: Duration, config: Result<Builder, Cause>) -> Self {
        let uri = endpoint.base_url().parse();
        let way = Way::to(endpoint, usable);
        let place = way.place(endpoint, |proxy| {
            format!("{}:{}", proxy.host(), proxy.port())
        });
        let proxy = match way {
            Way::Direct => Ok(None),
            Way::Through(proxy) => Ok(Some(proxy)),
            Way::Refused(refusal) => Err(Cause::from(&*refusal)),
        };
        let config = proxy.and_then(|proxy| Ok(Arc::new(config?.proxy(proxy).build())));
        Self {
            uri: uri.expect("the base URL of an endpoint is one"),
            place: place.into(),
            timeout: timeout.min(LONGEST_TIMEOUT),
            config,
            ureq: Arc::default(),
        }
    }

    /// A new connection, which `closer` closes.
    ///
    /// # Errors
    ///
    /// [`Failure::NotSent`], with the [place](Self::place) and the cause.
    pub fn connect(&self, closer: &Closer) -> Result<Connection, Failure> {
        let config = self.config.as_ref().map_err(Cause::clone);
        // The error that ureq would only put a word before.
        let connected = config.and_then(|config| {
            let connected = self.dial(config, closer);
            connected.map_err(|error| Cause::of(&error.into_io()))
        });
        connected.map_err(|cause| Failure::NotSent(cause.at(&self.place)))
    }

    /// What an error names: the host and port of the service, and the proxy on the way.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    fn dial(&self, config: &Config, closer: &Closer) -> Result<Connection, Error> {
        let within = |reason| NextTimeout {
            after: UreqDuration::Exact(self.timeout),
            reason,
            ..NextTimeout::default()
        };
        let resolver = DefaultResolver::default();
        let addrs = match config.proxy() {
            None => resolver.resolve(&self.uri, config, within(Timeout::Resolve))?,
            // The proxy finds the name.
            Some(_) => resolver.empty(),
        };
        let (ureq, closer) = (Arc::clone(&self.ureq), closer.clone());
        let details = ConnectionDetails {
            uri: &self.uri,
            addrs,
            config,
            request_level: false,
            resolver: &resolver,
            now: Instant::now(),
            timeout: within(Timeout::Connect),
            current_time: Arc::new(Instant::now),
            run_connector: Arc::new(move |details| run(&ureq, details)),
            register_shutdown: Arc::new(move |socket| closer.open(socket)),
        };
        let transport = run(&self.ureq, &details)?;
        if details.needs_tls() && !transport.is_tls() {
            return Err(Error::TlsRequired);
        }
        let io = TransportAdapter::new(transport, Arc::clone(&details.current_time));
        Ok(Connection::new(io))
    }
}

fn run(
    connector: &DefaultConnector,
    details: &ConnectionDetails<'_>,
) -> Result<Box<dyn Transport>, Error> {
    connector
        .connect(details, None)?
        .ok_or(Error::ConnectionFailed)
}

/// The proxy, if it is one that can be used.
fn usable(value: &str) -> Option<Proxy> {
    let value = match value.split_once("://") {
        // The proxy finds the name: where one is needed, nobody else may be able to.
        Some(("socks5" | "socks5h", rest)) => format!("socks5h://{rest}"),
        Some(("http" | "https", _)) | None => value.to_owned(),
        Some(_) => return None,
    };
    Proxy::new(&value).ok()
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
