//! Connects to Redis.

use std::io;
use std::sync::Arc;

use redis::aio::{AsyncStream, MultiplexedConnection};
use redis::{AsyncConnectionConfig, RedisResult};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::redis_url::Redis;

/// Where Redis is, and how to connect to it.
pub(super) struct Target {
    redis: Redis,
    /// `None` without TLS.
    tls: Option<Arc<ClientConfig>>,
}

/// The work of a connection. It must be polled while the connection is used.
pub(super) type Driver = core::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl Target {
    pub(super) const fn new(redis: Redis, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { redis, tls }
    }

    /// Connects and logs in.
    pub(super) async fn connect(&self) -> RedisResult<(MultiplexedConnection, Driver)> {
        let (host, port) = (self.redis.host.as_str(), self.redis.port);
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return self.log_in(stream).await;
        };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(tls));
        self.log_in(connector.connect(name, stream).await?).await
    }

    async fn log_in(
        &self,
        stream: impl AsyncStream + Send + Unpin + 'static,
    ) -> RedisResult<(MultiplexedConnection, Driver)> {
        // The link bounds each call by the patience. The crate's own bound is 500 ms.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let login = &self.redis.login;
        let opened = MultiplexedConnection::new_with_config(login, stream, config).await;
        let (connection, driver) = opened?;
        Ok((connection, Box::pin(driver)))
    }
}
