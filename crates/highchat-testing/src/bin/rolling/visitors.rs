//! The visitors: with our client, or with a plain reader of the stream.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use highchat_hyper::{Client, Connection, Session};
use highchat_proto::{Config, Credentials, Endpoint, Message};
use highchat_testing::trials::{Outcome, Seen};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{MAX_TURNS, VISITORS, message};

/// The time between the first messages of two visitors.
const STAGGER: Duration = Duration::from_millis(4);
/// How long a message and its reply may take in all: the search for a cut reply takes 20 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// One message of a visitor.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) visitor: usize,
    pub(crate) turn: usize,
    /// The visitor uses our client.
    pub(crate) has_client: bool,
    pub(crate) text: String,
    pub(crate) end: End,
}

/// How a reply ended for its visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    Recovered,
    /// A plain reader knows that the reply is not whole.
    Cut,
    /// The visitor got an error.
    Failed(String),
}

/// Lets all visitors send messages, from the number `turn` on, until `is_over`.
pub(crate) fn talk(port: u16, turn: usize, is_over: &Arc<AtomicBool>) -> Vec<Visit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let mut visitors = JoinSet::new();
        for number in 0..VISITORS {
            visitors.spawn(converse(number, port, turn, Arc::clone(is_over)));
        }
        visitors.join_all().await.into_iter().flatten().collect()
    })
}

async fn converse(visitor: usize, port: u16, first: usize, is_over: Arc<AtomicBool>) -> Vec<Visit> {
    let count = u32::try_from(visitor).expect("a small number");
    sleep(STAGGER * count).await;
    let addr = Address { visitor, port };
    let mut session = (visitor % 5 != 0).then(|| addr.session());
    let mut visits = Vec::new();
    for turn in first..MAX_TURNS {
        let text = message(visitor, turn);
        let has_client = session.is_some();
        let visit = async {
            match &mut session {
                Some(session) => ask(session, &text).await,
                None => addr.read(&text).await,
            }
        };
        let late = || (String::new(), End::Failed("no end in time".into()));
        let (text, end) = timeout(PATIENCE, visit).await.unwrap_or_else(|_| late());
        visits.push(Visit {
            visitor,
            turn,
            has_client,
            text,
            end,
        });
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    visits
}

/// Sends a message with our client.
async fn ask(session: &mut Session, text: &str) -> (String, End) {
    let mut seen = Seen::default();
    let message = Message::new(text).expect("a message");
    session.send(message).expect("no turn is in progress");
    let mut last = String::new();
    while seen.outcome.is_none() {
        let Some(update) = session.next().await else {
            break;
        };
        last = format!("{update:?}");
        seen.note(&update);
    }
    let end = match seen.outcome {
        Some(Outcome::Whole) => End::Whole,
        Some(Outcome::Recovered) => End::Recovered,
        _ => End::Failed(last),
    };
    (seen.text, end)
}

/// The address of a visitor, and the port of nginx.
#[derive(Clone, Copy)]
struct Address {
    visitor: usize,
    port: u16,
}

impl Address {
    /// Connects from an address of the visitor's own.
    async fn connect(self) -> io::Result<TcpStream> {
        let [.., high, low] = self.visitor.to_be_bytes();
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 1, high, low), 0)))?;
        let nginx = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        socket.connect(nginx).await
    }

    fn session(self) -> Session {
        let url = format!("http://127.0.0.1:{}", self.port);
        let endpoint = Endpoint::new(&url, Credentials::none()).expect("this machine");
        let connect = move |_| async move {
            let stream = self.connect().await?;
            Ok(Connection::new(TokioIo::new(stream)))
        };
        Session::new(Client::with_connector(endpoint, Config::default(), connect))
    }

    /// Sends a message, and reads the stream to its end.
    async fn read(self, text: &str) -> (String, End) {
        match self.answer(text).await {
            Ok(received) => judged(&received),
            Err(error) => (String::new(), End::Failed(error.to_string())),
        }
    }

    async fn answer(self, text: &str) -> io::Result<Vec<u8>> {
        let body = serde_json::json!({ "message": text }).to_string();
        let request = format!(
            "POST /v1/chat HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = self.connect().await?;
        stream.write_all(request.as_bytes()).await?;
        let mut received = Vec::new();
        // A reset ends the stream like any other cut.
        while let Ok(1..) = stream.read_buf(&mut received).await {}
        Ok(received)
    }
}

/// What a page without our clients sees: the text of all deltas, and whether an event or the
/// connection says that the reply is not whole.
fn judged(received: &[u8]) -> (String, End) {
    let received = String::from_utf8_lossy(received);
    let Some((head, body)) = received.split_once("\r\n\r\n") else {
        return (String::new(), End::Failed("no answer".into()));
    };
    if !head.starts_with("HTTP/1.1 200 ") {
        return (String::new(), End::Failed(received.into_owned()));
    }
    let (body, is_complete) = joined(body);
    let mut text = String::new();
    let (mut is_done, mut is_error) = (false, false);
    for event in body.split_inclusive("\n\n") {
        // What has no blank line after it was cut.
        let Some(event) = event.strip_suffix("\n\n") else {
            continue;
        };
        if let Some(data) = event.strip_prefix("event: delta\ndata: ") {
            let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
            text.push_str(data["text"].as_str().expect("a text"));
        }
        is_done |= event.starts_with("event: done\n");
        is_error |= event.starts_with("event: error\n");
    }
    let end = match (is_done, is_error || !is_complete) {
        (true, _) => End::Whole,
        (false, true) => End::Cut,
        (false, false) => End::Failed("a torso that looks whole".into()),
    };
    (text, end)
}

/// Joins the chunks of a body, and says whether the last one is there (RFC 9112, section 7.1).
fn joined(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("the size of a chunk");
        if size == 0 {
            return (body, true);
        }
        // Each chunk has whole characters, unless it was cut.
        let Some(chunk) = more.get(..size) else {
            body.push_str(more);
            break;
        };
        body.push_str(chunk);
        rest = more[size..].strip_prefix("\r\n").unwrap_or("");
    }
    (body, false)
}
