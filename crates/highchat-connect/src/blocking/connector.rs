//! Makes blocking connections: TCP, the proxy that the environment names, and TLS if a feature
//! enables it.
//!
//! ureq's transport traits do not follow semantic versioning yet. The tests of this crate and
//! of `highchat-ureq` check the behaviour that this module relies on.

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
    ConnectionDetails, Connector as _, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Error, Proxy, Timeout};

use super::closer::Closer;
use super::connection::{Connection, LONGEST_TIMEOUT};
use super::tls::{self, Builder};
use crate::route::Route;

/// Connects to one service. Cheap to clone.
///
/// A separate thread looks up the name of the service, and may still run after a lookup that
/// timed out.
#[derive(Clone)]
pub struct Connector {
    uri: Uri,
    /// The host and port that errors name, with the proxy if one is used.
    place: Arc<str>,
    timeout: Duration,
    /// ureq's configuration, or the reason why nothing may be sent.
    config: Result<Arc<Config>, Cause>,
    ureq: Arc<DefaultConnector>,
}

impl Connector {
    /// Creates a connector to the service of `endpoint`. `timeout` applies twice: to the name
    /// lookup, and to the connection with its handshakes. If the default certificates cannot
    /// be used, each connection fails with that reason.
    #[must_use]
    pub fn new(endpoint: &Endpoint, timeout: Duration) -> Self {
        let config = tls::config(endpoint, &Roots::Default);
        Self::over(endpoint, timeout, config.map_err(|error| Cause::of(&error)))
    }

    /// Like [`new`](Self::new), but trusts the certificates of `roots` instead of
    /// [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, none is valid, or this build cannot use them.
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
        let route = Route::to(endpoint, usable);
        let place = route.place(endpoint, |proxy| {
            format!("{}:{}", proxy.host(), proxy.port())
        });
        let proxy = match route {
            Route::Direct => Ok(None),
            Route::Through(proxy) => Ok(Some(proxy)),
            Route::Refused(refusal) => Err(Cause::from(&*refusal)),
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

    /// Opens a new connection. `closer` can close it from another thread.
    ///
    /// # Errors
    ///
    /// [`Failure::NotSent`], with the [place](Self::place) and the cause.
    pub fn connect(&self, closer: &Closer) -> Result<Connection, Failure> {
        let config = self.config.as_ref().map_err(Cause::clone);
        // ureq's own text only adds a prefix to this error.
        let connected = config.and_then(|config| {
            let connected = self.dial(config, closer);
            connected.map_err(|error| Cause::of(&error.into_io()))
        });
        connected.map_err(|cause| Failure::NotSent(cause.at(&self.place)))
    }

    /// The host and port of the service, and of the proxy if one is used. Errors name them.
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
        closer.check()?;
        let resolver = DefaultResolver::default();
        let addrs = match config.proxy() {
            None => resolver.resolve(&self.uri, config, within(Timeout::Resolve))?,
            // The proxy looks up the name.
            Some(_) => resolver.empty(),
        };
        let (ureq, registering) = (Arc::clone(&self.ureq), closer.clone());
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
            register_shutdown: Arc::new(move |socket| registering.open(socket)),
        };
        let transport = run(&self.ureq, &details)?;
        if details.needs_tls() && !transport.is_tls() {
            return Err(Error::TlsRequired);
        }
        Ok(Connection::new(transport, closer.clone()))
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

/// Parses the URL of a proxy. Returns `None` if its scheme is not supported or the URL is
/// invalid.
fn usable(value: &str) -> Option<Proxy> {
    let value = match value.split_once("://") {
        // `socks5h` makes the proxy look up the name: this machine may be unable to do so.
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
