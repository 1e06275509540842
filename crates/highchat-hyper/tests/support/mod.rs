//! Helpers for the tests of this crate.
#![allow(dead_code, unused_imports, reason = "no test needs all of it")]

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Mutex;

use futures_core::Stream;
use highchat_hyper::{BoxError, Client, Connection, Failure, Reply};
use highchat_proto::{
    ChatRequest, Config, ConversationId, Credentials, Endpoint, Event, Message, MessagesRequest,
};
pub(crate) use highchat_testing::trials::words::{DONE, HEAD, PING, delta};
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

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

/// Reads a reply. Returns its events in short form, and its end.
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

/// Returns a connector to the given in-memory pipes, one for each connection. When none is
/// left, connecting never finishes.
fn connector(
    ends: impl IntoIterator<Item = DuplexStream>,
    is_h2: bool,
    is_proxied: bool,
) -> impl Fn(Uri) -> Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>> {
    let ends = Mutex::new(ends.into_iter().collect::<VecDeque<_>>());
    move |_| {
        let end = ends.lock().unwrap().pop_front();
        Box::pin(async move {
            let Some(end) = end else {
                return core::future::pending().await;
            };
            let mut connection = Connection::new(TokioIo::new(end));
            if is_h2 {
                connection = connection.with_http2();
            }
            if is_proxied {
                connection = connection.with_proxy();
            }
            Ok(connection)
        })
    }
}

/// Returns a client with `N` pipes, and the service's ends of them.
pub(crate) fn piped<const N: usize>(is_h2: bool, config: Config) -> (Client, [DuplexStream; N]) {
    let pipes = core::array::from_fn::<_, N, _>(|_| tokio::io::duplex(1024));
    let mut ends = Vec::new();
    let services = pipes.map(|(client, service)| {
        ends.push(client);
        service
    });
    let endpoint = endpoint("https://chat.example/prefix");
    let connector = connector(ends, is_h2, false);
    let client = Client::with_connector(endpoint, config, connector);
    (client, services)
}

/// Returns a client that connects to a proxy over one pipe, and the proxy's end.
pub(crate) fn proxied(base_url: &str) -> (Client, DuplexStream) {
    let (client, service) = tokio::io::duplex(1024);
    let credentials = Credentials::slug("demo").unwrap();
    let endpoint = Endpoint::with_insecure_http(base_url, credentials).unwrap();
    let connector = connector([client], false, true);
    let client = Client::with_connector(endpoint, Config::default(), connector);
    (client, service)
}

/// Reads a request and its body, if it has one.
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
