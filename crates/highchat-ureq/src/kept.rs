//! The connection that a session keeps for its next request.

use highchat_connect::blocking::{Closer, Connection};
use highchat_proto::Config;
use highchat_proto::http::Request;
use highchat_proto::time::Instant;

use crate::exchange::Body;

/// The place for the connection of an exchange that is over, and the time when it ended.
#[derive(Default)]
pub(crate) struct Kept(Option<(Connection, Instant)>);

impl Kept {
    /// Keeps the connection of a body, if it can carry another exchange.
    pub(crate) fn put(&mut self, body: Body, now: Instant) {
        if let Some(connection) = body.into_connection() {
            self.0 = Some((connection, now));
        }
    }

    /// Returns the kept connection, if the request may go out on it. From now on, `closer` closes
    /// it.
    pub(crate) fn take(
        &mut self,
        request: &Request,
        config: &Config,
        closer: &Closer,
        now: Instant,
    ) -> Option<Connection> {
        let (_, since) = self.0.as_ref()?;
        let idle = now.saturating_duration_since(*since);
        if !request.may_reuse_connection(idle, config) {
            return None;
        }
        let (mut connection, _) = self.0.take()?;
        // Bytes that came meanwhile answer no request, and the service may have closed it.
        let is_alive = connection.is_quiet() && connection.set_closer(closer).is_ok();
        is_alive.then_some(connection)
    }

    /// The time at which the kept connection must be closed.
    pub(crate) fn deadline(&self, config: &Config) -> Option<Instant> {
        self.0.as_ref().map(|(_, since)| *since + config.keep_alive)
    }

    /// Closes the kept connection.
    pub(crate) fn close(&mut self) {
        self.0 = None;
    }
}
