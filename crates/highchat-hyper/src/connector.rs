//! The default connector: TCP, through a proxy where the environment names one, and TLS
//! where a feature brings it.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use highchat_proto::endpoint::Endpoint;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower_service::Service;

use crate::dial::Dial;
use crate::watch::BoxError;

#[cfg(feature = "rustls")]
type Inner = hyper_rustls::HttpsConnector<Dial>;
#[cfg(not(feature = "rustls"))]
type Inner = Dial;

/// How a [`Client`](crate::Client) connects unless told otherwise.
///
/// A proxy is taken from the usual environment variables (`HTTPS_PROXY`, `NO_PROXY`, …),
/// but for a service on this machine; it is asked for a tunnel. HTTP/2 is offered to a
/// service that is reached by TLS.
#[derive(Clone)]
pub struct Connector(Result<Inner, String>);

/// A connection of the default connector.
pub struct Transport(<Inner as Service<Uri>>::Response);

impl Connector {
    pub(crate) fn new(endpoint: &Endpoint, timeout: Duration) -> Self {
        let dial = Dial::new(endpoint, timeout);
        #[cfg(feature = "rustls")]
        return Self(with_tls(dial).map_err(|error| error.to_string()));
        #[cfg(not(feature = "rustls"))]
        Self(Ok(dial))
    }
}

#[cfg(feature = "rustls")]
fn with_tls(dial: Dial) -> Result<Inner, BoxError> {
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let provider = rustls::crypto::ring::default_provider();
    #[cfg(feature = "native-roots")]
    let builder = builder.with_provider_and_platform_verifier(provider)?;
    #[cfg(not(feature = "native-roots"))]
    let builder = builder.with_provider_and_webpki_roots(provider)?;
    Ok(builder
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(dial))
}

impl Service<Uri> for Connector {
    type Response = Transport;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Transport, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match &mut self.0 {
            Ok(inner) => inner.poll_ready(cx),
            Err(problem) => Poll::Ready(Err(problem.clone().into())),
        }
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        #[cfg(not(feature = "rustls"))]
        if uri.scheme() != Some(&http::uri::Scheme::HTTP) {
            return Box::pin(async { Err("built without TLS".into()) });
        }
        let connecting = match &mut self.0 {
            Ok(inner) => Ok(inner.call(uri)),
            Err(problem) => Err(problem.clone()),
        };
        Box::pin(async { Ok(Transport(connecting?.await?)) })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connection for Transport {
    fn connected(&self) -> Connected {
        self.0.connected()
    }
}

impl Read for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}
