//! Makes async connections: by default TCP, the proxy that the environment names, and TLS if a
//! feature enables it.

use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

use highchat_proto::failure::Cause;
use highchat_proto::http::{InvalidRoots, Roots};
use highchat_proto::{Endpoint, Failure};
use http::Uri;
use hyper_util::client::proxy::matcher::Intercept;
use tokio::time::timeout;

use crate::connection::{BoxError, Connection};
use crate::dial;
use crate::route::Route;

type Connecting = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

/// Connects to one service. Cheap to clone.
///
/// Spawns no task. Names are looked up on tokio's blocking threads, as tokio itself does.
/// Needs a tokio runtime with I/O and time enabled.
#[derive(Clone)]
pub struct Connector {
    connect: Arc<dyn Fn(Uri) -> Connecting + Send + Sync>,
    uri: Uri,
    /// The host and port that errors name, with the proxy if one is used.
    place: Arc<str>,
    timeout: Duration,
}

/// The HTTP versions that the client offers in the TLS handshake (ALPN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offer {
    /// HTTP/1.1 only: the handshake offers no protocol.
    Http1,
    /// HTTP/2 and HTTP/1.1.
    Http1And2,
}

impl Connector {
    /// Creates a connector to the service of `endpoint`. A connection attempt is given up
    /// after `timeout`. If the default certificates cannot be used, each connection fails with
    /// that reason.
    #[must_use]
    pub fn new(endpoint: &Endpoint, timeout: Duration, offer: Offer) -> Self {
        Self::with_roots(endpoint, timeout, offer, &Roots::Default).unwrap_or_else(|error| {
            let refuse = move |_| core::future::ready(Err(error.clone().into()));
            Self::from_fn(endpoint, timeout, refuse)
        })
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
        offer: Offer,
        roots: &Roots,
    ) -> Result<Self, InvalidRoots> {
        let route = Route::to(endpoint, |url| dial::usable(url, endpoint));
        let place = route.place(endpoint, dial::at);
        let connect = connect(endpoint, route, timeout, offer, roots)?;
        Ok(Self::over(endpoint, place, timeout, connect))
    }

    /// Creates a connector that calls `connect` for each connection, with the base URL of the
    /// service. Only the scheme and the authority of the URL matter. `connect` is responsible
    /// for TLS and proxies. Any error that it returns means that nothing was sent.
    #[must_use]
    pub fn from_fn<F, C>(endpoint: &Endpoint, timeout: Duration, connect: C) -> Self
    where
        C: Fn(Uri) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Connection, BoxError>> + Send + 'static,
    {
        let connect = Arc::new(move |uri| Box::pin(connect(uri)) as Connecting);
        Self::over(endpoint, endpoint.authority(), timeout, connect)
    }

    fn over(
        endpoint: &Endpoint,
        place: String,
        timeout: Duration,
        connect: Arc<dyn Fn(Uri) -> Connecting + Send + Sync>,
    ) -> Self {
        let uri = endpoint.base_url().parse();
        Self {
            connect,
            uri: uri.expect("the base URL of an endpoint is one"),
            place: place.into(),
            timeout,
        }
    }

    /// Opens a new connection. Dropping the future gives it up.
    ///
    /// # Errors
    ///
    /// [`Failure::NotSent`], with the [place](Self::place) and the cause.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let connected = timeout(self.timeout, (self.connect)(self.uri.clone())).await;
        let connected = connected.unwrap_or_else(|elapsed| Err(elapsed.into()));
        connected.map_err(|error| self.not_sent(&*error))
    }

    /// The host and port of the service, and of the proxy if one is used. Errors name them.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns a [`Failure::NotSent`] with the [place](Self::place) and the cause.
    #[must_use]
    pub fn not_sent(&self, error: &(dyn Error + 'static)) -> Failure {
        Failure::NotSent(Cause::of(error).at(&self.place))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "rustls")]
fn connect(
    endpoint: &Endpoint,
    route: Route<Intercept>,
    timeout: Duration,
    offer: Offer,
    roots: &Roots,
) -> Result<Arc<dyn Fn(Uri) -> Connecting + Send + Sync>, InvalidRoots> {
    use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
    use hyper_util::client::legacy::connect::Connection as _;
    use tower::ServiceExt;

    // A service without TLS needs no certificates, so none are read.
    let roots = if endpoint.is_tls() {
        roots
    } else {
        &Roots::Mozilla
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(crate::tls::config(roots)?);
    let builder = builder.https_or_http();
    let http = dial::http(timeout);
    let dial = tower::service_fn(move |uri| dial::dial(http.clone(), route.clone(), uri));
    let connector = match offer {
        Offer::Http1 => builder.enable_http1().wrap_connector(dial),
        Offer::Http1And2 => builder.enable_all_versions().wrap_connector(dial),
    };
    Ok(Arc::new(move |uri| {
        let connecting = connector.clone().oneshot(uri);
        Box::pin(async {
            let io = connecting.await?;
            let is_http2 = io.connected().is_negotiated_h2();
            // Unwrapped, so that a connection without TLS saves the space of TLS, over 1 KiB.
            let connection = match io {
                MaybeHttpsStream::Http(io) => Connection::new(io),
                io @ MaybeHttpsStream::Https(_) => Connection::new(io),
            };
            Ok(if is_http2 {
                connection.with_http2()
            } else {
                connection
            })
        })
    }))
}

/// Ignores the offer, and rejects roots that the program names: this build has no TLS.
#[cfg(not(feature = "rustls"))]
fn connect(
    endpoint: &Endpoint,
    route: Route<Intercept>,
    timeout: Duration,
    _: Offer,
    roots: &Roots,
) -> Result<Arc<dyn Fn(Uri) -> Connecting + Send + Sync>, InvalidRoots> {
    if endpoint.is_tls() && *roots != Roots::Default {
        return Err(InvalidRoots::NotBuilt);
    }
    let http = dial::http(timeout);
    Ok(Arc::new(move |uri| {
        let dialing = dial::dial(http.clone(), route.clone(), uri);
        Box::pin(async { Ok(Connection::new(dialing.await?)) })
    }))
}
