//! The service that hyper is given.

use core::convert::Infallible;
use core::fmt;
use core::net::IpAddr;
use core::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::service::Service;

use crate::config::{Config, InvalidConfig};
use crate::front::half_close::HalfClose;
use crate::handler::Handler;
use crate::key::{KeyError, KeySource};
use crate::reply::body::Body;

/// The key-hiding proxy as a service: three endpoints, `/healthz` and `/readyz`.
///
/// Cheap to clone; all clones share their limits. It spawns nothing: what it does for a
/// visitor ends when hyper drops the request or the body of the answer, which it does when
/// the visitor leaves. The server around it bounds heads and connections, and drops
/// visitors who do not read; [`Server`](crate::Server) does.
#[derive(Clone)]
pub struct Proxy(Arc<Handler>);

impl Proxy {
    /// A proxy with a key, which is read here.
    ///
    /// # Errors
    ///
    /// There is no key, or no service that it may be sent to.
    pub fn new(config: Config, key: KeySource) -> Result<Self, InvalidConfig> {
        Handler::new(config, key).map(|handler| Self(Arc::new(handler)))
    }

    /// The service for one connection, from that address.
    #[must_use]
    pub fn service(&self, peer: IpAddr) -> PeerService {
        self.service_on(peer, HalfClose::default())
    }

    /// The service for a connection that reports the end of its input.
    pub(crate) fn service_on(&self, peer: IpAddr, half_close: HalfClose) -> PeerService {
        PeerService {
            proxy: self.clone(),
            peer,
            half_close,
        }
    }

    /// Answers one request from that address. Dropping it gives up what is asked of the
    /// service.
    pub async fn answer<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Body>
    where
        B: hyper::body::Body,
    {
        let answering = HalfClose::default().begin(request.version());
        self.0.answer(peer, request, answering).await
    }

    /// Reads the key again, for requests from here on.
    ///
    /// # Errors
    ///
    /// The key cannot be read; the one that was read before stays in use.
    pub fn reload_key(&self) -> Result<(), KeyError> {
        self.0.reload_key()
    }

    /// What was counted, in Prometheus' text form.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics()
    }

    /// Begins the end: `/readyz` is 503 and so is every new request; streams go on.
    pub fn drain(&self) {
        self.0.drain.begin();
    }

    /// Ends the streams that are left, each with an `error` event.
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

/// A [`Proxy`] for the requests of one connection.
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
        Box::pin(async move { Ok(proxy.0.answer(peer, request, answering).await) })
    }
}
