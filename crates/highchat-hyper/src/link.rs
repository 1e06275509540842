//! An open connection that waits for a request.

use core::task::Context;

use highchat_connect::{Connection, Connector};
use highchat_proto::Failure;

use crate::http2::Http2;

/// An open connection. It makes progress only while it, or an answer on it, is polled, and
/// closes when all of these are dropped.
pub(crate) enum Link {
    /// It carries one exchange at a time.
    Http1(Connection),
    /// It carries several.
    Http2(Http2),
}

impl Link {
    /// Opens a new connection.
    pub(crate) async fn open(connector: &Connector) -> Result<Self, Failure> {
        let connection = connector.connect().await?;
        if connection.is_http2() {
            Ok(Self::Http2(Http2::open(connection, connector).await?))
        } else {
            Ok(Self::Http1(connection))
        }
    }

    /// Another handle to the same connection, if it can carry several exchanges at a time.
    pub(crate) fn share(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(http2) => Some(Self::Http2(http2.clone())),
        }
    }

    /// Makes progress. Returns whether the connection is still open.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::Http1(connection) => connection.is_quiet(cx),
            Self::Http2(http2) => http2.poll(cx),
        }
    }
}
