//! An open connection, and the requests that go out on it.

use core::task::Context;

use bytes::Bytes;
use highchat_connect::{BoxError, Connector, is_refused};
use highchat_proto::failure::Cause;
use highchat_proto::{Config, Failure};
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::Executor;

use crate::tasks::{Tasks, tasks};

/// The largest number of fields that a head within the limit can have: each line has at least
/// a name, a colon and an end.
const MAX_FIELDS: usize = Config::HEAD_LIMIT / "n:\n".len();
/// The number of bytes that the service may send over HTTP/2 before the client reads them: the
/// default of the standard, some minutes of a reply.
const WINDOW: u32 = 65_535;

/// An open connection. It makes progress only while it, or an answer on it, is polled, and
/// closes when both are dropped.
pub(crate) struct Link {
    sender: Sender,
    tasks: Tasks,
    is_proxied: bool,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Link {
    /// Opens a new connection. hyper sends nothing before the tasks are polled.
    pub(crate) async fn open(connector: &Connector) -> Result<Self, Failure> {
        let io = connector.connect().await?;
        let is_proxied = io.is_proxied();
        let (spawner, tasks) = tasks();
        // The errors of a connection task are ignored, because the answer reports them too.
        let sender = if io.is_http2() {
            let handshake = http2::Builder::new(spawner.clone())
                .max_header_list_size(Config::HEAD_LIMIT as u32)
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .handshake(io);
            let handshake = tasks.drive(handshake).await;
            let (sender, connection) = handshake.map_err(|error| connector.not_sent(&error))?;
            spawner.execute(async { drop(connection.await) });
            Sender::Http2(sender)
        } else {
            let handshake = http1::Builder::new()
                // Two limits: the buffer may exceed its limit by one read, the head may not.
                .max_buf_size(Config::HEAD_LIMIT)
                .max_header_size(Config::HEAD_LIMIT)
                .max_headers(MAX_FIELDS)
                .allow_obsolete_multiline_headers_in_responses(true)
                .handshake(io)
                .await;
            let (sender, connection) = handshake.map_err(|error| connector.not_sent(&error))?;
            spawner.execute(async { drop(connection.await) });
            Sender::Http1(sender)
        };
        Ok(Self {
            sender,
            tasks,
            is_proxied,
        })
    }

    /// Another handle to the same connection, if it can carry several exchanges at a time.
    pub(crate) fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self {
                sender: Sender::Http2(sender.clone()),
                tasks: self.tasks.clone(),
                is_proxied: self.is_proxied,
            }),
        }
    }

    /// Whether the connection is known to be closed.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Makes progress. The connection may turn out to be closed.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) {
        self.tasks.poll(cx);
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<Bytes>,
        connector: &Connector,
    ) -> Result<Response<Incoming>, Failure> {
        let answer = match &mut self.sender {
            Sender::Http1(sender) => {
                let addressed = address(&mut request, self.is_proxied);
                addressed.map_err(|error| connector.not_sent(&*error))?;
                let ready = self.tasks.drive(sender.ready()).await;
                ready.map_err(|error| connector.not_sent(&error))?;
                let answer = sender.try_send_request(request.map(Full::new));
                self.tasks.drive(answer).await
            }
            Sender::Http2(sender) => {
                *request.version_mut() = Version::HTTP_2;
                let ready = self.tasks.drive(sender.ready()).await;
                ready.map_err(|error| connector.not_sent(&error))?;
                let answer = sender.try_send_request(request.map(Full::new));
                self.tasks.drive(answer).await
            }
        };
        answer.map_err(|error| {
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

/// Moves the authority into the `host` header, as HTTP/1.1 requires. The target keeps the
/// whole URL only for a proxy that reads the request.
fn address(request: &mut Request<Bytes>, is_proxied: bool) -> Result<(), BoxError> {
    let uri = request.uri_mut();
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(host)?;
    if !is_proxied || uri.scheme() != Some(&Scheme::HTTP) {
        let target = uri.path_and_query().cloned();
        *uri = target.map_or_else(Uri::default, Uri::from);
    }
    request.headers_mut().insert(HOST, host);
    Ok(())
}
