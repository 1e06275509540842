//! What the tests of this crate share.
#![allow(dead_code, unused_imports, reason = "no test needs all of it")]

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use futures_core::Stream;
use highchat_hyper::{Client, Failure, Reply};
use highchat_proto::{
    ChatRequest, Config, ConversationId, Credentials, Endpoint, Event, Message, MessagesRequest,
};
pub(crate) use highchat_testing::trials::words::{DONE, HEAD, PING, delta};
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;
use tower::Service;

pub(crate) const KEY: &str = "hc_secret_of_the_tests";

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, Credentials::key(KEY).unwrap()).unwrap()
}

pub(crate) fn message() -> ChatRequest {
    ChatRequest::new(Message::new("Բարև").unwrap())
}

pub(crate) fn conversation() -> ConversationId {
    ConversationId::new("c1").unwrap()
}

pub(crate) fn page() -> MessagesRequest {
    MessagesRequest::new(conversation())
}

/// The events of a reply, in short, and how it ended.
pub(crate) async fn read(reply: &mut Reply) -> (Vec<String>, Result<(), Failure>) {
    let mut events = Vec::new();
    loop {
        match reply.next_event().await {
            Ok(Some(event)) => events.push(short(&event)),
            Ok(None) => return (events, Ok(())),
            Err(failure) => return (events, Err(failure)),
        }
    }
}

pub(crate) fn short(event: &Event<'_>) -> String {
    match event {
        Event::Meta { .. } => "meta".into(),
        Event::Delta { text } => text.to_string(),
        Event::Done { .. } => "done".into(),
        Event::Human { .. } => "human".into(),
        Event::Error { .. } => "error".into(),
        Event::Ping => "ping".into(),
        event => format!("{event:?}"),
    }
}

pub(crate) async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

/// Polls a future once and drops it.
pub(crate) async fn once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// A connector to the other ends of pipes in memory, one a connection; where there are
/// none left it waits for ever.
#[derive(Clone)]
pub(crate) struct Pipes {
    ends: Arc<Mutex<VecDeque<DuplexStream>>>,
    is_h2: bool,
    is_proxied: bool,
}

/// A client with as many pipes, and their other ends.
pub(crate) fn piped<const N: usize>(is_h2: bool, config: Config) -> (Client, [DuplexStream; N]) {
    let pipes = core::array::from_fn::<_, N, _>(|_| tokio::io::duplex(1024));
    let mut ends = VecDeque::new();
    let services = pipes.map(|(client, service)| {
        ends.push_back(client);
        service
    });
    let connector = Pipes {
        ends: Arc::new(Mutex::new(ends)),
        is_h2,
        is_proxied: false,
    };
    let endpoint = endpoint("https://chat.example/prefix");
    (
        Client::with_connector(endpoint, config, connector),
        services,
    )
}

/// A client of a proxy that is reached by one pipe.
pub(crate) fn proxied(base_url: &str) -> (Client, DuplexStream) {
    let (client, service) = tokio::io::duplex(1024);
    let connector = Pipes {
        ends: Arc::new(Mutex::new([client].into())),
        is_h2: false,
        is_proxied: true,
    };
    let credentials = Credentials::slug("demo").unwrap();
    let endpoint = Endpoint::with_insecure_http(base_url, credentials).unwrap();
    (
        Client::with_connector(endpoint, Config::default(), connector),
        service,
    )
}

/// Reads a request with a body, or one without where `len` is 0.
pub(crate) async fn request(service: &mut DuplexStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let len = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= len.map_or(0, |len| len.parse().unwrap()) {
                return text;
            }
        }
        assert_ne!(service.read_buf(&mut request).await.unwrap(), 0, "{text}");
    }
}

/// Answers a request.
pub(crate) async fn answer(service: &mut DuplexStream, bytes: &str) {
    request(service).await;
    service.write_all(bytes.as_bytes()).await.unwrap();
}

/// Whether the client closed its end.
pub(crate) async fn is_closed(service: &mut DuplexStream) -> bool {
    let mut rest = Vec::new();
    let end = timeout(Duration::from_secs(5), service.read_to_end(&mut rest));
    end.await.is_ok()
}

pub(crate) struct Pipe {
    io: TokioIo<DuplexStream>,
    is_h2: bool,
    is_proxied: bool,
}

impl Service<Uri> for Pipes {
    type Response = Pipe;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Pipe>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let end = self.ends.lock().unwrap().pop_front();
        let Self {
            is_h2, is_proxied, ..
        } = *self;
        Box::pin(async move {
            let Some(end) = end else {
                return core::future::pending().await;
            };
            Ok(Pipe {
                io: TokioIo::new(end),
                is_h2,
                is_proxied,
            })
        })
    }
}

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        let connected = Connected::new().proxy(self.is_proxied);
        if self.is_h2 {
            connected.negotiated_h2()
        } else {
            connected
        }
    }
}

impl Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
