//! The proxy as a hyper service.

use core::convert::Infallible;
use core::fmt;
use core::net::IpAddr;
use core::pin::Pin;
use std::sync::Arc;

use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use hyper::service::Service;

use crate::config::{Config, InvalidConfig};
use crate::front::half_close::HalfClose;
use crate::handler::Handler;
use crate::key::{KeyError, KeySource};
use crate::reply::body::Body;

/// The key-hiding proxy as a service: three API endpoints, and also `/healthz` and `/readyz`.
///
/// It is cheap to clone, and all clones share their limits. It spawns no tasks. When a
/// visitor leaves, hyper drops the request or the body of the answer; then the work for this
/// visitor ends. Your server must limit heads and connections, and close the connections
/// of visitors who do not read. [`Server`](crate::Server) does this.
#[derive(Clone)]
pub struct Proxy(Arc<Handler>);

impl Proxy {
    /// Creates a proxy and reads its key.
    ///
    /// # Errors
    ///
    /// The key cannot be read or may not be sent to the base URL, or the certificate
    /// authorities cannot be used.
    pub fn new(config: Config, key: KeySource) -> Result<Self, InvalidConfig> {
        Handler::new(config, key).map(|handler| Self(Arc::new(handler)))
    }

    /// Returns the service for one connection from the address `peer`.
    #[must_use]
    pub fn service(&self, peer: IpAddr) -> PeerService {
        self.service_on(peer, HalfClose::default())
    }

    /// Returns the service for a connection that reports when the visitor closes the writing
    /// side.
    pub(crate) fn service_on(&self, peer: IpAddr, half_close: HalfClose) -> PeerService {
        PeerService {
            proxy: self.clone(),
            peer,
            half_close,
        }
    }

    /// Answers one request from the address `peer`. Dropping the future cancels the request to
    /// the service.
    pub async fn answer<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Body>
    where
        B: hyper::body::Body,
    {
        let answering = HalfClose::default().begin(request.version());
        self.0.answer(peer, request, answering).await
    }

    /// Reads the key again. Later requests use the new key.
    ///
    /// # Errors
    ///
    /// The key cannot be read. The previous key stays in use.
    pub fn reload_key(&self) -> Result<(), KeyError> {
        self.0.reload_key()
    }

    /// Returns the counters in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics()
    }

    /// Stops accepting requests: `/readyz` and every new request are answered with 503. Open
    /// streams go on.
    pub fn drain(&self) {
        self.0.drain.begin();
    }

    /// Ends all open streams with an `error` event.
    pub fn cut(&self) {
        self.0.drain.cut();
    }

    pub(crate) fn handler(&self) -> &Handler {
        &self.0
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}

/// The hyper service for the requests of one connection to a [`Proxy`].
#[derive(Clone, Debug)]
pub struct PeerService {
    proxy: Proxy,
    peer: IpAddr,
    half_close: HalfClose,
}

impl<B> Service<Request<B>> for PeerService
where
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<B>) -> Self::Future {
        let Self { proxy, peer, .. } = self.clone();
        let answering = self.half_close.begin(request.version());
        Box::pin(async move {
            let mut response = proxy.0.answer(peer, request, answering).await;
            if proxy.0.drain.has_begun() {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok(response)
        })
    }
}
