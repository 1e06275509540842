//! An HTTP/2 connection, and the requests that go out on it.

use core::task::Context;

use bytes::Bytes;
use highchat_connect::{Connection, Connector, is_refused};
use highchat_proto::failure::Cause;
use highchat_proto::{Config, Failure};
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::Executor;

use crate::tasks::{Tasks, tasks};

/// The number of bytes that the service may send before the client reads them: the default of
/// the standard, some minutes of a reply.
const WINDOW: u32 = 65_535;

/// An open connection. Clones share it.
#[derive(Clone)]
pub(crate) struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    tasks: Tasks,
}

impl Http2 {
    pub(crate) async fn open(io: Connection, connector: &Connector) -> Result<Self, Failure> {
        let (spawner, tasks) = tasks();
        let handshake = Builder::new(spawner.clone())
            .max_header_list_size(Config::HEAD_LIMIT as u32)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(io);
        let handshake = tasks.drive(handshake).await;
        let (sender, connection) = handshake.map_err(|error| connector.not_sent(&error))?;
        // The errors of the connection task are ignored, because the answers report them too.
        spawner.execute(async { drop(connection.await) });
        Ok(Self { sender, tasks })
    }

    /// Makes progress. Returns whether the connection is still open.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> bool {
        self.tasks.poll(cx);
        !self.sender.is_closed()
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<Bytes>,
        connector: &Connector,
    ) -> Result<Response<Incoming>, Failure> {
        *request.version_mut() = Version::HTTP_2;
        let ready = self.tasks.drive(self.sender.ready()).await;
        ready.map_err(|error| connector.not_sent(&error))?;
        let answer = self.sender.try_send_request(request.map(Full::new));
        self.tasks.drive(answer).await.map_err(|error| {
            // hyper returns the request only if it wrote nothing of it.
            let was_given_back = error.message().is_some();
            let error = error.into_error();
            if was_given_back || is_refused(&error) {
                connector.not_sent(&error)
            } else {
                Failure::Unanswered(Cause::of(&error))
            }
        })
    }
}
