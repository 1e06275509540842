//! Connections alone, for a program that speaks HTTP by itself.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use highchat_proto::failure::Cause;
use highchat_proto::http::{InvalidRoots, Roots};
use highchat_proto::{Endpoint, Failure};
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::Connection;
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use crate::connector::{self, BoxError, Connector, Offer, Transport};

/// Connects as [`Client`](crate::Client) does by default, and no more: for a program that
/// speaks HTTP/1.1 by itself, as a proxy does that holds very many replies. TLS, and a
/// tunnel through the proxy that the environment names, belong to the connection.
#[derive(Clone, Debug)]
pub struct Dialer {
    connector: Connector,
    uri: Uri,
    place: Arc<str>,
    patience: Duration,
}

impl Dialer {
    /// For connections to that service which are there within `patience`.
    ///
    /// # Panics
    ///
    /// Never: the base URL of an endpoint is one.
    #[must_use]
    pub fn new(endpoint: &Endpoint, patience: Duration) -> Self {
        let (connector, place) = connector::default(endpoint, patience, Offer::Http1);
        Self::over(endpoint, patience, connector, place)
    }

    /// As [`new`](Self::new), trusting others than [`Roots::Default`].
    ///
    /// # Errors
    ///
    /// There is nobody to trust.
    ///
    /// # Panics
    ///
    /// Never, as [`new`](Self::new).
    pub fn with_roots(
        endpoint: &Endpoint,
        patience: Duration,
        roots: &Roots,
    ) -> Result<Self, InvalidRoots> {
        let (connector, place) = connector::with_roots(endpoint, patience, Offer::Http1, roots)?;
        Ok(Self::over(endpoint, patience, connector, place))
    }

    /// As [`new`](Self::new), in a way of your own, like that of
    /// [`Client::with_connector`](crate::Client::with_connector): where a proxy is on the
    /// way, by a tunnel.
    ///
    /// # Panics
    ///
    /// Never, as [`new`](Self::new).
    #[must_use]
    pub fn with_connector<C>(endpoint: &Endpoint, patience: Duration, connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send,
    {
        let place = endpoint.authority().into();
        Self::over(endpoint, patience, connector::boxed(connector), place)
    }

    fn over(
        endpoint: &Endpoint,
        patience: Duration,
        connector: Connector,
        place: Arc<str>,
    ) -> Self {
        let uri = endpoint.base_url().parse();
        Self {
            connector,
            uri: uri.expect("the base URL of an endpoint is one"),
            place,
            patience,
        }
    }

    /// A new connection. Nothing but HTTP/1.1 was agreed on, unless a connector of your own
    /// did. Dropping the future gives it up.
    ///
    /// # Errors
    ///
    /// [`Failure::NotSent`].
    pub async fn dial(&self) -> Result<Pipe, Failure> {
        let connecting = self.connector.clone().oneshot(self.uri.clone());
        let connected = timeout(self.patience, connecting).await;
        let connected = connected.unwrap_or_else(|elapsed| Err(elapsed.into()));
        connected
            .map(Pipe)
            .map_err(|error| Failure::NotSent(Cause::of(&*error).at(&self.place)))
    }
}

/// A connection to the service, made by a [`Dialer`]. Dropping it closes it.
pub struct Pipe(Box<dyn Transport>);

impl Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Pipe {
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

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").finish_non_exhaustive()
    }
}
